/**
 * What every backend of the journal port must do, whatever it writes to. A backend is described by how it is opened and how it is
 * made to fail; the features below know nothing else of it.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BlockContent, Journal, JournalErrorKind, JournalReader } from "../../src/journal/journal.js";
import { blockOf, readAll, shapeOf } from "../journal/journal-run.js";

export interface OpenJournal {
  readonly journal: Journal;
  readonly reader: JournalReader;
}

export interface JournalBackend {
  /** Opens the journal on what earlier ones stored, whether or not they were closed. */
  open(): Promise<OpenJournal>;
  /** Makes the next append of the journal in use fail so. */
  failNext(kind: "failed" | "unknown"): Promise<void>;
  remove(): Promise<void>;
}

export function describeJournalContract(name: string, make: () => Promise<JournalBackend>): void {
  describe(name, () => {
    let backend: JournalBackend;
    let opened: OpenJournal;

    beforeEach(async () => {
      backend = await make();
      opened = await backend.open();
    });
    afterEach(async () => {
      await opened.journal.close();
      await backend.remove();
    });

    const reopen = async () => {
      opened = await backend.open();
    };
    const stored = async () => (await readAll(opened.reader)).map(shapeOf);

    describeReading(() => opened, reopen, stored);
    describeRefusals(() => opened, reopen, stored);
    describeFailures(
      () => opened,
      () => backend,
      reopen,
      stored,
    );
    describeLifetime(() => opened, reopen, stored);
  });
}

type Opened = () => OpenJournal;
type Reopen = () => Promise<void>;
type Stored = () => Promise<string[]>;

function describeReading(opened: Opened, reopen: Reopen, stored: Stored): void {
  test("a new journal has no head and no block", async () => {
    expect(opened().journal.head).toBeUndefined();
    expect(await stored()).toEqual([]);
  });

  test("blocks are numbered from 1 without a gap, and the head is the last", async () => {
    const positions = [];
    for (let sequence = 1; sequence <= 5; sequence++) positions.push(await opened().journal.append(blockOf(sequence)));
    expect(positions.map(({ block }) => block)).toEqual([1, 2, 3, 4, 5]);
    expect(opened().journal.head).toEqual(positions[4]);
  });

  test("what is read is what was appended, in order, where the append said it stands", async () => {
    const contents = [blockOf(1, 0), blockOf(2, 1), blockOf(3, 500), blockOf(4, 9000), blockOf(5, 70_000), blockOf(6)];
    const positions = [];
    for (const content of contents) positions.push(await opened().journal.append(content));
    const blocks = await readAll(opened().reader);
    expect(blocks.map(shapeOf)).toEqual(contents.map(shapeOf));
    expect(blocks.map(({ position }) => position)).toEqual(positions);
  });

  test("reading goes on after any block, and ends with the head", async () => {
    const positions = [];
    for (let sequence = 1; sequence <= 4; sequence++) positions.push(await opened().journal.append(blockOf(sequence)));
    for (const [index, position] of positions.entries()) {
      const numbers = [];
      for await (const block of opened().reader.read(position)) numbers.push(block.position.block);
      expect(numbers).toEqual([1, 2, 3, 4].slice(index + 1));
    }
  });

  test("reading after a block that the journal does not have is refused", async () => {
    const first = await opened().journal.append(blockOf(1));
    await opened().journal.append(blockOf(2));
    for (const strange of [
      { ...first, hash: "ab".repeat(16) },
      { ...opened().journal.head!, hash: "ab".repeat(16) },
    ]) {
      const reading = opened().reader.read(strange)[Symbol.asyncIterator]();
      await expect(reading.next()).rejects.toMatchObject({ kind: "damaged", block: strange.block });
    }
  });

  test("a reader gives the blocks up to the head of the moment when it began", async () => {
    await opened().journal.append(blockOf(1));
    const numbers = [];
    for await (const block of opened().reader.read(undefined)) {
      numbers.push(block.position.block);
      await opened().journal.append(blockOf(block.position.block + 1));
    }
    expect(numbers).toEqual([1]);
    expect(await stored()).toHaveLength(2);
  });

  test("the bytes of an appended body belong to the caller again", async () => {
    const content = blockOf(1, 300);
    const before = shapeOf(content);
    await opened().journal.append(content);
    content.body.fill(0);
    expect(await stored()).toEqual([before]);
  });

  test("a block carries many partitions, each with its own sequence and epoch", async () => {
    const contents: BlockContent[] = [
      {
        body: blockOf(1).body,
        recordCount: 6,
        spans: [span(0, 1, 1, 3), span(4_000_000_000, 9, 1, 1), span(5, 2, 1, 2)],
      },
      { body: blockOf(2).body, recordCount: 4, spans: [span(5, 2, 3, 3), span(0, 1, 4, 6)] },
      { body: blockOf(3).body, recordCount: 1, spans: [span(0, 2, 7, 2 ** 40)] },
    ];
    for (const content of contents) await opened().journal.append(content);
    expect(await stored()).toEqual(contents.map(shapeOf));
    await opened().journal.close();
    await reopen();
    expect(await stored()).toEqual(contents.map(shapeOf));
  });
}

function describeRefusals(opened: Opened, reopen: Reopen, stored: Stored): void {
  const wrong: readonly { title: string; spans: BlockContent["spans"]; kind: JournalErrorKind }[] = [
    { title: "a gap in a partition's sequence", spans: [span(7, 1, 4, 4)], kind: "failed" },
    { title: "a repeat in a partition's sequence", spans: [span(7, 1, 2, 2)], kind: "failed" },
    { title: "a span that runs backwards", spans: [span(7, 1, 3, 2)], kind: "failed" },
    { title: "a repeat within one block", spans: [span(7, 1, 3, 3), span(7, 1, 3, 3)], kind: "failed" },
    { title: "a gap in the second span of a block", spans: [span(8, 1, 1, 1), span(7, 1, 5, 5)], kind: "failed" },
    { title: "an older epoch", spans: [span(7, 0, 3, 3)], kind: "fenced" },
  ];

  test.each(wrong)("$title is refused, writes nothing, and ends the journal", async ({ spans, kind }) => {
    await opened().journal.append(blockOf(1));
    await opened().journal.append(blockOf(2));
    const refused = opened().journal.append({ body: new Uint8Array(10), recordCount: 1, spans });
    await expect(refused).rejects.toMatchObject({ name: "JournalError", kind });
    await expect(opened().journal.append(blockOf(3))).rejects.toMatchObject({ name: "JournalError", kind: "failed" });
    expect(opened().journal.head?.block).toBe(2);
    await opened().journal.close();
    await reopen();
    expect(await stored()).toEqual([blockOf(1), blockOf(2)].map(shapeOf));
    expect((await opened().journal.append(blockOf(3))).block).toBe(3);
  });

  test("a partition of a new journal begins at 1", async () => {
    await expect(opened().journal.append(blockOf(2))).rejects.toMatchObject({ kind: "failed" });
  });

  test.each(wrong)("$title is refused after opening again too", async ({ spans, kind }) => {
    await opened().journal.append(blockOf(1));
    await opened().journal.append(blockOf(2));
    await opened().journal.close();
    await reopen();
    const refused = opened().journal.append({ body: new Uint8Array(10), recordCount: 1, spans });
    await expect(refused).rejects.toMatchObject({ name: "JournalError", kind });
  });

  test("a second append while one is under way throws, and harms the first in nothing", async () => {
    const first = opened().journal.append(blockOf(1));
    await expect(opened().journal.append(blockOf(2))).rejects.toThrow("one append at a time");
    expect((await first).block).toBe(1);
    expect((await opened().journal.append(blockOf(2))).block).toBe(2);
    expect(await stored()).toEqual([blockOf(1), blockOf(2)].map(shapeOf));
  });
}

function describeFailures(opened: Opened, backend: () => JournalBackend, reopen: Reopen, stored: Stored): void {
  test.each(["failed", "unknown"] as const)("an append that fails as %s ends the journal", async (kind) => {
    await opened().journal.append(blockOf(1));
    await backend().failNext(kind);
    await expect(opened().journal.append(blockOf(2, 5000))).rejects.toMatchObject({ name: "JournalError", kind });
    expect(opened().journal.head?.block).toBe(1);
    for (let again = 0; again < 2; again++) {
      await expect(opened().journal.append(blockOf(2, 5000))).rejects.toMatchObject({ kind: "failed" });
    }
  });

  test("an append that failed left nothing; one of unknown outcome is wholly there or wholly not", async () => {
    for (const kind of ["failed", "unknown"] as const) {
      const next = (opened().journal.head?.block ?? 0) + 1;
      await opened().journal.append(blockOf(next));
      const before = await stored();
      await backend().failNext(kind);
      const content = blockOf(next + 1, 5000);
      await expect(opened().journal.append(content)).rejects.toMatchObject({ kind });
      await opened().journal.close();
      await reopen();
      const outcomes = kind === "failed" ? [before] : [before, [...before, shapeOf(content)]];
      expect(outcomes).toContainEqual(await stored());
    }
  });
}

function describeLifetime(opened: Opened, reopen: Reopen, stored: Stored): void {
  test("what was appended is there after closing and opening, and the journal goes on", async () => {
    const contents = [];
    for (let round = 0; round < 4; round++) {
      for (let append = 0; append < 3; append++) {
        const content = blockOf(contents.length + 1, 700 * contents.length);
        contents.push(content);
        expect((await opened().journal.append(content)).block).toBe(contents.length);
      }
      const { head } = opened().journal;
      await opened().journal.close();
      await reopen();
      expect(opened().journal.head).toEqual(head);
      expect(await stored()).toEqual(contents.map(shapeOf));
    }
  });

  test("what was acknowledged is there when nobody closed the journal", async () => {
    await opened().journal.append(blockOf(1));
    await opened().journal.append(blockOf(2, 3000));
    await reopen();
    expect(await stored()).toEqual([blockOf(1), blockOf(2, 3000)].map(shapeOf));
  });

  test("closing waits for the append under way", async () => {
    const appending = opened().journal.append(blockOf(1));
    await opened().journal.close();
    expect((await appending).block).toBe(1);
    await reopen();
    expect(await stored()).toEqual([shapeOf(blockOf(1))]);
  });

  test("once closed it refuses everything but another close", async () => {
    await opened().journal.append(blockOf(1));
    const closing = opened().journal.close();
    await expect(opened().journal.append(blockOf(2))).rejects.toMatchObject({ kind: "failed" });
    await closing;
    await expect(opened().journal.append(blockOf(2))).rejects.toMatchObject({ kind: "failed" });
    await expect(opened().journal.witness()).rejects.toMatchObject({ kind: "failed" });
    await expect(opened().journal.space()).rejects.toMatchObject({ kind: "failed" });
    await expect(readAll(opened().reader)).rejects.toMatchObject({ kind: "failed" });
    await opened().journal.close();
  });

  test("it says what room there is, and takes a word of what is durable at any time", async () => {
    await opened().journal.witness();
    await opened().journal.append(blockOf(1));
    await Promise.all([opened().journal.witness(), opened().journal.witness()]);
    const { freeBytes, segmentBytes } = await opened().journal.space();
    expect(freeBytes).toBeGreaterThan(0);
    expect(segmentBytes).toBeGreaterThanOrEqual(0);
  });
}

function span(partition: number, epoch: number, firstSequence: number, lastSequence: number) {
  return { partition, epoch, firstSequence, lastSequence };
}
