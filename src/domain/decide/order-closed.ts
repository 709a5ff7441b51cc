import type { ErpBody } from "../erp-event.js";
import type { PartitionEvent } from "../event.js";
import type { PartitionState } from "../partition-state.js";
import { isOpen, type Reservation } from "../reservation.js";

type Closed = Extract<ErpBody, { kind: "OrderClosed" }>;

/**
 * The ERP ends an order: what is still open of it is released, wholly or for one SKU.
 * An order that is not open here is nothing to do. An order_id that several dealers use is rejected unless the dealer is named.
 */
export function decideOrderClosed(
  state: PartitionState,
  body: Closed,
  reservationNumber: number,
): readonly PartitionEvent[] | string {
  const reservations = body.orderId === "" ? named(state, body, reservationNumber) : ofOrder(state, body);
  if (reservations.some((reservation) => reservation.dealerId !== reservations[0]!.dealerId)) {
    return "DEALER_AMBIGUOUS: dealer_id";
  }
  const events: PartitionEvent[] = [];
  for (const reservation of reservations) {
    const quantities = reservation.lines.map((line) => (body.sku === "" || line.sku === body.sku ? line.open : 0));
    if (quantities.every((quantity) => quantity === 0)) continue;
    const whole = reservation.lines.every((line, index) => line.open === quantities[index]);
    events.push({
      kind: "ReservationReleased",
      reservation: reservation.number,
      quantities: whole ? undefined : quantities,
      reason: body.reason,
    });
  }
  return events;
}

function named(state: PartitionState, body: Closed, number: number): Reservation[] {
  const reservation = number === 0 ? undefined : state.reservations.get(number);
  if (reservation === undefined || reservation.id !== body.reservationId || !isOpen(reservation.state)) return [];
  return body.dealerId === "" || body.dealerId === reservation.dealerId ? [reservation] : [];
}

function ofOrder(state: PartitionState, body: Closed): Reservation[] {
  return state.orders
    .candidates(body.orderId)
    .map((number) => state.reservations.get(number)!)
    .filter((reservation) => reservation.orderId === body.orderId && isOpen(reservation.state))
    .filter((reservation) => body.dealerId === "" || body.dealerId === reservation.dealerId)
    .sort((a, b) => a.number - b.number);
}
