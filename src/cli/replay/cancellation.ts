/** Which reservations a cancellation gives units back from. Pure. */
import { type LedgerReservation, openUnits } from "./ledger.js";
import type { PlannedLine } from "./replay-plan.js";

export interface CancellationPlan {
  /** One Release for each reservation. */
  readonly releases: ReadonlyMap<string, readonly PlannedLine[]>;
  /** Lines of which some units are in no open reservation of the customer. */
  readonly unmatchedLines: number;
}

/** Takes each line's units from the latest reservations that have open units of its SKU. */
export function planCancellation(
  lines: readonly PlannedLine[],
  latestFirst: readonly LedgerReservation[],
): CancellationPlan {
  const taken = new Map<string, Map<string, number>>();
  let unmatchedLines = 0;
  for (const { sku, quantity } of lines) {
    let rest = quantity;
    for (const { reservationId, lines: held } of latestFirst) {
      const line = held.get(sku);
      if (line === undefined) continue;
      const takenHere = taken.get(reservationId) ?? new Map<string, number>();
      const before = takenHere.get(sku) ?? 0;
      const units = Math.min(rest, openUnits(line) - before);
      if (units <= 0) continue;
      taken.set(reservationId, takenHere.set(sku, before + units));
      rest -= units;
    }
    if (rest > 0) unmatchedLines += 1;
  }
  const releases = new Map<string, PlannedLine[]>();
  for (const [reservationId, units] of taken) {
    releases.set(
      reservationId,
      Array.from(units, ([sku, quantity]) => ({ sku, quantity })),
    );
  }
  return { releases, unmatchedLines };
}
