/** Timers and turns of one process on virtual time: they may be late, early, doubled or lost, and end with their process. */
import type { Scheduler, Timer, Timers } from "../../src/actor/clock.js";
import type { SimulationContext } from "./simulation-context.js";

export class SimulatedTimers implements Timers, Scheduler {
  readonly #context: SimulationContext;
  #isOver = false;

  constructor(context: SimulationContext) {
    this.#context = context;
  }

  /** The process is gone, and its timers with it. */
  end(): void {
    this.#isOver = true;
  }

  soon(callback: () => void): void {
    this.#context.time.in(1, () => {
      if (!this.#isOver) callback();
    });
  }

  after(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const fire = (): void => {
      if (!isCancelled && !this.#isOver) callback();
    };
    for (const firesAfterMs of this.#firings(Math.max(0, delayMs))) {
      this.#context.time.in(firesAfterMs * 1000, fire);
    }
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  /** When it fires, if it does. */
  #firings(delayMs: number): readonly number[] {
    const { random, faults, coverage } = this.#context;
    if (delayMs === Number.POSITIVE_INFINITY) return [];
    if (!random.chance(faults.timerFault / 1000)) return [delayMs];
    switch (random.below(4)) {
      case 0:
        coverage.count("clock: a timer was late");
        return [delayMs + random.below(5_000)];
      case 1:
        coverage.count("clock: a timer was early");
        return [Math.floor((delayMs * random.below(1000)) / 1000)];
      case 2:
        coverage.count("clock: a timer was doubled");
        return [delayMs, delayMs + random.below(50)];
      default:
        coverage.count("clock: a timer was lost");
        return [];
    }
  }
}
