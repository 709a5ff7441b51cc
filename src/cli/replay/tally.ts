import { build } from "hdr-histogram-js";
import { ReserveOutcome } from "../../client/index.js";

/** What the replay counts while it plays: answers, and how long they took. */
export class Tally {
  orders = 0;
  lines = 0;
  reserved = 0;
  partly = 0;
  rejected = 0;
  /** Reservations confirmed, at once or later. */
  committed = 0;
  /** Reservations that a cancellation took units back from. */
  released = 0;
  /** Orders refused with an error, by reason. */
  readonly refused = new Map<string, number>();
  /** Lines of cancellations with units that no open reservation of the customer has. */
  unmatchedLines = 0;
  /** Time in which orders were played. */
  playedMs = 0;
  readonly #answerMicros = build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000 });

  answered(outcome: ReserveOutcome, lines: number, tookMs: number): void {
    this.#asked(lines, tookMs);
    if (outcome === ReserveOutcome.RESERVED) this.reserved += 1;
    else if (outcome === ReserveOutcome.PARTIALLY_RESERVED) this.partly += 1;
    else this.rejected += 1;
  }

  refusedFor(reason: string, lines: number, tookMs: number): void {
    this.#asked(lines, tookMs);
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  /** Milliseconds within which this percentage of the Reserve calls was answered. */
  percentileMs(percentile: number): number {
    return this.#answerMicros.getValueAtPercentile(percentile) / 1_000;
  }

  #asked(lines: number, tookMs: number): void {
    this.orders += 1;
    this.lines += lines;
    this.#answerMicros.recordValue(Math.max(1, Math.round(tookMs * 1_000)));
  }
}
