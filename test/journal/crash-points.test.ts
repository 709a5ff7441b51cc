/** The machine stops in each disk operation of each thing that a journal does; nothing acknowledged is lost, nothing is damage. */
import { describe, expect, test } from "vitest";
import { DurableModel } from "./durable-model.js";
import { blockOf, openRun, type RunOptions } from "./journal-run.js";
import { MachineStopped, MemoryDisk } from "./memory-disk.js";
import { SeededRandom } from "./seeded-random.js";
import { EVERYTHING_SURVIVES, NOTHING_SURVIVES, randomSurvival, type Survival } from "./survival.js";

const OPTIONS: RunOptions = { segmentBytes: 4096 };

interface Scenario {
  readonly title: string;
  /** A disk as it is before, and what is on it. */
  readonly prepare: () => Promise<{ disk: MemoryDisk; model: DurableModel }>;
  readonly run: (disk: MemoryDisk, model: DurableModel) => Promise<void>;
  /** Operations that it takes at least: a scenario that does nothing proves nothing. */
  readonly operationsMin: number;
}

async function newDisk() {
  return { disk: new MemoryDisk(), model: new DurableModel() };
}

/** Blocks of which some are witnessed, and after them others over the end of a segment, the last of them torn. */
async function crashedDisk() {
  const disk = new MemoryDisk();
  const model = new DurableModel();
  const run = await openRun(disk, OPTIONS);
  for (const bytes of [100, 700]) await model.append(run, blockOf(model.next, bytes));
  await run.journal.witness();
  for (const bytes of [1000, 1200, 1100, 900]) await model.append(run, blockOf(model.next, bytes));
  disk.failNext("writeDurable", { kind: "crash" });
  await expect(model.append(run, blockOf(model.next, 1500))).rejects.toThrow();
  const crashed = disk.afterCrash({ bytesOf: () => [[0, 1000]], keepsName: () => true });
  return { disk: crashed, model };
}

const SCENARIOS: readonly Scenario[] = [
  {
    title: "making a journal and its first block",
    prepare: newDisk,
    run: async (disk, model) => {
      const run = await openRun(disk, OPTIONS);
      await model.append(run, blockOf(1));
      await run.journal.close();
    },
    operationsMin: 30,
  },
  {
    title: "appending over the ends of segments, with blocks larger than one, and writing WITNESS",
    prepare: newDisk,
    run: async (disk, model) => {
      const run = await openRun(disk, OPTIONS);
      for (const bytes of [100, 900, 1900, 1200, 9000, 300, 300, 4000]) {
        await model.append(run, blockOf(model.next, bytes));
        if (bytes === 900) await run.journal.witness();
        if (bytes === 300) run.timers.fire();
      }
      await run.journal.close();
    },
    operationsMin: 80,
  },
  {
    title: "opening after a crash, cutting and writing again, and going on",
    prepare: crashedDisk,
    run: async (disk, model) => {
      const run = await model.recover(disk, OPTIONS);
      for (const bytes of [1500, 100]) await model.append(run, blockOf(model.next, bytes));
      await run.journal.close();
    },
    operationsMin: 40,
  },
  {
    title: "opening after a failure, into a new segment, and going on",
    prepare: crashedDisk,
    run: async (disk, model) => {
      const run = await model.recover(disk, { ...OPTIONS, afterFailure: true });
      for (const bytes of [1500, 100]) await model.append(run, blockOf(model.next, bytes));
      await run.journal.close();
    },
    operationsMin: 40,
  },
  {
    title: "opening after a clean stop, stopping again, and going on",
    prepare: async () => {
      const { disk, model } = await newDisk();
      const run = await openRun(disk, OPTIONS);
      for (const bytes of [100, 1000]) await model.append(run, blockOf(model.next, bytes));
      await run.journal.close();
      return { disk, model };
    },
    run: async (disk, model) => {
      await (await model.recover(disk, OPTIONS)).journal.close();
      const run = await model.recover(disk, OPTIONS);
      await model.append(run, blockOf(model.next, 200));
      await run.journal.close();
    },
    operationsMin: 40,
  },
];

describe.each(SCENARIOS)("a crash in any disk operation of $title", ({ prepare, run, operationsMin }) => {
  test("loses nothing that was acknowledged, and leaves a journal that goes on", async () => {
    const whole = await prepare();
    const operations = await countOperations(whole.disk, () => run(whole.disk, whole.model));
    expect(operations).toBeGreaterThan(operationsMin);
    for (let index = 0; index < operations; index++) {
      const { disk, model } = await prepare();
      disk.failAt(disk.operations.length + index, { kind: "crash" });
      await expect(run(disk, model)).rejects.toThrow();
      expect(disk.isStopped).toBe(true);
      for (const [outcome, survival] of survivals(index).entries()) {
        const title = `operation ${index} ${JSON.stringify(disk.operations.at(-1))}, outcome ${outcome}`;
        await goOn(disk.afterCrash(survival), model.copy(), title);
      }
      await goOnAfterKill(disk, model.copy());
    }
  });
});

async function countOperations(disk: MemoryDisk, run: () => Promise<void>): Promise<number> {
  const before = disk.operations.length;
  await run();
  return disk.operations.length - before;
}

function survivals(index: number): readonly Survival[] {
  const random = [1, 2, 3].map((outcome) => randomSurvival(new SeededRandom(index * 100 + outcome)));
  return [NOTHING_SURVIVES, EVERYTHING_SURVIVES, ...random];
}

async function goOn(disk: MemoryDisk, model: DurableModel, title: string): Promise<void> {
  try {
    const run = await model.recover(disk, OPTIONS);
    await model.append(run, blockOf(model.next, 2000));
    await model.append(run, blockOf(model.next, 2000));
    await run.journal.close();
    expect(disk.openFiles).toBe(0);
    await (await model.recover(disk, OPTIONS)).journal.close();
  } catch (cause) {
    throw new Error(`${title}: ${(cause as Error).message}`, { cause });
  }
}

/** The process is killed there instead, the next one acknowledges more, and then the machine stops. */
async function goOnAfterKill(disk: MemoryDisk, model: DurableModel): Promise<void> {
  const next = disk.afterKill();
  const run = await model.recover(next, OPTIONS);
  await model.append(run, blockOf(model.next, 2000));
  const crashed = next.afterCrash(NOTHING_SURVIVES);
  await (await model.recover(crashed, OPTIONS)).journal.close();
}

test("the fault is real: an operation that a crash falls into ends as stopped, and so does every later one", async () => {
  const disk = new MemoryDisk();
  disk.failAt(3, { kind: "crash" });
  await expect(openRun(disk)).rejects.toThrow(MachineStopped);
  await expect(disk.list("/data")).rejects.toThrow(MachineStopped);
});
