import type { Turn } from "./turn.js";

/**
 * Expires holds whose deadline has come, oldest first, at most `expiriesMax` of them, each exactly once (I9).
 * Returns the earliest deadline that is left over all partitions; while that is not later than now, nothing else may be decided.
 */
export function expireDue(turn: Turn, expiriesMax: number): number {
  let left = expiriesMax;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const partition of turn.store.partitions.values()) {
    const { deadlines } = partition;
    while (deadlines.earliestMs <= turn.nowMs && left > 0) {
      turn.record(partition, [{ kind: "HoldExpired", reservation: deadlines.earliest }]);
      left -= 1;
    }
    earliestMs = Math.min(earliestMs, deadlines.earliestMs);
  }
  return earliestMs;
}
