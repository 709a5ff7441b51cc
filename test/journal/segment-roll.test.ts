/** Going on from segment to segment while appends wait for nothing but their own write. */
import { describe, expect, test } from "vitest";
import { DurableModel } from "./durable-model.js";
import { blockOf, openRun, SEGMENT_1 } from "./journal-run.js";
import { MemoryDisk } from "./memory-disk.js";
import { SeededRandom } from "./seeded-random.js";

const OPTIONS = { segmentBytes: 4096 };

test("blocks of all sizes, larger than a segment too, roll over segments however slow each disk operation is", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new SeededRandom(seed);
    const disk = new MemoryDisk();
    const model = new DurableModel();
    const run = await openRun(disk, OPTIONS);
    disk.delays = random;
    for (let append = 0; append < 40; append++) {
      const bytes = random.pick([0, 10, 400, 900, 1900, 3400, 3472, 3473, 3985, 5000, 12_000]);
      await model.append(run, blockOf(model.next, bytes));
    }
    await run.journal.close();
    expect(disk.openFiles).toBe(0);
    expect([...disk.contents().keys()].filter((path) => path.endsWith(".new"))).toEqual([]);
    const next = await model.recover(disk, OPTIONS);
    expect(model.next).toBe(41);
    expect(next.journal.head!.segment).toBeGreaterThan(10);
  }
});

describe("the next segment", () => {
  test("is made once half of this one is full, before it is needed", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk, { segmentBytes: 16_384 });
    const made = () => disk.operations.some(({ kind, path }) => kind === "create" && path.includes("00000002"));
    for (let block = 1; run.journal.head === undefined || run.journal.head.endOffset <= 8192; block++) {
      expect(made()).toBe(false);
      await run.journal.append(blockOf(block, 900));
    }
    expect(made()).toBe(true);
    expect(run.journal.head.segment).toBe(1);
    await run.journal.close();
  });

  test("of several pieces is made with pauses, and at once when it is needed", async () => {
    const piece = 1024 * 1024;
    const disk = new MemoryDisk();
    const run = await openRun(disk, { segmentBytes: 3 * piece });
    const pieces = () =>
      disk.operations.filter(({ kind, path }) => kind === "write" && path.endsWith("00000002.seg.new")).length;
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    await run.journal.append(blockOf(1, 2 * piece));
    await settled();
    expect(pieces()).toBe(1);
    await settled();
    expect(pieces()).toBe(1);
    run.timers.fire();
    await settled();
    expect(pieces()).toBe(2);
    await run.journal.append(blockOf(2, 2 * piece));
    expect(run.journal.head?.segment).toBe(2);
    await run.journal.close();
  });

  test("that was made before a stop is used after it", async () => {
    const disk = new MemoryDisk();
    const model = new DurableModel();
    const run = await openRun(disk, OPTIONS);
    for (let block = 0; block < 3; block++) await model.append(run, blockOf(model.next, 900));
    await run.journal.close();
    const copy = disk.copy();
    const next = await model.recover(copy, OPTIONS);
    await model.append(next, blockOf(model.next, 900));
    expect(next.journal.head?.segment).toBe(2);
    expect(copy.operations.filter(({ kind }) => kind === "create")).toEqual([]);
  });
});

test("a block that fills a segment to its last byte stands alone in it", async () => {
  const disk = new MemoryDisk();
  const model = new DurableModel();
  const run = await openRun(disk, OPTIONS);
  const whole = 4096 - 512 - (68 + 24 + 20);
  for (const bytes of [whole, whole, 0]) await model.append(run, blockOf(model.next, bytes));
  expect(run.journal.head).toMatchObject({ block: 3, segment: 3 });
  await run.journal.close();
  expect(disk.bytesOf(SEGMENT_1)).toHaveLength(4096);
  await model.recover(disk, OPTIONS);
});

test("a block too large for any reader is refused before it is written", async () => {
  const disk = new MemoryDisk();
  const run = await openRun(disk, OPTIONS);
  const body = new Uint8Array(256 * 1024 * 1024);
  await expect(run.journal.append({ ...blockOf(1), body })).rejects.toMatchObject({ kind: "failed" });
  expect(disk.operations.filter(({ path }) => path.includes("00000002"))).toEqual([]);
  await run.journal.close();
});
