/** When WITNESS is written, and what a start makes of what it says (decision 2). */
import { describe, expect, test } from "vitest";
import { readWitness } from "../../src/journal/witness.js";
import { blockOf, FOLDER, fillJournal, openRun, readAll, SEGMENT_1, WITNESS } from "./journal-run.js";
import { MemoryDisk } from "./memory-disk.js";
import { EVERYTHING_SURVIVES, NOTHING_SURVIVES } from "./survival.js";

async function witnessed(disk: MemoryDisk): Promise<number> {
  return (await readWitness(disk.copy(), FOLDER))?.position?.block ?? 0;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("WITNESS names the last block", () => {
  test("once two looks in a row saw no append, by one timer however many appends there were", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk);
    for (let block = 1; block <= 4; block++) await run.journal.append(blockOf(block));
    expect(run.timers.waiting).toBe(1);
    run.timers.fire();
    await run.journal.append(blockOf(5));
    for (let look = 0; look < 2; look++) {
      run.timers.fire();
      await settled();
      expect(await witnessed(disk)).toBe(0);
      expect(run.timers.waiting).toBe(1);
    }
    run.timers.fire();
    await settled();
    expect(await witnessed(disk)).toBe(5);
    expect(run.timers.waiting).toBe(0);
  });

  test("not while an append is under way", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk);
    await run.journal.append(blockOf(1));
    const appending = run.journal.append(blockOf(2));
    run.timers.fire();
    await appending;
    for (const expected of [0, 0, 2]) {
      run.timers.fire();
      await settled();
      expect(await witnessed(disk)).toBe(expected);
    }
  });

  test("when it is asked to, when it stops, and after each start", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk);
    await run.journal.append(blockOf(1));
    await run.journal.witness();
    expect(await witnessed(disk)).toBe(1);
    await run.journal.append(blockOf(2));
    await run.journal.close();
    expect(await witnessed(disk)).toBe(2);
    const next = await openRun(disk);
    await next.journal.append(blockOf(3));
    const crashed = disk.afterCrash(NOTHING_SURVIVES);
    expect(await witnessed(crashed)).toBe(2);
    await openRun(crashed);
    expect(await witnessed(crashed)).toBe(3);
  });

  test("with no timer left behind once the journal is closed", async () => {
    const run = await openRun(new MemoryDisk());
    await run.journal.append(blockOf(1));
    await run.journal.close();
    expect(run.timers.waiting).toBe(0);
  });
});

describe("a start", () => {
  /** Bytes read from segment files by a start. */
  async function bytesRead(disk: MemoryDisk, segmentBytes: number): Promise<number> {
    const before = disk.bytesRead;
    await openRun(disk, { segmentBytes });
    return disk.bytesRead - before;
  }

  const SEGMENT_BYTES = 8 * 1024 * 1024;

  test("after a clean stop does not search the rest of the segment", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 3, 1000, { segmentBytes: SEGMENT_BYTES });
    expect(await bytesRead(disk, SEGMENT_BYTES)).toBeLessThan(2.5 * 1024 * 1024);
  });

  test("after anything else does, though the word of a clean stop was true before", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 3, 1000, { segmentBytes: SEGMENT_BYTES });
    await openRun(disk, { segmentBytes: SEGMENT_BYTES });
    expect(await bytesRead(disk.afterCrash(EVERYTHING_SURVIVES), SEGMENT_BYTES)).toBeGreaterThan(SEGMENT_BYTES / 2);
  });

  test("does not believe the word of a clean stop from a slot that may be the older", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 3, 1000);
    await fillJournal(disk, 1, 1000);
    const run = await openRun(disk);
    // The slot with the newest word, that the journal is open again, is lost, and with it the block after the stop.
    await run.journal.append(blockOf(5, 1000));
    await run.journal.append(blockOf(6, 100));
    const { offset, endOffset } = (await readAll(run.reader))[4]!.position;
    disk.stop();
    const damaged = disk.copy();
    damaged.put(SEGMENT_1, damaged.bytesOf(SEGMENT_1).fill(0, offset, endOffset));
    for (const slot of [0, 4096]) {
      const one = damaged.copy();
      one.put(WITNESS, one.bytesOf(WITNESS).fill(0, slot, slot + 64));
      await expect(openRun(one)).rejects.toMatchObject({ kind: "damaged", file: SEGMENT_1, offset, block: 5 });
    }
  });
});
