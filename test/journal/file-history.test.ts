/** Reading a journal's past while it goes on: appends, new segments and removals happen under the reader. */
import { describe, expect, test } from "vitest";
import { FileHistory } from "../../src/journal/file-history.js";
import type { BlockPosition, HistoryReader } from "../../src/journal/journal.js";
import { segmentPath } from "../../src/journal/segment.js";
import { blockOf, FOLDER, type JournalRun, openRun, SEGMENT_1, shapeOf } from "./journal-run.js";
import { MemoryDisk } from "./memory-disk.js";
import { chosenSeed, SeededRandom } from "./seeded-random.js";

const OPTIONS = { segmentBytes: 4096 };

async function journalOf(disk: MemoryDisk, blocks: number): Promise<JournalRun & { positions: BlockPosition[] }> {
  const run = await openRun(disk, OPTIONS);
  const positions: BlockPosition[] = [];
  for (let block = 1; block <= blocks; block++) positions.push(await run.journal.append(blockOf(block, 900)));
  return { ...run, positions };
}

async function rest(reader: HistoryReader | undefined): Promise<readonly string[] | undefined> {
  if (reader === undefined) return undefined;
  const shapes: string[] = [];
  for (let block = await reader.next(); block !== undefined; block = await reader.next()) shapes.push(shapeOf(block));
  await reader.close();
  return shapes;
}

function shapes(first: number, last: number): readonly string[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => shapeOf(blockOf(first + index, 900)));
}

describe("the past of a journal", () => {
  test("is read from any block on, over segments, to the newest when it was begun", async () => {
    const disk = new MemoryDisk();
    const { journal, positions } = await journalOf(disk, 12);
    const history = new FileHistory(disk, FOLDER, journal);
    expect(positions.at(-1)!.segment).toBeGreaterThan(3);
    for (const position of positions) {
      expect(await rest(await history.open(position))).toEqual(shapes(position.block, 12));
    }
    const reader = await history.open(positions[9]!);
    await journal.append(blockOf(13, 900));
    expect(await rest(reader)).toEqual(shapes(10, 12));
    expect(await rest(await history.open(positions[9]!))).toEqual(shapes(10, 13));
    await journal.close();
    expect(disk.openFiles).toBe(0);
  });

  test("begins with the oldest block that is kept, and what was removed is told as gone", async () => {
    const disk = new MemoryDisk();
    const { journal, positions } = await journalOf(disk, 12);
    const history = new FileHistory(disk, FOLDER, journal);
    expect(await history.oldest()).toEqual({ block: 1, segment: 1, offset: 512 });
    await disk.remove(SEGMENT_1);
    const first = positions.find(({ segment }) => segment === 2)!;
    expect(await history.oldest()).toEqual({ block: first.block, segment: 2, offset: 512 });
    expect(await history.open(positions[0]!)).toBeUndefined();
    expect(await rest(await history.open(first))).toEqual(shapes(first.block, 12));
  });

  test("that is removed while it is read ends where it can no longer be followed", async () => {
    const disk = new MemoryDisk();
    const { journal, positions } = await journalOf(disk, 12);
    const reader = await new FileHistory(disk, FOLDER, journal).open(positions[0]!);
    const kept = positions.filter(({ segment }) => segment === 1).length;
    for (const segment of [1, 2]) await disk.remove(segmentPath(FOLDER, segment));
    expect(await rest(reader)).toEqual(shapes(1, kept));
    await journal.close();
    expect(disk.openFiles).toBe(0);
  });

  test("of a journal without a block is empty, and so is what comes after the newest", async () => {
    const disk = new MemoryDisk();
    const { journal } = await journalOf(disk, 0);
    const history = new FileHistory(disk, FOLDER, journal);
    const start = await history.oldest();
    expect(start).toEqual({ block: 1, segment: 1, offset: 512 });
    expect(await rest(await history.open(start))).toEqual([]);
    const { block, segment, endOffset } = await journal.append(blockOf(1, 900));
    expect(await rest(await history.open({ block: block + 1, segment, offset: endOffset }))).toEqual([]);
    expect(await rest(await history.open(start))).toEqual(shapes(1, 1));
  });

  test.each([
    ["that is not there yet", { block: 14, segment: 1, offset: 512 }],
    ["of another number", { block: 2, segment: 1, offset: 512 }],
    ["in a segment that is not there", { block: 2, segment: 99, offset: 512 }],
    ["within a sector", { block: 1, segment: 1, offset: 513 }],
    ["in the segment's header", { block: 1, segment: 1, offset: 0 }],
    ["behind the segment's end", { block: 1, segment: 1, offset: 2 ** 40 }],
    ["before the file", { block: 1, segment: 1, offset: -512 }],
  ])("is not read from a block %s", async (_, start) => {
    const disk = new MemoryDisk();
    const { journal } = await journalOf(disk, 12);
    expect(await new FileHistory(disk, FOLDER, journal).open(start)).toBeUndefined();
    await journal.close();
    expect(disk.openFiles).toBe(0);
  });

  test("names the place of a block that is damaged", async () => {
    const disk = new MemoryDisk();
    const { journal, positions } = await journalOf(disk, 12);
    const { segment, offset, block } = positions[4]!;
    disk.flip(segmentPath(FOLDER, segment), (offset + 200) * 8);
    const reader = await new FileHistory(disk, FOLDER, journal).open(positions[0]!);
    await expect(rest(reader)).rejects.toMatchObject({ kind: "damaged", offset, block });
    await reader!.close();
  });
});

test("readers see every durable block once and in order, whatever is appended and removed meanwhile", async () => {
  const seed = chosenSeed();
  const seen = { read: 0, gone: 0 };
  for (let run = 0; run < 15; run++) {
    const random = new SeededRandom(seed + run);
    const disk = new MemoryDisk();
    const { journal, positions } = await journalOf(disk, 6);
    disk.delays = random;
    const history = new FileHistory(disk, FOLDER, journal);
    let isOver = false;
    const writer = async () => {
      let removed = 0;
      for (let block = 7; block <= 40; block++) {
        positions.push(await journal.append(blockOf(block, random.pick([100, 900, 5000]))));
        const { segment } = positions.at(-1)!;
        if (segment - removed > 4 && random.chance(0.4)) await disk.remove(segmentPath(FOLDER, ++removed));
      }
      isOver = true;
    };
    const reader = async () => {
      while (!isOver) {
        const start = positions[random.below(positions.length)]!;
        const newest = positions.length;
        const opened = await history.open(start);
        if (opened === undefined) {
          seen.gone += 1;
          expect((await history.oldest()).segment).toBeGreaterThan(start.segment);
          continue;
        }
        let next = start.block;
        for (let block = await opened.next(); block !== undefined; block = await opened.next()) {
          expect(block.position).toEqual(positions[next - 1]);
          next += 1;
        }
        await opened.close();
        if ((await history.oldest()).segment <= start.segment) expect(next).toBeGreaterThan(newest);
        seen.read += 1;
      }
    };
    await Promise.all([writer(), reader(), reader()]).catch((cause) => {
      throw new Error(`HOLDFAST_TEST_SEED=${seed}`, { cause });
    });
    await journal.close();
    expect(disk.openFiles).toBe(0);
  }
  expect(seen.read).toBeGreaterThan(15);
  expect(seen.gone).toBeGreaterThan(0);
});
