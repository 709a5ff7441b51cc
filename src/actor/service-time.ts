/**
 * Service time (decision 5): starts at the later of the last durable time and the wall clock, runs with the monotonic clock,
 * and is slewed towards the wall clock by at most 5 %, never stepped. A jump of the wall clock neither expires holds in bulk
 * nor keeps them alive. It never runs backwards, and is in whole milliseconds.
 */
import type { Clock } from "./clock.js";

const SLEW_MAX = 0.05;

export class ServiceTime {
  readonly #clock: Clock;
  #lastMonotonicMs: number;
  #timeMs: number;

  constructor(clock: Clock, lastDurableMs: number) {
    this.#clock = clock;
    this.#lastMonotonicMs = clock.monotonicMs();
    this.#timeMs = Math.max(lastDurableMs, clock.wallMs());
  }

  /** Milliseconds since the Unix epoch, by service time. */
  nowMs(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const elapsedMs = Math.max(0, monotonicMs - this.#lastMonotonicMs);
    this.#lastMonotonicMs = monotonicMs;
    this.#timeMs += elapsedMs;
    const behindMs = this.#clock.wallMs() - this.#timeMs;
    const slewMs = elapsedMs * SLEW_MAX;
    this.#timeMs += Math.max(-slewMs, Math.min(slewMs, behindMs));
    return Math.floor(this.#timeMs);
  }
}
