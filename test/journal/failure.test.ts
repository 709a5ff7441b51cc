/** One disk operation fails and the process lives on (decision 11): fail stop, and what a new start makes of it. */
import { describe, expect, test } from "vitest";
import { DurableModel } from "./durable-model.js";
import {
  blockOf,
  FOLDER,
  type JournalRun,
  openRun,
  readAll,
  SEGMENT_1,
  SEGMENT_2,
  shapeOf,
  WITNESS,
} from "./journal-run.js";
import { type Fault, MemoryDisk } from "./memory-disk.js";
import { NOTHING_SURVIVES } from "./survival.js";

const OPTIONS = { segmentBytes: 4096 };
const FAILED_WRITES: readonly (Fault & { kind: "error" })[] = [
  { kind: "error", code: "EIO", effect: "nothing" },
  { kind: "error", code: "EIO", effect: "seen" },
  { kind: "error", code: "EIO", effect: "done" },
  { kind: "error", code: "ENOSPC", effect: "nothing" },
];

/** Two blocks, and a third whose write failed. */
async function failedWrite(fault: Fault): Promise<{ disk: MemoryDisk; run: JournalRun; model: DurableModel }> {
  const disk = new MemoryDisk();
  const model = new DurableModel();
  const run = await openRun(disk, OPTIONS);
  await model.append(run, blockOf(1, 300));
  await run.journal.witness();
  await model.append(run, blockOf(2, 300));
  disk.failNext("writeDurable", fault, ".seg");
  await expect(model.append(run, blockOf(3, 300))).rejects.toMatchObject({
    kind: "unknown",
    file: SEGMENT_1,
    block: 3,
    cause: { code: (fault as { code?: string }).code },
  });
  return { disk, run, model };
}

describe.each(FAILED_WRITES)("a write that fails with $code, of which $effect took effect", (fault) => {
  test("stops the journal: it writes nothing more, not even when it is closed", async () => {
    const { disk, run } = await failedWrite(fault);
    const before = disk.fingerprint();
    await expect(run.journal.append(blockOf(3))).rejects.toMatchObject({ kind: "failed", cause: { kind: "unknown" } });
    await expect(run.journal.witness()).rejects.toMatchObject({ kind: "failed" });
    run.timers.fire();
    await run.journal.close();
    expect(disk.fingerprint()).toEqual(before);
    expect(disk.openFiles).toBe(0);
  });

  test("is settled by the next start, which makes the tail durable and goes on in a new segment", async () => {
    const { disk, run, model } = await failedWrite(fault);
    await run.journal.close();
    const next = await model.recover(disk, { ...OPTIONS, afterFailure: true });
    expect(model.next).toBe(fault.effect === "nothing" ? 3 : 4);
    expect(next.report.rewrittenBytes).toBe(512 * (model.next - 2));
    const found = (await readAll(next.reader)).map(shapeOf);
    // Nothing that was served at the start may be lost by a crash at once.
    const crashed = await openRun(disk.afterCrash(NOTHING_SURVIVES), OPTIONS);
    expect((await readAll(crashed.reader)).map(shapeOf)).toEqual(found);
  });

  test("and goes on in the new segment, where every later start finds the chain", async () => {
    const { disk, run, model } = await failedWrite(fault);
    await run.journal.close();
    const next = await model.recover(disk, { ...OPTIONS, afterFailure: true });
    const appended = blockOf(model.next, 300);
    await model.append(next, appended);
    expect(next.journal.head).toMatchObject({ segment: 2, offset: 512 });
    await next.journal.close();
    const last = await model.recover(disk, OPTIONS);
    for (let more = 0; more < 8; more++) await model.append(last, blockOf(model.next, 700));
    await last.journal.close();
    await model.recover(disk, OPTIONS);
  });
});

describe("starting after a failure twice in a row", () => {
  test.each([0, 1, 2])("with %i blocks in between goes on in a fresh segment", async (between) => {
    const { disk, run, model } = await failedWrite({ kind: "error", code: "EIO", effect: "seen" });
    await run.journal.close();
    const second = await model.recover(disk, { ...OPTIONS, afterFailure: true });
    const segment = disk.bytesOf(SEGMENT_2);
    for (let block = 0; block < between; block++) await model.append(second, blockOf(model.next, 200));
    disk.failNext("writeDurable", { kind: "error", code: "EIO", effect: "seen" }, ".seg");
    await expect(model.append(second, blockOf(model.next, 100))).rejects.toMatchObject({ kind: "unknown" });
    await second.journal.close();
    const seen = model.next;
    const third = await model.recover(disk, { ...OPTIONS, afterFailure: true });
    expect(model.next).toBe(seen + 1);
    await model.append(third, blockOf(model.next, 100));
    expect(third.journal.head?.segment).toBe(3);
    await third.journal.close();
    expect(disk.bytesOf(SEGMENT_2).subarray(0, 512)).toEqual(segment.subarray(0, 512));
    await model.recover(disk, OPTIONS);
  });

  test("with nothing written in between replaces the empty segment", async () => {
    const { disk, run, model } = await failedWrite({ kind: "error", code: "EIO", effect: "nothing" });
    await run.journal.close();
    await (await model.recover(disk, { ...OPTIONS, afterFailure: true })).journal.close();
    const first = disk.bytesOf(SEGMENT_2);
    const again = await model.recover(disk, { ...OPTIONS, afterFailure: true });
    expect(disk.bytesOf(SEGMENT_2)).not.toEqual(first);
    await model.append(again, blockOf(model.next, 6000));
    await model.append(again, blockOf(model.next, 100));
    await again.journal.close();
    await model.recover(disk, OPTIONS);
  });

  test("in a journal without any block begins in the second segment", async () => {
    const disk = new MemoryDisk();
    const model = new DurableModel();
    for (let start = 0; start < 2; start++) {
      await (await model.recover(disk, { ...OPTIONS, afterFailure: start > 0 })).journal.close();
    }
    const run = await model.recover(disk, { ...OPTIONS, afterFailure: true });
    await model.append(run, blockOf(1, 9000));
    await run.journal.close();
    await model.recover(disk, OPTIONS);
  });
});

test("a start writes every block after WITNESS again, over as many segments as they fill", async () => {
  const disk = new MemoryDisk();
  const model = new DurableModel();
  const run = await openRun(disk, OPTIONS);
  await model.append(run, blockOf(1, 300));
  const { endOffset } = run.journal.head!;
  await run.journal.witness();
  for (let block = 2; block <= 9; block++) await model.append(run, blockOf(block, 900));
  expect(run.journal.head?.segment).toBe(3);
  const next = disk.afterKill();
  for (const segment of [1, 2, 3]) {
    next.forget(`${FOLDER}/segments/0000000${segment}.seg`, segment === 1 ? endOffset : 512);
  }
  expect((await openRun(next, OPTIONS)).report.rewrittenBytes).toBeGreaterThan(8 * 1024);
  await model.recover(next.afterCrash(NOTHING_SURVIVES), OPTIONS);
});

describe("a short write", () => {
  test.each([0, 1, 511, 512, 700])("of %i bytes is finished before the append is acknowledged", async (bytes) => {
    const disk = new MemoryDisk();
    const run = await openRun(disk, OPTIONS);
    disk.failNext("writeDurable", { kind: "short", bytes }, ".seg");
    await run.journal.append(blockOf(1, 1000));
    expect(disk.faultsMet).toBe(1);
    const after = await openRun(disk.afterCrash(NOTHING_SURVIVES), OPTIONS);
    expect((await readAll(after.reader)).map(shapeOf)).toEqual([shapeOf(blockOf(1, 1000))]);
  });

  test("twice without a byte is a failure, not an endless loop", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk, OPTIONS);
    for (let write = 0; write < 2; write++) disk.failNext("writeDurable", { kind: "short", bytes: 0 }, ".seg");
    await expect(run.journal.append(blockOf(1, 1000))).rejects.toMatchObject({ kind: "unknown" });
  });
});

describe("a segment that cannot be made", () => {
  const noSpace: Fault = { kind: "error", code: "ENOSPC", effect: "nothing" };

  test("ahead of need harms nothing, and is made when it is needed", async () => {
    const disk = new MemoryDisk();
    const model = new DurableModel();
    const run = await openRun(disk, OPTIONS);
    disk.failNext("write", noSpace, "00000002.seg.new");
    for (let block = 0; block < 9; block++) await model.append(run, blockOf(model.next, 700));
    expect(disk.faultsMet).toBe(1);
    await run.journal.close();
    await model.recover(disk, OPTIONS);
  });

  test.each(["create", "write", "sync", "rename", "syncFolder"] as const)(
    "when it is needed, as its %s fails, fails the append and leaves nothing of it",
    async (kind) => {
      const disk = new MemoryDisk();
      const model = new DurableModel();
      const run = await openRun(disk, OPTIONS);
      await model.append(run, blockOf(1, 100));
      disk.failNext(kind, noSpace, kind === "syncFolder" ? "/segments" : kind === "rename" ? "2.seg" : "2.seg.new");
      await expect(run.journal.append(blockOf(2, 5000))).rejects.toMatchObject({
        kind: "failed",
        file: SEGMENT_2,
        cause: { code: "ENOSPC" },
      });
      expect(disk.faultsMet).toBe(1);
      await run.journal.close();
      const next = await model.recover(disk, { ...OPTIONS, afterFailure: true });
      await model.append(next, blockOf(2, 5000));
      await next.journal.close();
      await model.recover(disk, OPTIONS);
    },
  );
});

describe("a WITNESS that cannot be written", () => {
  test("when the journal is idle stops it: the next append is refused", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk, OPTIONS);
    await run.journal.append(blockOf(1));
    disk.failNext("writeDurable", { kind: "error", code: "EIO", effect: "nothing" }, WITNESS);
    run.timers.fire();
    run.timers.fire();
    await new Promise((resolve) => setImmediate(resolve));
    expect(disk.faultsMet).toBe(1);
    await expect(run.journal.append(blockOf(2))).rejects.toMatchObject({ kind: "failed" });
    await run.journal.close();
  });

  test("at a checkpoint stops it", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk, OPTIONS);
    await run.journal.append(blockOf(1));
    disk.failNext("writeDurable", { kind: "error", code: "EIO", effect: "nothing" }, WITNESS);
    await expect(run.journal.witness()).rejects.toMatchObject({ kind: "failed", cause: { code: "EIO" } });
    await expect(run.journal.append(blockOf(2))).rejects.toMatchObject({ kind: "failed" });
    await run.journal.close();
    expect(disk.openFiles).toBe(0);
  });

  test("at the stop is told, and everything is closed all the same", async () => {
    const disk = new MemoryDisk();
    const run = await openRun(disk, OPTIONS);
    await run.journal.append(blockOf(1));
    disk.failNext("writeDurable", { kind: "error", code: "EIO", effect: "nothing" }, WITNESS);
    await expect(run.journal.close()).rejects.toMatchObject({ code: "EIO" });
    expect(disk.openFiles).toBe(0);
    expect(await readAll((await openRun(disk, OPTIONS)).reader)).toHaveLength(1);
  });
});

test("an operation that fails at opening is told, leaves no file open, and the next start goes on", async () => {
  const { disk: whole, model: before } = await failedWrite({ kind: "error", code: "EIO", effect: "seen" });
  const probe = whole.copy();
  await openRun(probe, { ...OPTIONS, afterFailure: true });
  for (const [index, { kind }] of probe.operations.entries()) {
    const disk = whole.copy();
    const model = before.copy();
    disk.failAt(index, { kind: "error", code: "EIO", effect: "nothing" });
    await expect(openRun(disk, { ...OPTIONS, afterFailure: true }), kind).rejects.toThrow("EIO");
    expect(disk.openFiles, `${index} ${kind}`).toBe(kind === "close" ? 1 : 0);
    await model.recover(disk, { ...OPTIONS, afterFailure: true });
  }
});
