/** Journals in random use on a disk that fails at random: crashes, kills, errors with and without effect, short writes (I5, I6). */
import { expect, test } from "vitest";
import { DurableModel } from "./durable-model.js";
import { blockOf, type JournalRun, type RunOptions } from "./journal-run.js";
import { type Fault, MemoryDisk } from "./memory-disk.js";
import { chosenSeed, SeededRandom } from "./seeded-random.js";
import { randomSurvival } from "./survival.js";

const RUNS = 300;
const CYCLES = 6;

/** One journal through several crashes and failures. Counts what happened to it. */
class RandomLife {
  readonly counts = { crashes: 0, kills: 0, errors: 0, stops: 0, appends: 0 };
  readonly #random: SeededRandom;
  readonly #options: RunOptions;
  readonly #model = new DurableModel();
  #disk = new MemoryDisk();
  #afterFailure = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#options = { segmentBytes: this.#random.pick([2048, 4096, 16_384]), saltSeed: seed };
  }

  async live(): Promise<void> {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      this.#disk.delays = this.#random;
      const faultsBefore = this.#disk.faultsMet;
      this.#planFault();
      try {
        await this.#use();
        this.counts.stops += 1;
        this.#afterFailure = false;
      } catch (cause) {
        if (this.#disk.faultsMet === faultsBefore) throw cause;
        if (!this.#disk.isStopped) this.counts.errors += 1;
        this.#afterFailure = !this.#disk.isStopped;
      }
      this.#endProcess();
    }
    this.#disk.delays = undefined;
    const run = await this.#open();
    await this.#model.append(run, blockOf(this.#model.next, 100));
    await run.journal.close();
    await (await this.#open()).journal.close();
  }

  /** Opens, appends, and stops; throws where the fault hits. */
  async #use(): Promise<void> {
    const run = await this.#open();
    try {
      const appends = this.#random.below(14);
      for (let append = 0; append < appends; append++) {
        const bytes = this.#random.chance(0.1) ? this.#random.below(9000) : this.#random.below(1200);
        await this.#model.append(run, blockOf(this.#model.next, bytes));
        this.counts.appends += 1;
        if (this.#random.chance(0.3)) run.timers.fire();
        if (this.#random.chance(0.1)) await run.journal.witness();
      }
    } catch (cause) {
      await run.journal.close().catch(() => {});
      throw cause;
    }
    if (this.#random.chance(0.6)) await run.journal.close();
  }

  #open(): Promise<JournalRun> {
    return this.#model.recover(this.#disk, { ...this.#options, afterFailure: this.#afterFailure });
  }

  /** Verifying and opening take some thirty operations. */
  #planFault(): void {
    const index = this.#disk.operations.length + this.#random.below(150);
    this.#disk.failAt(index, this.#randomFault());
  }

  #randomFault(): Fault {
    switch (this.#random.below(4)) {
      case 0:
        return { kind: "short", bytes: this.#random.below(600) };
      case 1: {
        const effect = this.#random.pick(["nothing", "seen", "done"] as const);
        return { kind: "error", code: this.#random.pick(["EIO", "ENOSPC"]), effect };
      }
      default:
        return { kind: "crash" };
    }
  }

  /** The next process finds the disk as it is, or as a crash left it. */
  #endProcess(): void {
    const isCrash = this.#disk.isStopped || this.#random.chance(0.4);
    this.counts[isCrash ? "crashes" : "kills"] += 1;
    this.#disk = isCrash ? this.#disk.afterCrash(randomSurvival(this.#random)) : this.#disk.afterKill();
  }
}

test(`${RUNS} journals in random use lose no acknowledged block and never tear one`, async () => {
  const seed = chosenSeed();
  const sums = { crashes: 0, kills: 0, errors: 0, stops: 0, appends: 0 };
  for (let run = 0; run < RUNS; run++) {
    const life = new RandomLife(seed + run);
    await life.live().catch((cause) => {
      throw new Error(`HOLDFAST_TEST_SEED=${seed}, run ${run}: ${(cause as Error).message}`, { cause });
    });
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += life.counts[name];
  }
  expect(sums.crashes).toBeGreaterThan(RUNS);
  expect(sums.kills).toBeGreaterThan(RUNS);
  expect(sums.errors).toBeGreaterThan(RUNS / 20);
  expect(sums.appends).toBeGreaterThan(RUNS * 10);
});
