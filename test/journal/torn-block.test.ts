/** A write that a crash falls into (decision 2): whatever part of it is on the disk, its block is wholly there or wholly not. */
import { describe, expect, test } from "vitest";
import { blockOf, FOLDER, openRun, readAll, SEGMENT_2, shapeOf, verifyAll } from "./journal-run.js";
import { MachineStopped, MemoryDisk } from "./memory-disk.js";
import { chosenSeed, SeededRandom } from "./seeded-random.js";
import { firstBytesSurvive, randomSurvival, type Survival } from "./survival.js";

/** Blocks before the torn one, which are acknowledged. */
const BEFORE = [blockOf(1), blockOf(2, 600)];

interface Torn {
  /** The disk of a machine that stopped while the last block was written. */
  readonly disk: MemoryDisk;
  readonly bytes: number;
}

async function tear(bodyBytes: number, segmentBytes: number): Promise<Torn> {
  const disk = new MemoryDisk();
  const { journal } = await openRun(disk, { segmentBytes });
  for (const block of BEFORE) await journal.append(block);
  disk.failNext("writeDurable", { kind: "crash" });
  await expect(journal.append(blockOf(3, bodyBytes))).rejects.toMatchObject({ cause: new MachineStopped() });
  return { disk, bytes: Math.ceil((68 + 24 + bodyBytes + 20) / 512) * 512 };
}

/** Opens what a crash left, proves it, goes on, and tells whether the torn block was kept. */
async function recover(torn: MemoryDisk, bodyBytes: number, segmentBytes: number): Promise<"kept" | "cut"> {
  const before = BEFORE.map(shapeOf);
  const whole = [...before, shapeOf(blockOf(3, bodyBytes))];
  const unopened = torn.copy();
  const verified = await verifyAll(unopened);
  const { journal, reader, report } = await openRun(torn, { segmentBytes });
  const found = (await readAll(reader)).map(shapeOf);
  expect([before, whole]).toContainEqual(found);
  expect(verified.blocks.map(shapeOf)).toEqual(found);
  expect(report.cutBytes).toBe(verified.tornBytes);
  const next = blockOf(found.length + 1, 50);
  await journal.append(next);
  await journal.close();
  expect((await verifyAll(torn)).tornBytes).toBe(0);
  const again = await openRun(torn, { segmentBytes });
  expect((await readAll(again.reader)).map(shapeOf)).toEqual([...found, shapeOf(next)]);
  expect(again.report).toMatchObject({ cutBytes: 0, rewrittenBytes: 0, block: found.length + 1 });
  return found.length === whole.length ? "kept" : "cut";
}

describe("a torn final block", () => {
  test("is cut or kept at each of its bytes, and kept only when every byte that is not padding is there", async () => {
    const { disk, bytes } = await tear(100, 8192);
    expect(bytes).toBe(512);
    const fates = [];
    for (let length = 0; length <= bytes; length++) {
      fates.push(await recover(disk.afterCrash(firstBytesSurvive(length)), 100, 8192));
    }
    const wholeFrom = 68 + 24 + 100 + 20;
    expect(fates.indexOf("kept")).toBe(wholeFrom);
    expect(new Set(fates.slice(wholeFrom))).toEqual(new Set(["kept"]));
  });

  test("of many sectors is cut or kept at sampled bytes and at the edges of its sectors", async () => {
    const bodyBytes = 40_000;
    const { disk, bytes } = await tear(bodyBytes, 65_536);
    const random = new SeededRandom(1);
    const lengths = [0, 1, 67, 68, 511, 512, 513, bytes - 513, bytes - 512, bytes - 1, bytes];
    for (let sample = 0; sample < 40; sample++) lengths.push(random.below(bytes));
    for (const length of lengths) {
      const fate = await recover(disk.afterCrash(firstBytesSurvive(length)), bodyBytes, 65_536);
      expect(fate).toBe(length >= 68 + 24 + bodyBytes + 20 ? "kept" : "cut");
    }
  });

  test("of which any sectors are missing is cut", async () => {
    const seed = chosenSeed();
    const { disk } = await tear(6_000, 16_384);
    for (let round = 0; round < 60; round++) {
      const survival = randomSurvival(new SeededRandom(seed + round));
      await expect(recover(disk.afterCrash(survival), 6_000, 16_384), `seed ${seed} + ${round}`).resolves.toMatch(
        /kept|cut/,
      );
    }
  });
});

describe("a torn block that was the first of a new segment", () => {
  /** 3000 bytes do not fit behind the blocks before them. */
  const SEGMENT_BYTES = 4096;

  test("is cut or kept at each of its sectors, whichever of them survive", async () => {
    const { disk, bytes } = await tear(3000, SEGMENT_BYTES);
    expect(disk.contents().has(SEGMENT_2)).toBe(true);
    const sectors = bytes / 512;
    for (let mask = 0; mask < 1 << sectors; mask++) {
      const fate = await recover(disk.afterCrash(sectorsSurvive(mask)), 3000, SEGMENT_BYTES);
      expect(fate).toBe(mask === (1 << sectors) - 1 ? "kept" : "cut");
    }
  });

  test("leaves nothing behind when only a later sector of it survived", async () => {
    const { disk } = await tear(3000, SEGMENT_BYTES);
    const torn = disk.afterCrash(sectorsSurvive(0b100));
    const { report } = await openRun(torn, { segmentBytes: SEGMENT_BYTES });
    expect(report.cutBytes).toBeGreaterThan(0);
    expect(
      torn
        .bytesOf(SEGMENT_2)
        .subarray(512)
        .every((byte) => byte === 0),
    ).toBe(true);
  });
});

describe("a crash while a torn write is cut", () => {
  test("leaves a torn write, which is cut at the next start", async () => {
    const { disk } = await tear(6_000, 16_384);
    const torn = disk.afterCrash(firstBytesSurvive(5_000));
    const probe = torn.copy();
    await openRun(probe, { segmentBytes: 16_384 });
    const cut = probe.operations.findIndex(
      ({ kind, path }) => kind === "writeDurable" && path.startsWith(`${FOLDER}/seg`),
    );
    for (let length = 0; length <= 6_144; length += 128) {
      const cutting = torn.copy();
      cutting.failAt(cut, { kind: "crash" });
      await expect(openRun(cutting, { segmentBytes: 16_384 })).rejects.toThrow(MachineStopped);
      const fate = await recover(cutting.afterCrash(firstBytesSurvive(length)), 6_000, 16_384);
      expect(fate).toBe("cut");
    }
  });
});

function sectorsSurvive(mask: number): Survival {
  return {
    bytesOf: ({ length }) =>
      Array.from({ length: Math.ceil(length / 512) }, (_, index) => index)
        .filter((index) => (mask & (1 << index)) !== 0)
        .map((index) => [index * 512, Math.min(length, index * 512 + 512)] as const),
    keepsName: () => true,
  };
}
