import type { ErpBody } from "../erp-event.js";
import type { PartitionEvent } from "../event.js";
import type { PartitionState } from "../partition-state.js";
import { isOpen, type Reservation, type ReservationLine } from "../reservation.js";

type Closed = Extract<ErpBody, { kind: "OrderClosed" }>;

/**
 * A source ends an order: what is still open of it in the source's own stocks is released, wholly or for one SKU.
 * An order that is not open here is nothing to do; one that is open in other sources' stocks only is rejected.
 * An order_id that several dealers use is rejected unless the dealer is named.
 */
export function decideOrderClosed(
  state: PartitionState,
  source: string,
  body: Closed,
  reservationNumber: number,
): readonly PartitionEvent[] | string {
  const reservations = body.orderId === "" ? named(state, body, reservationNumber) : ofOrder(state, body);
  if (reservations.some((reservation) => reservation.dealerId !== reservations[0]!.dealerId)) {
    return "DEALER_AMBIGUOUS: dealer_id";
  }
  const events: PartitionEvent[] = [];
  let isForeign = false;
  for (const reservation of reservations) {
    const quantities = reservation.lines.map((line) => {
      if (line.open === 0 || (body.sku !== "" && line.sku !== body.sku)) return 0;
      if (isOwned(state, line, source)) return line.open;
      isForeign = true;
      return 0;
    });
    if (quantities.every((quantity) => quantity === 0)) continue;
    const whole = reservation.lines.every((line, index) => line.open === quantities[index]);
    events.push({
      kind: "ReservationReleased",
      reservation: reservation.number,
      quantities: whole ? undefined : quantities,
      reason: body.reason,
      attribution: undefined,
    });
  }
  return isForeign && events.length === 0 ? "NOT_SOURCE_OF_RECORD" : events;
}

function isOwned(state: PartitionState, line: ReservationLine, source: string): boolean {
  return state.stocks.get(line.stock)!.source === source;
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
