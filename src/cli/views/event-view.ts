import { type ErpEvent, timestampMs } from "../../client/index.js";
import { formatTime } from "./format.js";

/** An ERP event by its source and sequence. */
export function nameEvent(event: ErpEvent | undefined): string {
  return event === undefined ? "-" : `${event.source} #${event.sequence}`;
}

/** When an event happened by its source's clock. */
export function describeEventTime({ occurTime }: ErpEvent): string {
  return occurTime === undefined || timestampMs(occurTime) === 0 ? "-" : formatTime(occurTime);
}

/** What an event says, in a few words. */
export function describeEventBody({ body }: ErpEvent): string {
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
    case "eventReversed":
      return `reversed ${body.value.eventId}`;
    case undefined:
      return "nothing that can be read";
    default:
      return body.case;
  }
}

/** The stock that an event names: warehouse and SKU. */
export function describeEventStock({ body }: ErpEvent): string {
  if (body.case === undefined || body.case === "sourceHeartbeat") return "-";
  const { warehouseId, sku } = body.value;
  return sku === "" ? warehouseId : `${warehouseId} ${sku}`;
}
