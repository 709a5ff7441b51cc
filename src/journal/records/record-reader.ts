/** The bytes of proto/holdfast/journal/v1 to domain events, record by record. */
import type { JournalRecord, MadeLine, PartitionEvent, ReservationMade, SystemEvent } from "../../domain/event.js";
import type { ConsumedUnits } from "../../domain/movement.js";
import { readAnswer } from "./answer-codec.js";
import { nameOf, RELEASE_REASONS } from "./codes.js";
import { readConsumed } from "./consumed-codec.js";
import { readErpEvent, readTakenErpEvent } from "./erp-codec.js";
import { readOutcomes } from "./outcomes-codec.js";
import { readPlainEvent } from "./plain-events.js";
import { readPolicyPut } from "./policy-codec.js";
import { EVENT_FIELDS } from "./record-writer.js";
import { readSourcePut } from "./source-codec.js";
import { WireError, WireReader } from "./wire.js";

/** The records of a block's body, in the order of their decision. */
export function* readRecords(body: Uint8Array): Generator<JournalRecord> {
  const reader = new WireReader(body);
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    const record = readRecord(reader);
    reader.leave(outer);
    yield record;
  }
}

function readRecord(reader: WireReader): JournalRecord {
  let partition = 0;
  let epoch = 0;
  let sequence = 0;
  let timeMs = 0;
  const events: (PartitionEvent | SystemEvent)[] = [];
  while (reader.next()) {
    if (reader.field === 1) partition = reader.int();
    else if (reader.field === 2) epoch = reader.int();
    else if (reader.field === 3) sequence = reader.int();
    else if (reader.field === 4) timeMs = reader.int();
    else if (reader.field === 5) events.push(readEvent(reader));
    else reader.skip();
  }
  return { partition, epoch, sequence, timeMs, events };
}

function readEvent(reader: WireReader): PartitionEvent | SystemEvent {
  const outer = reader.enter();
  if (!reader.next()) throw new WireError("an event without content");
  const field = reader.field;
  const inner = reader.enter();
  const event = readContent(reader, field);
  reader.leave(inner);
  reader.leave(outer);
  return event;
}

function readContent(reader: WireReader, field: number): PartitionEvent | SystemEvent {
  switch (field) {
    case EVENT_FIELDS.ReservationMade:
      return readMade(reader);
    case EVENT_FIELDS.RequestAnswered:
      return readAnswer(reader);
    case EVENT_FIELDS.ErpEventApplied:
    case EVENT_FIELDS.ErpEventRejected:
    case EVENT_FIELDS.ErpEventBuffered:
    case EVENT_FIELDS.DispatchUnmatched:
      return readErp(reader, field);
    case EVENT_FIELDS.PolicyPut:
      return readPolicyPut(reader);
    case EVENT_FIELDS.SourcePut:
      return readSourcePut(reader);
    case EVENT_FIELDS.OutcomesTold:
      return readOutcomes(reader);
    default:
      return readPlainEvent(reader, field) ?? readFlat(reader, field);
  }
}

/** Events whose fields are numbers, texts and packed numbers only. */
function readFlat(reader: WireReader, field: number): PartitionEvent | SystemEvent {
  const numbers = [0, 0, 0, 0, 0, 0];
  const texts = ["", "", "", "", "", ""];
  let quantities: number[] | undefined;
  while (reader.next()) {
    const at = reader.field;
    if (at > 5) reader.skip();
    else if (PACKED.has(field) && at === 2) quantities = reader.packed();
    else if (isText(field, at)) texts[at] = reader.string();
    else numbers[at] = reader.int();
  }
  const first = numbers[1]!;
  switch (field) {
    case EVENT_FIELDS.StockOpened:
      return { kind: "StockOpened", stock: first, sku: texts[2]! };
    case EVENT_FIELDS.StockPolicySet:
      return {
        kind: "StockPolicySet",
        stock: first,
        safetyStock: numbers[2]!,
        lowAt: numbers[3]!,
        attribution: { actor: texts[4]!, reason: texts[5]! },
      };
    case EVENT_FIELDS.ReservationCommitted:
      return { kind: "ReservationCommitted", reservation: first, quantities, provisional: numbers[3] === 1 };
    case EVENT_FIELDS.ReservationReleased:
      return {
        kind: "ReservationReleased",
        reservation: first,
        quantities,
        reason: nameOf(RELEASE_REASONS, numbers[3]!),
        attribution: texts[4] === "" && texts[5] === "" ? undefined : { actor: texts[4]!, reason: texts[5]! },
      };
    case EVENT_FIELDS.HoldExtended:
      return { kind: "HoldExtended", reservation: first, expiresAtMs: numbers[2]! };
    case EVENT_FIELDS.HoldExpired:
      return { kind: "HoldExpired", reservation: first };
    case EVENT_FIELDS.UnitsDispatched:
      return { kind: "UnitsDispatched", reservation: first, line: numbers[2]!, quantity: numbers[3]! };
    case EVENT_FIELDS.RiskChanged:
      return { kind: "RiskChanged", reservation: first, line: numbers[2]!, atRisk: numbers[3] === 1 };
    case EVENT_FIELDS.WarehouseOpened:
      return { kind: "WarehouseOpened", partition: first, warehouseId: texts[2]! };
    case EVENT_FIELDS.EpochBegun:
      return { kind: "EpochBegun", epoch: first, nonce: texts[2]! };
    case EVENT_FIELDS.DealerPut:
      return {
        kind: "DealerPut",
        dealerId: texts[1]!,
        name: texts[2]!,
        warehouseId: texts[3]!,
        attribution: { actor: texts[4]!, reason: texts[5]! },
      };
    default:
      throw new WireError(`event ${field} is of a newer version`);
  }
}

const PACKED = new Set<number>([EVENT_FIELDS.ReservationCommitted, EVENT_FIELDS.ReservationReleased]);
const TEXT_FIELDS = new Map<number, readonly number[]>([
  [EVENT_FIELDS.StockOpened, [2]],
  [EVENT_FIELDS.StockPolicySet, [4, 5]],
  [EVENT_FIELDS.ReservationReleased, [4, 5]],
  [EVENT_FIELDS.WarehouseOpened, [2]],
  [EVENT_FIELDS.EpochBegun, [2]],
  [EVENT_FIELDS.DealerPut, [1, 2, 3, 4, 5]],
]);

function isText(event: number, field: number): boolean {
  return TEXT_FIELDS.get(event)?.includes(field) ?? false;
}

function readMade(reader: WireReader): ReservationMade {
  let reservation = 0;
  let epoch = 0;
  let dealerId = "";
  let orderId = "";
  const lines: MadeLine[] = [];
  let expiresAtMs = 0;
  let provisional = false;
  while (reader.next()) {
    if (reader.field === 1) reservation = reader.int();
    else if (reader.field === 2) epoch = reader.int();
    else if (reader.field === 3) dealerId = reader.string();
    else if (reader.field === 4) orderId = reader.string();
    else if (reader.field === 5) lines.push(readMadeLine(reader));
    else if (reader.field === 6) expiresAtMs = reader.int();
    else if (reader.field === 7) provisional = reader.bool();
    else reader.skip();
  }
  return { kind: "ReservationMade", reservation, epoch, dealerId, orderId, lines, expiresAtMs, provisional };
}

function readMadeLine(reader: WireReader): MadeLine {
  const outer = reader.enter();
  let stock = 0;
  let sku = "";
  let requested = 0;
  let granted = 0;
  while (reader.next()) {
    if (reader.field === 1) stock = reader.int();
    else if (reader.field === 2) sku = reader.string();
    else if (reader.field === 3) requested = reader.int();
    else if (reader.field === 4) granted = reader.int();
    else reader.skip();
  }
  reader.leave(outer);
  return { stock, sku, requested, granted };
}

/** The four events that carry an ERP event, each with its own other fields. */
function readErp(reader: WireReader, field: number): PartitionEvent | SystemEvent {
  if (field === EVENT_FIELDS.ErpEventApplied) return readApplied(reader);
  if (field === EVENT_FIELDS.DispatchUnmatched) return readUnmatched(reader);
  let event: ReturnType<typeof readErpEvent> | undefined;
  let reason = "";
  let isLate = false;
  while (reader.next()) {
    if (reader.field === 1) event = readErpEvent(reader);
    else if (reader.field === 2) reason = reader.string();
    else if (reader.field === 3) isLate = reader.bool();
    else reader.skip();
  }
  if (event === undefined) throw new WireError("an ERP record without its event");
  return field === EVENT_FIELDS.ErpEventBuffered
    ? { kind: "ErpEventBuffered", event }
    : { kind: "ErpEventRejected", event, reason, isLate };
}

function readApplied(reader: WireReader): PartitionEvent {
  let event: ReturnType<typeof readTakenErpEvent> | undefined;
  let consumed: readonly ConsumedUnits[] = [];
  const numbers = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  while (reader.next()) {
    if (reader.field === 1) event = readTakenErpEvent(reader);
    else if (reader.field === 7) consumed = readConsumed(reader);
    else if (reader.field <= 9) numbers[reader.field] = reader.int();
    else reader.skip();
  }
  if (event === undefined) throw new WireError("an applied ERP record without its event");
  return {
    kind: "ErpEventApplied",
    event,
    stock: numbers[2]!,
    onHandDelta: numbers[3]!,
    unavailableDelta: numbers[4]!,
    allocatedDelta: numbers[5]!,
    isLate: numbers[6] === 1,
    consumed,
    exception: numbers[8]!,
    reverses: numbers[9]!,
  };
}

function readUnmatched(reader: WireReader): PartitionEvent {
  let stock = 0;
  let event: ReturnType<typeof readTakenErpEvent> | undefined;
  let quantity = 0;
  let reason = "";
  while (reader.next()) {
    if (reader.field === 1) stock = reader.int();
    else if (reader.field === 2) event = readTakenErpEvent(reader);
    else if (reader.field === 3) quantity = reader.int();
    else if (reader.field === 4) reason = reader.string();
    else reader.skip();
  }
  if (event === undefined) throw new WireError("a dispatch exception without its event");
  return { kind: "DispatchUnmatched", stock, event, quantity, reason };
}
