/** How units leave a reservation, and how it ends: exactly once (P3, P6, I3, I9). */
import { isOpen, type ModelReservation, type ModelState, stockKey } from "./model-state.js";
import { lowerExcessAllowed, refreshRisk, stocksOf } from "./stock-rules.js";

/** Counts a change of the reservation, and ends it when nothing of it is open. */
export function changed(
  state: ModelState,
  reservation: ModelReservation,
  change: { readonly nowMs: number; readonly endsAs: "RELEASED" | "EXPIRED" },
): void {
  reservation.revision += 1;
  reservation.updatedAtMs = change.nowMs;
  const stocks = stocksOf(state, reservation);
  if (reservation.lines.every((line) => line.open === 0)) {
    const dispatched = reservation.lines.some((line) => line.dispatched > 0);
    reservation.state = dispatched ? "FULFILLED" : change.endsAs;
    reservation.atRisk = false;
  }
  if (reservation.state !== "PENDING") reservation.expiresAtMs = 0;
  for (const line of reservation.lines) {
    const stock = state.stocks.get(stockKey(reservation.warehouseId, line.sku));
    if (line.open === 0) stock?.open.delete(reservation.number);
  }
  refreshRisk(state, stocks);
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
    changed(state, reservation, { nowMs: reservation.expiresAtMs, endsAs: "EXPIRED" });
  }
  state.nextDeadlineMs = held
    .filter(isOpen)
    .reduce((earliest, reservation) => Math.min(earliest, reservation.expiresAtMs), Number.MAX_SAFE_INTEGER);
}

/** Remembers a deadline that may be the next. */
export function holdUntil(state: ModelState, reservation: ModelReservation, deadlineMs: number): void {
  reservation.expiresAtMs = deadlineMs;
  state.nextDeadlineMs = Math.min(state.nextDeadlineMs, deadlineMs);
}
