import type { Clock, Timers } from "../actor/clock.js";
import type { Pace } from "./pace.js";

/** Work goes on for this long before it rests: the time of a few turns of the engine. */
const WORK_MS = 5;

/** Rests after each few milliseconds of work, so that no more than `share` of the time goes by in work. */
export function restingPace(clock: Clock, timers: Timers, share: number): Pace {
  let begunMs = clock.monotonicMs();
  return async () => {
    const workedMs = clock.monotonicMs() - begunMs;
    if (workedMs < WORK_MS) return;
    await new Promise<void>((resolve) => {
      timers.after(workedMs * (1 / share - 1), resolve);
    });
    begunMs = clock.monotonicMs();
  };
}
