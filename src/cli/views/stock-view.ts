import { type ErpEvent, type GetStockResponse, type Reservation, timestampMs } from "../../client/index.js";
import { describeFigures } from "./availability-view.js";
import { formatTime } from "./format.js";
import { describeState } from "./reservation-view.js";
import { renderTable } from "./table.js";

/** One stock closely: its figures, who has units of it, and what the ERP said last. */
export function describeStock(response: GetStockResponse): string {
  const { stock, reservations, lastEvents, exceptions } = response;
  const parts = [describeFigures(stock === undefined ? [] : [stock])];
  if (reservations.length > 0) parts.push(describeHolders(reservations, stock?.sku ?? ""));
  if (lastEvents.length > 0) parts.push(describeEvents(lastEvents));
  if (exceptions.length > 0) {
    parts.push(
      renderTable(
        [{ title: "DISPATCHED BUT NOT PROMISED" }, { title: "UNITS", align: "right" }, { title: "WHY" }],
        exceptions.map(({ event, quantity, reason }) => [nameOf(event), quantity, reason]),
      ),
    );
  }
  return parts.join("\n\n");
}

/** Who has units of this SKU. */
function describeHolders(reservations: readonly Reservation[], sku: string): string {
  return renderTable(
    [
      { title: "RESERVATION" },
      { title: "STATE" },
      { title: "DEALER" },
      { title: "ORDER" },
      { title: "RESERVED", align: "right" },
      { title: "COMMITTED", align: "right" },
      { title: "HELD UNTIL" },
    ],
    reservations.map((reservation) => {
      const line = reservation.lines.find((each) => each.sku === sku);
      const { reservationId, dealerId, orderId, expireTime } = reservation;
      const units = [line?.reserved ?? 0n, line?.committed ?? 0n];
      return [reservationId, describeState(reservation), dealerId, orderId, ...units, formatTime(expireTime)];
    }),
  );
}

function describeEvents(events: readonly ErpEvent[]): string {
  return renderTable(
    [{ title: "EVENT" }, { title: "TIME" }, { title: "WHAT" }],
    events.map((event) => [
      nameOf(event),
      event.occurTime === undefined || timestampMs(event.occurTime) === 0 ? "-" : formatTime(event.occurTime),
      describeBody(event),
    ]),
  );
}

function nameOf(event: ErpEvent | undefined): string {
  return event === undefined ? "-" : `${event.source} #${event.sequence}`;
}

function describeBody({ body }: ErpEvent): string {
  switch (body.case) {
    case "stockReceived":
      return `received ${body.value.quantity}`;
    case "stockAdjusted":
      return `adjusted by ${body.value.delta}`;
    case "stockCounted":
      return `counted ${body.value.onHand}`;
    case "stockBlocked":
      return `blocked ${body.value.delta}`;
    case "demandAllocated":
      return `allocated elsewhere ${body.value.delta}`;
    case "orderDispatched":
      return `dispatched ${body.value.quantity} of ${body.value.reservationId || body.value.orderId || "no order"}`;
    case "orderClosed":
      return `closed ${body.value.reservationId || body.value.orderId}`;
    case "stockReturned":
      return `returned ${body.value.quantity}`;
    default:
      return body.case ?? "an event of a newer server";
  }
}
