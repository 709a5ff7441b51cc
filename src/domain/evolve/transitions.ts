/** Steps that several events share: through the lifecycle, out of what is derived from open reservations, back to stocks. */
import { assert } from "../assertion.js";
import { type LifecycleEvent, nextState } from "../lifecycle.js";
import type { PartitionState } from "../partition-state.js";
import type { RecordStamp, StockTouched } from "../record-stamp.js";
import { openUnits, type Reservation, type ReservationLine, wasDispatched } from "../reservation.js";
import type { Stock } from "../stock.js";

/** The transition that taking units out of a reservation means: part of it, or all that was open. */
export function advanceAfterRemoval(
  state: PartitionState,
  reservation: Reservation,
  cause: "release" | "dispatch",
  stamp: RecordStamp,
): void {
  if (openUnits(reservation) > 0) {
    step(reservation, cause === "release" ? "release_part" : "dispatch_part", stamp);
    return;
  }
  if (cause === "dispatch") step(reservation, "dispatch_rest", stamp);
  else step(reservation, wasDispatched(reservation) ? "release_rest_after_dispatch" : "release_rest", stamp);
  end(state, reservation);
}

export function advance(
  state: PartitionState,
  number: number,
  event: LifecycleEvent,
  stamp: RecordStamp,
  from: Reservation["state"] = "PENDING",
): Reservation {
  const reservation = state.reservations.touch(number);
  assert(reservation.state === from, `I3: ${event} of a reservation that is ${reservation.state}`);
  step(reservation, event, stamp);
  return reservation;
}

export function step(reservation: Reservation, event: LifecycleEvent, stamp: RecordStamp): void {
  const next = nextState(reservation.state, event);
  assert(next !== undefined, `I3: ${event} is not allowed in ${reservation.state}`);
  reservation.state = next;
  reservation.revision += 1;
  reservation.updatedAtMs = stamp.timeMs;
}

/** Takes an ended reservation out of everything that is derived from open ones. */
export function end(state: PartitionState, reservation: Reservation): void {
  reservation.expiresAtMs = 0;
  setAtRisk(state, reservation, 0);
  reservation.provisional = false;
  state.provisional.delete(reservation.number);
  for (const line of reservation.lines) line.atRisk = false;
  state.openLines.delete(reservation.number);
  state.deadlines.delete(reservation.number);
  state.orders.delete(reservation.orderId, reservation.number);
  state.dealers.touch(reservation.dealer).openReservations -= 1;
}

export function giveBack(
  state: PartitionState,
  line: ReservationLine,
  quantity: number,
  counter: "reserved" | "committed",
  stamp: RecordStamp,
  touched: StockTouched,
): Stock {
  const stock = state.stocks.touch(line.stock);
  stock[counter] -= quantity;
  line.open -= quantity;
  line.released += quantity;
  changed(stock, stamp);
  touched(stock);
  return stock;
}

export function clearRisk(state: PartitionState, reservation: Reservation, line: ReservationLine): void {
  if (!line.atRisk) return;
  line.atRisk = false;
  if (!reservation.lines.some((other) => other.atRisk)) setAtRisk(state, reservation, 0);
}

/** `sinceMs` 0 for a reservation that is at risk no longer; what an operator decided about the risk ends with it. */
export function setAtRisk(state: PartitionState, reservation: Reservation, sinceMs: number): void {
  reservation.atRisk = sinceMs > 0;
  reservation.atRiskSinceMs = sinceMs;
  if (reservation.atRisk) state.atRisk.add(reservation.number);
  else {
    state.atRisk.delete(reservation.number);
    reservation.isKept = false;
  }
}

export function changed(stock: Stock, stamp: RecordStamp): void {
  stock.version += 1;
  stock.updatedAtMs = stamp.timeMs;
}

export function dealerNumber(state: PartitionState, dealerId: string): number {
  const known = state.dealers.find(dealerId);
  if (known !== undefined) return known.number;
  const number = state.dealers.count + 1;
  state.dealers.add({ number, dealerId, newestReservation: 0, openReservations: 0 });
  return number;
}
