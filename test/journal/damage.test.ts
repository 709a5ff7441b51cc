/** Bytes that are not what was written, in places that WITNESS vouches for: found, named with file and offset, never served (decision 2). */
import { describe, expect, test } from "vitest";
import { JournalError, type StoredBlock } from "../../src/journal/journal.js";
import {
  blockOf,
  FOLDER,
  FORMAT,
  fillJournal,
  openRun,
  readAll,
  SEGMENT_1,
  SEGMENT_2,
  shapeOf,
  verifyAll,
  WITNESS,
} from "./journal-run.js";
import { MemoryDisk } from "./memory-disk.js";
import { chosenSeed, SeededRandom } from "./seeded-random.js";

const OPTIONS = { segmentBytes: 4096 };
const SLOT_BYTES = 64;
const SLOTS = [0, 4096];

/** Nine blocks in three segments, stopped cleanly. */
async function journalOnDisk(saltSeed = 1): Promise<{ disk: MemoryDisk; blocks: StoredBlock[] }> {
  const disk = new MemoryDisk();
  await fillJournal(disk, 9, 700, { ...OPTIONS, saltSeed });
  const { blocks } = await verifyAll(disk);
  expect(blocks.map(({ position }) => position.segment)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  return { disk, blocks };
}

/** The damage that verifying names. */
async function damageFound(disk: MemoryDisk): Promise<JournalError> {
  const before = disk.fingerprint();
  const error = await verifyAll(disk).then(
    () => undefined,
    (cause) => cause,
  );
  expect(error).toBeInstanceOf(JournalError);
  expect(disk.fingerprint()).toEqual(before);
  expect(disk.openFiles).toBe(0);
  return error as JournalError;
}

/** The damage that is met in service: at opening, or when all is read. Undefined where every block comes back as it was. */
async function damageServed(disk: MemoryDisk, blocks: readonly StoredBlock[]): Promise<JournalError | undefined> {
  const copy = disk.copy();
  try {
    const { journal, reader } = await openRun(copy, OPTIONS);
    try {
      expect((await readAll(reader)).map(shapeOf)).toEqual(blocks.map(shapeOf));
    } finally {
      await journal.close();
    }
    return undefined;
  } catch (cause) {
    if (!(cause instanceof JournalError)) throw cause;
    return cause;
  } finally {
    expect(copy.openFiles).toBe(0);
  }
}

function segmentPath(number: number): string {
  return `${FOLDER}/segments/0000000${number}.seg`;
}

describe("a flipped bit", () => {
  const seed = chosenSeed();

  test(`in a witnessed block is named with its file and block (HOLDFAST_TEST_SEED=${seed})`, async () => {
    const { disk, blocks } = await journalOnDisk();
    const random = new SeededRandom(seed);
    for (const { position } of blocks) {
      const { segment, offset, endOffset, block } = position;
      // Every field of the header, the trailer and its edges, and samples of the rest.
      const bits = [0, 4, 6, 8, 12, 16, 24, 28, 32, 48, 64, 68, 92].map((byte) => byte * 8 + random.below(8));
      const trailer = 68 + 24 + 700;
      bits.push(trailer * 8, (trailer + 16) * 8 + 3, (trailer + 20) * 8, (endOffset - offset) * 8 - 1);
      for (let sample = 0; sample < 40; sample++) bits.push(random.below((endOffset - offset) * 8));
      for (const bit of bits) {
        const damaged = disk.copy();
        damaged.flip(segmentPath(segment), offset * 8 + bit);
        const where = { kind: "damaged", file: segmentPath(segment), offset, block };
        expect(await damageFound(damaged), `bit ${bit} of block ${block}`).toMatchObject(where);
        expect(await damageServed(damaged, blocks), `bit ${bit} of block ${block}`).toMatchObject(where);
      }
    }
  });

  test("in a segment's header is named with its file, whichever bit", async () => {
    const { disk, blocks } = await journalOnDisk();
    for (const segment of [1, 2, 3]) {
      for (let bit = 0; bit < 512 * 8; bit += bit < 44 * 8 ? 1 : 67) {
        const damaged = disk.copy();
        damaged.flip(segmentPath(segment), bit);
        const where = { kind: "damaged", file: segmentPath(segment) };
        expect(await damageFound(damaged), `bit ${bit} of segment ${segment}`).toMatchObject(where);
        expect(await damageServed(damaged, blocks), `bit ${bit} of segment ${segment}`).toMatchObject(where);
      }
    }
  });

  test("in FORMAT is named, whichever bit", async () => {
    const { disk, blocks } = await journalOnDisk();
    for (let bit = 0; bit < 32 * 8; bit++) {
      const damaged = disk.copy();
      damaged.flip(FORMAT, bit);
      expect(await damageFound(damaged)).toMatchObject({ kind: "damaged", file: FORMAT, offset: 0 });
      expect(await damageServed(damaged, blocks)).toMatchObject({ kind: "damaged", file: FORMAT });
    }
  });

  test("in one slot of WITNESS leaves the other to tell, in both it is named", async () => {
    const { disk, blocks } = await journalOnDisk();
    for (let bit = 0; bit < SLOT_BYTES * 8; bit++) {
      const both = disk.copy();
      for (const slot of SLOTS) {
        const one = disk.copy();
        one.flip(WITNESS, slot * 8 + bit);
        expect((await verifyAll(one)).blocks.map(shapeOf)).toEqual(blocks.map(shapeOf));
        expect(await damageServed(one, blocks)).toBeUndefined();
        both.flip(WITNESS, slot * 8 + bit);
      }
      expect(await damageFound(both)).toMatchObject({ kind: "damaged", file: WITNESS });
      expect(await damageServed(both, blocks)).toMatchObject({ kind: "damaged", file: WITNESS });
    }
  });

  test("after the last block of a segment is named when verified, and never makes a wrong block", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 3, 1500, OPTIONS);
    const { blocks } = await verifyAll(disk);
    for (const { position } of blocks) {
      const { segment, endOffset } = position;
      const file = segmentPath(segment);
      for (const byte of [endOffset + 100, endOffset + 600, 4095]) {
        const damaged = disk.copy();
        damaged.flip(file, byte * 8 + 5);
        expect(await damageFound(damaged), `byte ${byte} of segment ${segment}`).toMatchObject({
          kind: "damaged",
          file,
        });
        const served = await damageServed(damaged, blocks);
        if (served !== undefined) expect(served).toMatchObject({ kind: "damaged", file });
      }
    }
  });

  test("in free space of several segments is cut from all of them when the journal was not stopped", async () => {
    const disk = new MemoryDisk();
    const { journal } = await openRun(disk, { segmentBytes: 8192 });
    for (let block = 1; block <= 5; block++) await journal.append(blockOf(block, 900));
    disk.stop();
    const damaged = disk.copy();
    for (const path of [SEGMENT_1, SEGMENT_2]) damaged.flip(path, 7000 * 8);
    expect((await openRun(damaged, { segmentBytes: 8192 })).report).toMatchObject({ block: 5 });
    const segments = (of: MemoryDisk) => of.fingerprint().filter((file) => file.includes("/segments/"));
    expect(segments(damaged)).toEqual(segments(disk));
  });
});

describe("a block before WITNESS", () => {
  test("that is gone, zeros in its place, is named, be it the first, one in the middle, or the last", async () => {
    const { disk, blocks } = await journalOnDisk();
    for (const { position } of blocks) {
      const { segment, offset, endOffset, block } = position;
      const damaged = disk.copy();
      const bytes = damaged.bytesOf(segmentPath(segment));
      damaged.put(segmentPath(segment), bytes.fill(0, offset, endOffset));
      const found = await damageFound(damaged);
      expect(found).toMatchObject({ kind: "damaged", block });
      expect(found.file).toMatch(/seg$/);
      expect(await damageServed(damaged, blocks)).toMatchObject({ kind: "damaged", block });
    }
  });

  test("that stands twice, or in another's place, is named", async () => {
    const { disk, blocks } = await journalOnDisk();
    const [first, second] = blocks.map(({ position }) => position);
    const bytes = disk.bytesOf(SEGMENT_1);
    const copied = Buffer.from(bytes);
    bytes.copy(copied, second!.offset, first!.offset, first!.endOffset);
    const damaged = disk.copy();
    damaged.put(SEGMENT_1, copied);
    expect(await damageFound(damaged)).toMatchObject({ kind: "damaged", file: SEGMENT_1, offset: second!.offset });
    expect(await damageServed(damaged, blocks)).toMatchObject({ kind: "damaged", file: SEGMENT_1 });
  });
});

describe("damage that WITNESS does not vouch for", () => {
  /** Blocks 1 and 2 are witnessed, 3 to 5 are not. */
  async function unwitnessed() {
    const disk = new MemoryDisk();
    const { journal } = await openRun(disk, OPTIONS);
    for (let block = 1; block <= 5; block++) {
      await journal.append(blockOf(block, 300));
      if (block === 2) await journal.witness();
    }
    disk.stop();
    const { blocks } = await verifyAll(disk.copy());
    return { disk, positions: blocks.map(({ position }) => position) };
  }

  test("is named where a later block proves that the damaged one was durable", async () => {
    for (const block of [3, 4]) {
      const { disk, positions } = await unwitnessed();
      const { offset } = positions[block - 1]!;
      for (const bit of [5, 100 * 8, 400 * 8]) {
        const damaged = disk.copy();
        damaged.flip(SEGMENT_1, offset * 8 + bit);
        await expect(openRun(damaged, OPTIONS)).rejects.toMatchObject({
          kind: "damaged",
          file: SEGMENT_1,
          offset,
          block,
        });
        expect(await damageFound(damaged)).toMatchObject({ kind: "damaged", file: SEGMENT_1, offset, block });
      }
    }
  });

  test("is named where the later block is torn and only its header is whole", async () => {
    const { disk, positions } = await unwitnessed();
    const { offset } = positions[3]!;
    const damaged = disk.copy();
    damaged.flip(SEGMENT_1, (offset + 90) * 8);
    damaged.flip(SEGMENT_1, (positions[4]!.offset + 90) * 8);
    expect(await damageFound(damaged)).toMatchObject({ kind: "damaged", file: SEGMENT_1, offset, block: 4 });
    await expect(openRun(damaged, OPTIONS)).rejects.toMatchObject({ kind: "damaged", block: 4 });
  });

  test("of the very last block cannot be told from a torn write: it is cut, and reported", async () => {
    const { disk, positions } = await unwitnessed();
    const damaged = disk.copy();
    damaged.flip(SEGMENT_1, (positions[4]!.offset + 90) * 8);
    expect((await verifyAll(damaged)).tornBytes).toBeGreaterThan(400);
    const { reader, report } = await openRun(damaged, OPTIONS);
    expect(report.cutBytes).toBeGreaterThan(400);
    expect(await readAll(reader)).toHaveLength(4);
  });
});

describe("a segment", () => {
  test.each([0, 1, 43, 44, 511, 512, 600, 4095])("cut short to %i bytes is named, whichever it is", async (length) => {
    const { disk, blocks } = await journalOnDisk();
    for (const segment of [1, 2, 3]) {
      const damaged = disk.copy();
      damaged.put(segmentPath(segment), damaged.bytesOf(segmentPath(segment)).subarray(0, length));
      const where = { kind: "damaged", file: segmentPath(segment), offset: length };
      expect(await damageFound(damaged)).toMatchObject(where);
      expect(await damageServed(damaged, blocks)).toMatchObject(where);
      await expect(openRun(damaged, OPTIONS)).rejects.toMatchObject(where);
    }
  });

  test("with bytes behind its end is named", async () => {
    const { disk } = await journalOnDisk();
    disk.put(SEGMENT_1, Buffer.concat([disk.bytesOf(SEGMENT_1), Buffer.alloc(512)]));
    expect(await damageFound(disk)).toMatchObject({ kind: "damaged", file: SEGMENT_1, offset: 4096 });
    await expect(openRun(disk, OPTIONS)).rejects.toMatchObject({ kind: "damaged", file: SEGMENT_1 });
  });

  test("that is missing is named at opening, be it the first, one in the middle, or the last", async () => {
    for (const segment of [1, 2, 3]) {
      const { disk } = await journalOnDisk();
      disk.put(segmentPath(segment), undefined);
      if (segment === 3) disk.put(segmentPath(4), undefined);
      expect(await damageFound(disk)).toMatchObject({ kind: "damaged", file: segmentPath(segment) });
      await expect(openRun(disk, OPTIONS)).rejects.toMatchObject({ kind: "damaged", file: segmentPath(segment) });
    }
  });

  test("that was swapped with another is named at opening", async () => {
    const { disk } = await journalOnDisk();
    const [first, second] = [disk.bytesOf(SEGMENT_1), disk.bytesOf(SEGMENT_2)];
    disk.put(SEGMENT_1, second);
    disk.put(SEGMENT_2, first);
    expect(await damageFound(disk)).toMatchObject({ kind: "damaged", file: SEGMENT_1 });
    await expect(openRun(disk, OPTIONS)).rejects.toMatchObject({ kind: "damaged", file: SEGMENT_1 });
  });

  test("of another journal is named, whichever it is", async () => {
    for (const segment of [1, 2, 3]) {
      const { disk, blocks } = await journalOnDisk(1);
      const { disk: other } = await journalOnDisk(2);
      disk.put(segmentPath(segment), other.bytesOf(segmentPath(segment)));
      const found = await damageFound(disk);
      expect(found.kind).toBe("damaged");
      expect([segmentPath(segment), segmentPath(segment + 1)]).toContain(found.file);
      expect(await damageServed(disk, blocks)).toMatchObject({ kind: "damaged" });
    }
  });

  test("of which an older copy was put back is named", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 2, 100, OPTIONS);
    const older = disk.bytesOf(SEGMENT_1);
    await fillJournal(disk, 2, 100, OPTIONS);
    const { blocks } = await verifyAll(disk);
    disk.put(SEGMENT_1, older);
    expect(await damageFound(disk)).toMatchObject({ kind: "damaged", file: SEGMENT_1, block: 3 });
    expect(await damageServed(disk, blocks)).toMatchObject({ kind: "damaged", file: SEGMENT_1 });
  });

  test("that is all missing, with WITNESS saying that there were blocks, is named", async () => {
    const { disk } = await journalOnDisk();
    for (const segment of [1, 2, 3, 4]) disk.put(segmentPath(segment), undefined);
    expect(await damageFound(disk)).toMatchObject({ kind: "damaged", file: SEGMENT_1 });
    await expect(openRun(disk, OPTIONS)).rejects.toMatchObject({ kind: "damaged", file: SEGMENT_1 });
  });
});

describe.each([
  { path: FORMAT, bytes: 32 },
  { path: WITNESS, bytes: 8192 },
])("$path", ({ path, bytes }) => {
  test("that is missing is named", async () => {
    const { disk } = await journalOnDisk();
    disk.put(path, undefined);
    expect(await damageFound(disk)).toMatchObject({ kind: "damaged", file: path });
    const before = disk.fingerprint();
    await expect(openRun(disk, OPTIONS)).rejects.toMatchObject({ kind: "damaged", file: path });
    expect(disk.fingerprint()).toEqual(before);
  });

  test("of a wrong size is named", async () => {
    for (const size of [0, 1, bytes - 1, bytes + 1, bytes * 2]) {
      const { disk } = await journalOnDisk();
      disk.put(path, Buffer.concat([disk.bytesOf(path), Buffer.alloc(bytes)]).subarray(0, size));
      const where = { kind: "damaged", file: path, offset: Math.min(size, bytes) };
      expect(await damageFound(disk)).toMatchObject(where);
      await expect(openRun(disk, OPTIONS)).rejects.toMatchObject(where);
    }
  });
});

test("WITNESS of another journal is named", async () => {
  const { disk, blocks } = await journalOnDisk(1);
  const { disk: other } = await journalOnDisk(2);
  disk.put(WITNESS, other.bytesOf(WITNESS));
  expect(await damageFound(disk)).toMatchObject({ kind: "damaged", block: 9 });
  expect(await damageServed(disk, blocks)).toMatchObject({ kind: "damaged", block: 9 });
});

test("an older WITNESS that was put back does not matter: what follows it is proven by itself", async () => {
  const disk = new MemoryDisk();
  await fillJournal(disk, 2, 100, OPTIONS);
  const older = disk.bytesOf(WITNESS);
  await fillJournal(disk, 8, 900, OPTIONS);
  const { blocks } = await verifyAll(disk);
  disk.put(WITNESS, older);
  expect((await verifyAll(disk)).blocks.map(shapeOf)).toEqual(blocks.map(shapeOf));
  expect(await damageServed(disk, blocks)).toBeUndefined();
});

test("an unreadable disk is told with its own error", async () => {
  const { disk } = await journalOnDisk();
  disk.failNext("read", { kind: "error", code: "EIO", effect: "nothing" }, "00000002.seg");
  await expect(verifyAll(disk)).rejects.toMatchObject({ code: "EIO" });
  expect(disk.openFiles).toBe(0);
});

test("verifying only reads", async () => {
  const { disk } = await journalOnDisk();
  const copy = disk.copy();
  await verifyAll(copy);
  const kinds = new Set(copy.operations.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(["close", "list", "open", "read", "size"]);
});
