import type { ErpEvent, GetStockResponse, Reservation } from "../../client/index.js";
import { describeFigures } from "./availability-view.js";
import { describeEventBody, describeEventTime, nameEvent } from "./event-view.js";
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
        exceptions.map(({ event, quantity, reason }) => [nameEvent(event), quantity, reason]),
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
    events.map((event) => [nameEvent(event), describeEventTime(event), describeEventBody(event)]),
  );
}
