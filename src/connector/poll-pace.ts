/**
 * How long to wait before the ERP is asked again: briefly while things happen, twice as long after each answer without news, and
 * never outside the bounds. Pure: time and chance come from the caller.
 */
export interface PaceBounds {
  readonly fastestMs: number;
  readonly slowestMs: number;
}

export type PollOutcome = "more" | "changes" | "nothing" | "failed";

export class PollPace {
  readonly #bounds: PaceBounds;
  #delayMs: number;

  constructor(bounds: PaceBounds) {
    this.#bounds = bounds;
    this.#delayMs = bounds.fastestMs;
  }

  /** The wait after a poll with this outcome. Jitter shortens it by up to a fifth, so that connectors of one ERP spread. */
  next(outcome: PollOutcome, random: number): number {
    const { fastestMs, slowestMs } = this.#bounds;
    if (outcome === "more") return 0;
    this.#delayMs = outcome === "changes" ? fastestMs : Math.min(slowestMs, this.#delayMs * 2);
    return this.#delayMs * (1 - random / 5);
  }
}
