import type { Turn } from "./turn.js";

/**
 * Expires holds whose deadline has come, oldest first, at most `expiriesMax` of them, each exactly once (I9).
 * Those of a partition end in one record, so that none of them counts for the coverage of another.
 * Returns the earliest deadline that is left over all partitions; while that is not later than now, nothing else may be decided.
 */
export function expireDue(turn: Turn, expiriesMax: number): number {
  let left = expiriesMax;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const partition of turn.store.partitions.values()) {
    const due = partition.deadlines.takeDue(turn.nowMs, left);
    if (due.length > 0) {
      turn.record(
        partition,
        due.map((reservation) => ({ kind: "HoldExpired", reservation })),
      );
    }
    left -= due.length;
    earliestMs = Math.min(earliestMs, partition.deadlines.earliestMs);
  }
  return earliestMs;
}
