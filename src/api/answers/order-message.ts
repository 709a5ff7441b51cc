import type { OrderMessage, OrderEvent as ToldEvent } from "../../actor/service.js";
import type { WatchOrdersResponse } from "../../gen/holdfast/v1/erp_service_pb.js";
import { type OrderEvent, OrderEventType } from "../../gen/holdfast/v1/order_event_pb.js";
import { timestamp } from "./messages.js";

export function orderMessage({ event, cursor }: OrderMessage): WatchOrdersResponse {
  return {
    $typeName: "holdfast.v1.WatchOrdersResponse",
    event: event === undefined ? undefined : eventMessage(event),
    cursor,
  };
}

function eventMessage(event: ToldEvent): OrderEvent {
  return {
    $typeName: "holdfast.v1.OrderEvent",
    eventId: event.eventId,
    type: OrderEventType[event.type],
    reservationId: event.reservationId,
    revision: BigInt(event.revision),
    dealerId: event.dealerId,
    orderId: event.orderId,
    warehouseId: event.warehouseId,
    lines: event.lines.map(({ sku, quantity, remaining }) => ({
      $typeName: "holdfast.v1.OrderEventLine",
      sku,
      quantity: BigInt(quantity),
      remaining: BigInt(remaining),
    })),
    reason: event.reason,
    occurTime: timestamp(event.occurredAtMs),
  };
}
