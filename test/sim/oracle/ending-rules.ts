/** How units leave a reservation, and how it ends: exactly once (P3, P6, I3, I9). */
import { isOpen, type ModelReservation, type ModelState, stockKey } from "./model-state.js";
import {
  confirmCovered,
  countRevision,
  lowerExcessAllowed,
  type Moment,
  refreshRisk,
  setAtRisk,
  stocksOf,
} from "./stock-rules.js";

export type Ending = "RELEASED" | "EXPIRED";

/** Counts one change of a reservation whose units were moved already, and ends it when nothing of it is open. */
function count(state: ModelState, reservation: ModelReservation, at: Moment, ending: Ending): void {
  const toldByExpiry = reservation.toldByExpiry && ending === "EXPIRED";
  countRevision(reservation, at);
  reservation.toldByExpiry = toldByExpiry;
  if (reservation.lines.every((line) => line.open === 0)) {
    const dispatched = reservation.lines.some((line) => line.dispatched > 0);
    reservation.state = dispatched ? "FULFILLED" : ending;
  }
  if (reservation.state !== "PENDING") reservation.expiresAtMs = 0;
  for (const line of reservation.lines) {
    const stock = state.stocks.get(stockKey(reservation.warehouseId, line.sku));
    if (line.open > 0) continue;
    stock?.open.delete(reservation.number);
    line.atRisk = false;
  }
  // Risk that ends with the line is part of this change; risk that ends by cover is told on its own.
  if (!isOpen(reservation)) reservation.provisional = false;
  if (!reservation.atRisk || reservation.lines.some((line) => line.atRisk)) return;
  setAtRisk(reservation, 0);
  confirmCovered(state, reservation, at);
}

/** What one decision or event did to these reservations: their revisions, their ends, and who is at risk by it. */
export function changed(
  state: ModelState,
  reservations: readonly ModelReservation[],
  at: Moment,
  ending: Ending,
): void {
  const stocks = new Set(reservations.flatMap((reservation) => stocksOf(state, reservation)));
  for (const reservation of reservations) count(state, reservation, at, ending);
  refreshRisk(state, stocks, at);
  for (const stock of stocks) lowerExcessAllowed(state, stock);
}

/** Ends every hold whose deadline is not after `nowMs`: it counts in no decision from then on. */
export function expireDue(state: ModelState, nowMs: number): void {
  if (state.nextDeadlineMs > nowMs) return;
  const held = [...state.reservations.values()].filter((reservation) => reservation.state === "PENDING");
  const due = held.filter((reservation) => reservation.expiresAtMs <= nowMs);
  due.sort((one, other) => one.expiresAtMs - other.expiresAtMs || one.number - other.number);
  for (const reservation of due) {
    for (const line of reservation.lines) {
      line.released += line.open;
      line.open = 0;
    }
    changed(state, [reservation], { nowMs: reservation.expiresAtMs, exact: false }, "EXPIRED");
  }
  state.nextDeadlineMs = held
    .filter(isOpen)
    .reduce((earliest, reservation) => Math.min(earliest, reservation.expiresAtMs), Number.MAX_SAFE_INTEGER);
}

/** Remembers a deadline that may be the next. */
export function holdUntil(state: ModelState, reservation: ModelReservation, deadlineMs: number): void {
  reservation.expiresAtMs = deadlineMs;
  state.longestHoldMs = Math.max(state.longestHoldMs, deadlineMs - reservation.createdAtMs);
  state.nextDeadlineMs = Math.min(state.nextDeadlineMs, deadlineMs);
}
