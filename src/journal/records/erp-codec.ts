/** holdfast.journal.v1.ErpEvent: an ERP event as it was taken, or as it came when it could not be. */
import { type ErpBody, type ErpEvent, type IncomingErpEvent, isFaulty } from "../../domain/erp-event.js";
import { codeOf, nameOf, RELEASE_REASONS } from "./codes.js";
import { WireError, type WireReader, type WireWriter } from "./wire.js";

const BODY_FIELDS = {
  StockReceived: 5,
  StockAdjusted: 6,
  StockCounted: 7,
  StockBlocked: 8,
  DemandAllocated: 9,
  OrderDispatched: 10,
  OrderClosed: 11,
  StockReturned: 12,
  EventReversed: 14,
} as const;
const BODY_KINDS = new Map(
  Object.entries(BODY_FIELDS).map(([kind, field]) => [field as number, kind as ErpBody["kind"]]),
);
const FAULTY_FIELD = 13;

export function writeErpEvent(writer: WireWriter, field: number, event: IncomingErpEvent): void {
  const mark = writer.begin(field);
  writer.string(1, event.source);
  writer.int(2, event.sequence);
  writer.string(3, event.eventId);
  if (isFaulty(event)) {
    const faulty = writer.begin(FAULTY_FIELD);
    writer.string(1, event.fault);
    writer.raw(2, event.raw);
    writer.end(faulty);
  } else {
    writer.int(4, event.occurredAtMs);
    writeBody(writer, event.body);
  }
  writer.end(mark);
}

function writeBody(writer: WireWriter, body: ErpBody): void {
  const mark = writer.begin(BODY_FIELDS[body.kind]);
  writer.string(1, body.warehouseId);
  writer.string(2, body.sku);
  switch (body.kind) {
    case "StockReceived":
      writer.int(3, body.quantity);
      writer.string(4, body.reference);
      break;
    case "StockAdjusted":
      writer.int(3, body.delta);
      writer.string(4, body.reason);
      writer.string(5, body.reference);
      break;
    case "StockCounted":
      writer.int(3, body.onHand);
      break;
    case "StockBlocked":
      writer.int(3, body.delta);
      break;
    case "DemandAllocated":
      writer.int(3, body.delta);
      writer.string(4, body.reference);
      break;
    case "OrderDispatched":
      writer.int(3, body.quantity);
      writer.string(4, body.reservationId);
      writer.string(5, body.orderId);
      writer.string(6, body.dealerId);
      break;
    case "OrderClosed":
      writer.string(3, body.reservationId);
      writer.string(4, body.orderId);
      writer.string(5, body.dealerId);
      writer.int(6, codeOf(RELEASE_REASONS, body.reason));
      break;
    case "StockReturned":
      writer.int(3, body.quantity);
      writer.string(4, body.orderId);
      writer.string(5, body.dealerId);
      break;
    case "EventReversed":
      writer.string(3, body.reversedEventId);
      break;
  }
  writer.end(mark);
}

export function readErpEvent(reader: WireReader): IncomingErpEvent {
  const outer = reader.enter();
  let source = "";
  let sequence = 0;
  let eventId = "";
  let occurredAtMs = 0;
  let body: ErpBody | undefined;
  let faulty: { fault: string; raw: Uint8Array } | undefined;
  while (reader.next()) {
    if (reader.field === 1) source = reader.string();
    else if (reader.field === 2) sequence = reader.int();
    else if (reader.field === 3) eventId = reader.string();
    else if (reader.field === 4) occurredAtMs = reader.int();
    else if (reader.field === FAULTY_FIELD) faulty = readFaulty(reader);
    else if (BODY_KINDS.has(reader.field)) body = readBody(reader);
    else reader.skip();
  }
  reader.leave(outer);
  if (faulty !== undefined) return { source, sequence, eventId, ...faulty };
  if (body === undefined) throw new WireError("an ERP event without a body");
  return { source, sequence, eventId, occurredAtMs, body };
}

/** An event that must have been taken, as those of applied records are. */
export function readTakenErpEvent(reader: WireReader): ErpEvent {
  const event = readErpEvent(reader);
  if (isFaulty(event)) throw new WireError(`the event ${event.source} ${event.sequence} is faulty where it cannot be`);
  return event;
}

function readFaulty(reader: WireReader): { fault: string; raw: Uint8Array } {
  const outer = reader.enter();
  let fault = "";
  let raw: Uint8Array = new Uint8Array(0);
  while (reader.next()) {
    if (reader.field === 1) fault = reader.string();
    else if (reader.field === 2) raw = reader.raw();
    else reader.skip();
  }
  reader.leave(outer);
  return { fault, raw };
}

/** Reads a body by its position in the oneof: numbers and texts by field, then given their names. */
function readBody(reader: WireReader): ErpBody {
  const kind = BODY_KINDS.get(reader.field)!;
  const outer = reader.enter();
  const texts = ["", "", "", "", "", "", ""];
  const numbers = [0, 0, 0, 0, 0, 0, 0];
  const numeric = kind === "OrderClosed" ? 6 : kind === "EventReversed" ? 0 : 3;
  while (reader.next()) {
    if (reader.field > 6) reader.skip();
    else if (reader.field === numeric) numbers[reader.field] = reader.int();
    else texts[reader.field] = reader.string();
  }
  reader.leave(outer);
  const warehouseId = texts[1]!;
  const sku = texts[2]!;
  switch (kind) {
    case "StockReceived":
      return { kind, warehouseId, sku, quantity: numbers[3]!, reference: texts[4]! };
    case "StockAdjusted":
      return { kind, warehouseId, sku, delta: numbers[3]!, reason: texts[4]!, reference: texts[5]! };
    case "StockCounted":
      return { kind, warehouseId, sku, onHand: numbers[3]! };
    case "StockBlocked":
      return { kind, warehouseId, sku, delta: numbers[3]! };
    case "DemandAllocated":
      return { kind, warehouseId, sku, delta: numbers[3]!, reference: texts[4]! };
    case "OrderDispatched":
      return {
        kind,
        warehouseId,
        sku,
        quantity: numbers[3]!,
        reservationId: texts[4]!,
        orderId: texts[5]!,
        dealerId: texts[6]!,
      };
    case "OrderClosed":
      return {
        kind,
        warehouseId,
        sku,
        reservationId: texts[3]!,
        orderId: texts[4]!,
        dealerId: texts[5]!,
        reason: nameOf(RELEASE_REASONS, numbers[6]!),
      };
    case "StockReturned":
      return { kind, warehouseId, sku, quantity: numbers[3]!, orderId: texts[4]!, dealerId: texts[5]! };
    case "EventReversed":
      return { kind, warehouseId, sku, reversedEventId: texts[3]! };
  }
}
