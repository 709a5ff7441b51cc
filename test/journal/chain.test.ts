/** Blocks that are valid in themselves and wrong where they stand. They are forged: the journal does not write such. */
import { describe, expect, test } from "vitest";
import { blockBytes, encodeBlock } from "../../src/journal/block.js";
import type { BlockContent, BlockPosition } from "../../src/journal/journal.js";
import { blockOf, fillJournal, openRun, readAll, SEGMENT_1, shapeOf, verifyAll, WITNESS } from "./journal-run.js";
import { MemoryDisk } from "./memory-disk.js";

const OPTIONS = { segmentBytes: 8192 };
const SALT_AT = 24;

interface Forgery {
  readonly content: BlockContent;
  readonly block?: number;
  readonly salt?: Buffer;
  readonly segment?: number;
  /** Bytes between the last block and this one. */
  readonly gapBytes?: number;
}

/** A journal of two blocks that was not stopped, and behind them a block that was never appended. */
async function journalWith(forgery: Forgery): Promise<{ disk: MemoryDisk; offset: number }> {
  const disk = new MemoryDisk();
  const { journal, reader } = await openRun(disk, OPTIONS);
  await journal.append(blockOf(1));
  await journal.append(blockOf(2));
  await journal.witness();
  const last = (await readAll(reader)).at(-1)!.position;
  disk.stop();
  const forged = disk.copy();
  return { disk: forged, offset: forge(forged, last, forgery) };
}

function forge(disk: MemoryDisk, last: BlockPosition, forgery: Forgery): number {
  const bytes = disk.bytesOf(SEGMENT_1);
  const offset = last.endOffset + (forgery.gapBytes ?? 0);
  const into = Buffer.alloc(blockBytes(forgery.content));
  encodeBlock(into, forgery.content, {
    segment: forgery.segment ?? 1,
    salt: forgery.salt ?? bytes.subarray(SALT_AT, SALT_AT + 16),
    block: forgery.block ?? last.block + 1,
    previousHash: Buffer.from(last.hash, "hex"),
  });
  into.copy(bytes, offset);
  disk.put(SEGMENT_1, bytes);
  return offset;
}

function span(partition: number, epoch: number, firstSequence: number, lastSequence: number): BlockContent {
  return { ...blockOf(3), spans: [{ partition, epoch, firstSequence, lastSequence }] };
}

test("the forger's work is good: a right block is taken", async () => {
  const { disk } = await journalWith({ content: blockOf(3) });
  expect((await verifyAll(disk)).blocks).toHaveLength(3);
  expect((await openRun(disk, OPTIONS)).report).toMatchObject({ block: 3, cutBytes: 0 });
});

describe("a valid block is damage", () => {
  const forgeries: readonly (Forgery & { title: string })[] = [
    { title: "with a gap in a partition's sequence", content: span(7, 1, 4, 4) },
    { title: "with a repeat in a partition's sequence", content: span(7, 1, 2, 3) },
    { title: "with a sequence that runs backwards", content: span(7, 1, 3, 2) },
    { title: "of an older epoch", content: span(7, 0, 3, 3) },
    { title: "with the number of the block before", content: blockOf(3), block: 2 },
    { title: "with a number too high", content: blockOf(3), block: 4 },
    { title: "behind a place where one is missing", content: blockOf(3), gapBytes: 512 },
  ];

  test.each(forgeries)("$title", async (forgery) => {
    const { disk, offset } = await journalWith(forgery);
    const where = { kind: "damaged", file: SEGMENT_1, offset: forgery.gapBytes === undefined ? offset : offset - 512 };
    await expect(verifyAll(disk)).rejects.toMatchObject(where);
    await expect(openRun(disk, OPTIONS)).rejects.toMatchObject(where);
  });

  test("where a partition does not begin at 1, once all is read", async () => {
    const { disk, offset } = await journalWith({ content: span(8, 1, 5, 5) });
    await expect(verifyAll(disk)).rejects.toMatchObject({ kind: "damaged", file: SEGMENT_1, offset });
  });
});

describe("a block that was not written to this segment is no block, and cut like any torn write", () => {
  const forgeries: readonly (Forgery & { title: string })[] = [
    { title: "with the salt of another file", content: blockOf(3), salt: Buffer.alloc(16, 9) },
    { title: "later on, with the salt of another file", content: blockOf(4), block: 4, salt: Buffer.alloc(16, 9) },
    { title: "with the number of another segment", content: blockOf(3), segment: 2 },
  ];

  test.each(forgeries)("$title", async (forgery) => {
    const { disk } = await journalWith(forgery);
    expect((await verifyAll(disk)).tornBytes).toBeGreaterThan(0);
    const { reader, report } = await openRun(disk, OPTIONS);
    expect(report.cutBytes).toBeGreaterThan(0);
    expect((await readAll(reader)).map(shapeOf)).toEqual([blockOf(1), blockOf(2)].map(shapeOf));
    expect((await verifyAll(disk)).tornBytes).toBe(0);
  });
});

describe("the word of a clean stop", () => {
  test("does not keep bytes behind the last block, which are cut", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 2, 100, OPTIONS);
    const { blocks } = await verifyAll(disk);
    disk.flip(SEGMENT_1, blocks[1]!.position.endOffset * 8);
    expect((await openRun(disk.copy(), OPTIONS)).report.cutBytes).toBe(1);
  });

  test("says nothing of what came after the block that it names", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 1, 100, OPTIONS);
    await fillJournal(disk, 1, 100, OPTIONS);
    const older = disk.bytesOf(WITNESS);
    await fillJournal(disk, 4, 100, OPTIONS);
    const { blocks } = await verifyAll(disk);
    const { offset, endOffset } = blocks[4]!.position;
    disk.put(WITNESS, older);
    disk.put(SEGMENT_1, disk.bytesOf(SEGMENT_1).fill(0, offset, endOffset));
    await expect(openRun(disk, OPTIONS)).rejects.toMatchObject({ kind: "damaged", offset, block: 5 });
  });
});
