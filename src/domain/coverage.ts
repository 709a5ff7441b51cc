/**
 * Who is covered in a shortfall (docs/api.md, Shortfall): what is there covers committed units in the order of commit,
 * then holds in the order of creation, unit by unit. A line with an uncovered unit is at risk.
 */
import type { PartitionEvent, ProvisionalConfirmed, RiskChanged } from "./event.js";
import type { PartitionState } from "./partition-state.js";
import { coveringUnits, type Stock } from "./stock.js";

/** The changes of risk that a stock's present figures ask for; none when nobody's risk changed. */
export function riskChanges(state: PartitionState, stock: Stock): readonly RiskChanged[] {
  let remaining = coveringUnits(stock);
  const covered = remaining >= stock.reserved + stock.committed;
  if (covered && state.openLines.atRiskCount(stock.number) === 0) return [];
  const changes: RiskChanged[] = [];
  state.openLines.walk(stock.number, (line) => {
    const atRisk = line.open > remaining;
    remaining = Math.max(0, remaining - line.open);
    if (atRisk !== line.atRisk) {
      changes.push({ kind: "RiskChanged", reservation: line.reservation, line: line.line, atRisk });
    }
    return true;
  });
  return changes;
}

/** A provisional order that was kept back by a shortfall is confirmed once that ends, the ERP being there. */
export function confirmationAfter(state: PartitionState, change: RiskChanged): ProvisionalConfirmed | undefined {
  if (change.atRisk || state.degraded.step > 0) return undefined;
  const { number, provisional, atRisk } = state.reservations.get(change.reservation)!;
  return provisional && !atRisk ? { kind: "ProvisionalConfirmed", reservation: number } : undefined;
}

/** The same where what was at risk of it left or was given back. */
export function confirmationAfterRemoval(
  state: PartitionState,
  event: PartitionEvent,
): ProvisionalConfirmed | undefined {
  if (event.kind !== "ReservationReleased" && event.kind !== "UnitsDispatched") return undefined;
  if (state.provisional.size === 0 || state.degraded.step > 0) return undefined;
  const { number, provisional, atRisk } = state.reservations.get(event.reservation)!;
  return provisional && !atRisk ? { kind: "ProvisionalConfirmed", reservation: number } : undefined;
}

/** How many open units of a reservation's line on this stock are covered now. */
export function coveredByLine(state: PartitionState, stock: Stock, reservation: number): number {
  let remaining = coveringUnits(stock);
  let covered = 0;
  state.openLines.walk(stock.number, (line) => {
    if (line.reservation === reservation) {
      covered = Math.min(line.open, remaining);
      return false;
    }
    remaining = Math.max(0, remaining - line.open);
    return true;
  });
  return covered;
}

/** The same for many reservations in one walk; those without an open line on this stock are left out. */
export function coveredByLines(
  state: PartitionState,
  stock: Stock,
  reservations: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  let remaining = coveringUnits(stock);
  const covered = new Map<number, number>();
  state.openLines.walk(stock.number, (line) => {
    if (reservations.has(line.reservation)) covered.set(line.reservation, Math.min(line.open, remaining));
    remaining = Math.max(0, remaining - line.open);
    return covered.size < reservations.size;
  });
  return covered;
}
