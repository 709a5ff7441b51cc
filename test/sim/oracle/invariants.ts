/** The invariants of docs/architecture.md that can be judged from what callers can read. */
import type { StockFigures } from "../../../src/domain/availability.js";
import type { Reservation } from "../../../src/domain/reservation.js";
import type { OutcomeComparison } from "./compare-outcome.js";
import { compareFigures, compareReservation, same } from "./compare-parts.js";
import { gaps } from "./link-rules.js";
import { isOpen, type ModelState, picture, stockKey } from "./model-state.js";
import type { View } from "./request.js";
import { figures } from "./stock-rules.js";

export function invariants(state: ModelState, mark: number, comparison: OutcomeComparison, view: View): string[] {
  const differences: string[] = [];
  for (const { warehouseId, figures: actual } of view.stocks) {
    differences.push(...oversold(state, warehouseId, actual));
    differences.push(...compareFigures(actual, figures(state, warehouseId, actual.sku)).map((found) => `I2: ${found}`));
    differences.push(...comparison.sightings.figures(mark, warehouseId, actual));
    if (view.reservations !== undefined) differences.push(...sums(view.reservations, warehouseId, actual));
  }
  if (view.reservations !== undefined) {
    differences.push(...reservations(state, mark, comparison, { nowMs: view.nowMs, actual: view.reservations }));
  }
  for (const { source, status } of view.sources) {
    const applied = state.sources.get(source)?.applied ?? 0;
    differences.push(...same(`I12: applied_sequence of ${source}`, status.appliedSequence, applied));
  }
  return differences;
}

/** Every hold has ended, and nothing waits that could go on. */
export function atRest(state: ModelState, view: View): string[] {
  const held = (view.reservations ?? []).filter((reservation) => reservation.state === "PENDING");
  const stuck = [...state.sources.values()].filter((source) => source.buffered.size > 0 && gaps(source).length === 0);
  return [
    ...held.map(
      (reservation) => `I9: reservation ${reservation.id} is still PENDING, until ${reservation.expiresAtMs}`,
    ),
    ...view.stocks.flatMap(({ figures: { sku, reserved } }) => same(`I9: reserved of ${sku}`, reserved, 0)),
    ...stuck.map((source) => `I12: events of ${source.name} wait for nothing`),
  ];
}

/** I1: no decision of ours promised more than there was, nor widened an excess that the ERP made. */
function oversold(state: ModelState, warehouseId: string, actual: StockFigures): string[] {
  const { reserved, committed, allocatedElsewhere, onHand, unavailable, sku } = actual;
  const excess = reserved + committed + allocatedElsewhere - (onHand - unavailable);
  const allowed = state.stocks.get(stockKey(warehouseId, sku))?.excessAllowed ?? 0;
  return excess > allowed ? [`I1: ${sku} of ${warehouseId} is oversold by ${excess}, allowed ${allowed}`] : [];
}

/** I2: the counters are the sums over the reservations that the service itself lists. */
function sums(all: readonly Reservation[], warehouseId: string, actual: StockFigures): string[] {
  const open = { PENDING: 0, COMMITTED: 0 };
  for (const reservation of all) {
    if (reservation.warehouseId !== warehouseId) continue;
    if (reservation.state !== "PENDING" && reservation.state !== "COMMITTED") continue;
    for (const line of reservation.lines) if (line.sku === actual.sku) open[reservation.state] += line.open;
  }
  return [
    ...same(`I2: reserved of ${actual.sku}, against its reservations,`, actual.reserved, open.PENDING),
    ...same(`I2: committed of ${actual.sku}, against its reservations,`, actual.committed, open.COMMITTED),
  ];
}

function reservations(
  state: ModelState,
  mark: number,
  comparison: OutcomeComparison,
  view: { readonly nowMs: number; readonly actual: readonly Reservation[] },
): string[] {
  const differences: string[] = [];
  const known = [...state.reservations.values()].map(picture);
  const found = new Set<number>();
  for (const actual of view.actual) {
    const expected = comparison.ids.find(actual, known);
    if (expected === undefined) {
      differences.push(`I6: reservation ${actual.id} was made by no decision that survived`);
      continue;
    }
    if (found.has(expected.number)) differences.push(`I3: reservation ${actual.id} is there twice`);
    found.add(expected.number);
    differences.push(...compareReservation(actual, expected, view.nowMs).map((one) => `I3: ${one}`));
    differences.push(...comparison.ids.predecessor(actual, expected));
    differences.push(...comparison.sightings.reservation(mark, actual));
    if (actual.state === "PENDING" && actual.expiresAtMs <= view.nowMs) {
      differences.push(`I9: reservation ${actual.id} is PENDING after its deadline ${actual.expiresAtMs}`);
    }
  }
  for (const reservation of state.reservations.values()) {
    if (!isOpen(reservation) || found.has(reservation.number)) continue;
    const id = comparison.ids.idOf(reservation.number) ?? `#${reservation.number}`;
    differences.push(`I5: open reservation ${id} of ${reservation.dealerId} is gone`);
  }
  return differences;
}
