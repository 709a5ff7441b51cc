import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ErpEvent as DomainErpEvent, ErpBody } from "../../domain/erp-event.js";
import { type ErpEvent, ErpEventSchema } from "../../gen/holdfast/v1/erp_event_pb.js";
import { ReleaseReason } from "../../gen/holdfast/v1/reservation_pb.js";

/** An event as its source sent it. */
export function erpEventMessage(event: DomainErpEvent): ErpEvent {
  return create(ErpEventSchema, {
    source: event.source,
    sequence: BigInt(event.sequence),
    eventId: event.eventId,
    ...(event.occurredAtMs === 0 ? {} : { occurTime: timestampFromMs(event.occurredAtMs) }),
    body: bodyMessage(event.body),
  });
}

function bodyMessage(body: ErpBody): NonNullable<MessageInitShape<typeof ErpEventSchema>["body"]> {
  switch (body.kind) {
    case "StockReceived":
      return {
        case: "stockReceived",
        value: { ...named(body), quantity: BigInt(body.quantity), reference: body.reference },
      };
    case "StockAdjusted": {
      const { reason, reference } = body;
      return { case: "stockAdjusted", value: { ...named(body), delta: BigInt(body.delta), reason, reference } };
    }
    case "StockCounted":
      return { case: "stockCounted", value: { ...named(body), onHand: BigInt(body.onHand) } };
    case "StockBlocked":
      return { case: "stockBlocked", value: { ...named(body), delta: BigInt(body.delta) } };
    case "DemandAllocated":
      return {
        case: "demandAllocated",
        value: { ...named(body), delta: BigInt(body.delta), reference: body.reference },
      };
    case "OrderDispatched": {
      const { reservationId, orderId, dealerId } = body;
      const value = { ...named(body), quantity: BigInt(body.quantity), reservationId, orderId, dealerId };
      return { case: "orderDispatched", value };
    }
    case "OrderClosed": {
      const { reservationId, orderId, dealerId } = body;
      const value = { ...named(body), reservationId, orderId, dealerId, reason: ReleaseReason[body.reason] };
      return { case: "orderClosed", value };
    }
    case "StockReturned": {
      const { orderId, dealerId } = body;
      return { case: "stockReturned", value: { ...named(body), quantity: BigInt(body.quantity), orderId, dealerId } };
    }
    case "EventReversed":
      return { case: "eventReversed", value: { ...named(body), eventId: body.reversedEventId } };
  }
}

function named({ warehouseId, sku }: ErpBody): { readonly warehouseId: string; readonly sku: string } {
  return { warehouseId, sku };
}
