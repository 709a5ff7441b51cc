/** ErpEvent messages to events: readable but bad ones become faulty events, unreadable ones end the stream. */
import { toBinary } from "@bufbuild/protobuf";
import type { Heartbeat } from "../../actor/service.js";
import type { ErpBody, IncomingErpEvent } from "../../domain/erp-event.js";
import type { Refusal } from "../../domain/refusal.js";
import { type ErpEvent, ErpEventSchema, type SourceHeartbeat } from "../../gen/holdfast/v1/erp_event_pb.js";
import { EDGE_LIMITS, LIMITS } from "../../limits.js";
import { clipText } from "../clip-text.js";
import { FieldCheck } from "./field-check.js";
import { RELEASE_REASONS } from "./reservation-requests.js";

export type CheckedEvent =
  | { readonly kind: "event"; readonly event: IncomingErpEvent }
  | { readonly kind: "heartbeat"; readonly heartbeat: Heartbeat }
  /** A heartbeat that says nothing usable; it has no sequence, so there is nothing to dead-letter. */
  | { readonly kind: "rejected"; readonly source: string; readonly reason: string }
  | { readonly kind: "unreadable"; readonly refusal: Refusal };

/** What names the event must be readable, or there is nothing to answer to; the rest may be faulty. */
export function checkErpEvent(message: ErpEvent | undefined): CheckedEvent {
  const check = new FieldCheck();
  if (message === undefined) {
    check.fail("event", "must be set");
    return { kind: "unreadable", refusal: check.refusal()! };
  }
  const { source, body } = message;
  check.name("event.source", source);
  const heartbeat = body.case === "sourceHeartbeat" && message.sequence === 0n ? body.value : undefined;
  if (heartbeat === undefined) check.quantity("event.sequence", message.sequence);
  const refused = check.refusal();
  if (refused !== undefined) return { kind: "unreadable", refusal: refused };
  return heartbeat === undefined
    ? { kind: "event", event: readEvent(message, Number(message.sequence)) }
    : readHeartbeat(source, heartbeat);
}

function readHeartbeat(source: string, told: SourceHeartbeat): CheckedEvent {
  const check = new FieldCheck();
  const lastSequence = check.count("last_sequence", told.lastSequence);
  const erpResponseMs =
    told.erpResponseTime === undefined ? undefined : check.holdDuration("erp_response_time", told.erpResponseTime);
  const badField = check.firstField;
  return badField === undefined
    ? { kind: "heartbeat", heartbeat: { source, lastSequence, erpResponseMs } }
    : { kind: "rejected", source, reason: invalid(badField) };
}

function readEvent(message: ErpEvent, sequence: number): IncomingErpEvent {
  const { source, eventId } = message;
  const check = new FieldCheck();
  if (message.body.case !== "sourceHeartbeat") check.name("event_id", eventId);
  // Times are journalled as they were told, but not before 1970, which no ERP means.
  const occurredAtMs = Math.max(0, check.time("occur_time", message.occurTime));
  const body = checkBody(check, message);
  const badField = check.firstField;
  if (badField === undefined && body !== undefined) return { source, sequence, eventId, occurredAtMs, body };
  const raw = toBinary(ErpEventSchema, message).slice(0, LIMITS.faultyEventBytesMax);
  const fault = invalid(badField ?? "body");
  return { source, sequence, eventId: clipText(eventId, EDGE_LIMITS.faultyEventIdBytesMax), fault, raw };
}

function invalid(field: string): string {
  return `INVALID_FIELD: ${field}`;
}

function checkBody(check: FieldCheck, { body }: ErpEvent): ErpBody | undefined {
  if (body.case === undefined) {
    check.fail("body", "must be set");
    return undefined;
  }
  if (body.case === "sourceHeartbeat") {
    check.fail("sequence", "must be 0 for a heartbeat");
    return undefined;
  }
  const { warehouseId, sku } = body.value;
  check.name("warehouse_id", warehouseId);
  if (body.case === "orderClosed") check.optionalName("sku", sku);
  else check.name("sku", sku);
  const stock = { warehouseId, sku };
  switch (body.case) {
    case "stockReceived": {
      const quantity = check.quantity("quantity", body.value.quantity);
      check.text("reference", body.value.reference);
      return { kind: "StockReceived", ...stock, quantity, reference: body.value.reference };
    }
    case "stockAdjusted": {
      const { reason, reference } = body.value;
      const delta = check.delta("delta", body.value.delta);
      check.text("reason", reason);
      check.text("reference", reference);
      return { kind: "StockAdjusted", ...stock, delta, reason, reference };
    }
    case "stockCounted":
      return { kind: "StockCounted", ...stock, onHand: check.count("on_hand", body.value.onHand) };
    case "stockBlocked":
      return { kind: "StockBlocked", ...stock, delta: check.delta("delta", body.value.delta) };
    case "demandAllocated": {
      const delta = check.delta("delta", body.value.delta);
      check.text("reference", body.value.reference);
      return { kind: "DemandAllocated", ...stock, delta, reference: body.value.reference };
    }
    case "orderDispatched": {
      const { reservationId, orderId, dealerId } = body.value;
      const quantity = check.quantity("quantity", body.value.quantity);
      checkOrder(check, body.value, 0);
      return { kind: "OrderDispatched", ...stock, quantity, reservationId, orderId, dealerId };
    }
    case "orderClosed": {
      const { reservationId, orderId, dealerId } = body.value;
      checkOrder(check, body.value, 1);
      const reason = check.oneOf("reason", body.value.reason, RELEASE_REASONS);
      return { kind: "OrderClosed", ...stock, reservationId, orderId, dealerId, reason };
    }
    case "stockReturned": {
      const { orderId, dealerId } = body.value;
      const quantity = check.quantity("quantity", body.value.quantity);
      check.optionalName("order_id", orderId);
      check.optionalName("dealer_id", dealerId);
      return { kind: "StockReturned", ...stock, quantity, orderId, dealerId };
    }
    case "eventReversed": {
      check.name("event_reversed.event_id", body.value.eventId);
      return { kind: "EventReversed", ...stock, reversedEventId: body.value.eventId };
    }
  }
}

/** At most one of reservation_id and order_id, and at least `atLeast`. */
function checkOrder(
  check: FieldCheck,
  order: { readonly reservationId: string; readonly orderId: string; readonly dealerId: string },
  atLeast: 0 | 1,
): void {
  check.optionalName("reservation_id", order.reservationId);
  check.optionalName("order_id", order.orderId);
  check.optionalName("dealer_id", order.dealerId);
  const named = (order.reservationId === "" ? 0 : 1) + (order.orderId === "" ? 0 : 1);
  if (named > 1) check.fail("reservation_id", "at most one of reservation_id and order_id may be set");
  if (named < atLeast) check.fail("reservation_id", "exactly one of reservation_id and order_id must be set");
}
