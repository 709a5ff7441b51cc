/** Domain events to the bytes of proto/holdfast/journal/v1, record by record. */
import type { JournalRecord, PartitionEvent, ReservationMade, SystemEvent } from "../../domain/event.js";
import { writeAnswer } from "./answer-codec.js";
import { codeOf, RELEASE_REASONS } from "./codes.js";
import { writeConsumed } from "./consumed-codec.js";
import { writeErpEvent } from "./erp-codec.js";
import { writeOutcomes } from "./outcomes-codec.js";
import { isPlain, PLAIN_FIELDS, type PlainKind, writePlainEvent } from "./plain-events.js";
import { writePolicyPut } from "./policy-codec.js";
import { writeSourcePut } from "./source-codec.js";
import type { WireWriter } from "./wire.js";

const RECORDS_FIELD = 1;
const EVENTS_FIELD = 5;

/** Appends one record to a block's body. */
export function writeRecord(writer: WireWriter, record: JournalRecord): void {
  const mark = writer.begin(RECORDS_FIELD);
  writer.int(1, record.partition);
  writer.int(2, record.epoch);
  writer.int(3, record.sequence);
  writer.int(4, record.timeMs);
  for (const event of record.events) {
    const outer = writer.begin(EVENTS_FIELD);
    writeEvent(writer, event);
    writer.end(outer);
  }
  writer.end(mark);
}

function writeEvent(writer: WireWriter, event: PartitionEvent | SystemEvent): void {
  const mark = writer.begin(EVENT_FIELDS[event.kind]);
  switch (event.kind) {
    case "ReservationMade":
      writeMade(writer, event);
      break;
    case "RequestAnswered":
      writeAnswer(writer, event);
      break;
    case "ReservationCommitted":
      writer.int(1, event.reservation);
      writer.packed(2, event.quantities);
      writer.bool(3, event.provisional);
      break;
    case "ReservationReleased":
      writer.int(1, event.reservation);
      writer.packed(2, event.quantities);
      writer.int(3, codeOf(RELEASE_REASONS, event.reason));
      if (event.attribution !== undefined) {
        writer.string(4, event.attribution.actor);
        writer.string(5, event.attribution.reason);
      }
      break;
    case "HoldExtended":
      writer.int(1, event.reservation);
      writer.int(2, event.expiresAtMs);
      break;
    case "HoldExpired":
      writer.int(1, event.reservation);
      break;
    case "UnitsDispatched":
      writer.int(1, event.reservation);
      writer.int(2, event.line);
      writer.int(3, event.quantity);
      break;
    case "RiskChanged":
      writer.int(1, event.reservation);
      writer.int(2, event.line);
      writer.bool(3, event.atRisk);
      break;
    case "OutcomesTold":
      writeOutcomes(writer, event);
      break;
    default:
      if (isPlain(event)) writePlainEvent(writer, event);
      else writeRareEvent(writer, event);
  }
  writer.end(mark);
}

type RareEvent = Exclude<
  PartitionEvent | SystemEvent,
  {
    kind:
      | "ReservationMade"
      | "RequestAnswered"
      | "ReservationCommitted"
      | "ReservationReleased"
      | "HoldExtended"
      | "HoldExpired"
      | "UnitsDispatched"
      | "RiskChanged"
      | "OutcomesTold"
      | PlainKind;
  }
>;

function writeRareEvent(writer: WireWriter, event: RareEvent): void {
  switch (event.kind) {
    case "StockOpened":
      writer.int(1, event.stock);
      writer.string(2, event.sku);
      return;
    case "StockPolicySet":
      writer.int(1, event.stock);
      writer.int(2, event.safetyStock);
      writer.int(3, event.lowAt);
      writer.string(4, event.attribution.actor);
      writer.string(5, event.attribution.reason);
      return;
    case "ErpEventApplied":
      writeErpEvent(writer, 1, event.event);
      writer.int(2, event.stock);
      writer.int(3, event.onHandDelta);
      writer.int(4, event.unavailableDelta);
      writer.int(5, event.allocatedDelta);
      writer.bool(6, event.isLate);
      writeConsumed(writer, 7, event.consumed);
      writer.int(8, event.exception);
      writer.int(9, event.reverses);
      return;
    case "ErpEventRejected":
      writeErpEvent(writer, 1, event.event);
      writer.string(2, event.reason);
      writer.bool(3, event.isLate);
      return;
    case "ErpEventBuffered":
      writeErpEvent(writer, 1, event.event);
      return;
    case "DispatchUnmatched":
      writer.int(1, event.stock);
      writeErpEvent(writer, 2, event.event);
      writer.int(3, event.quantity);
      writer.string(4, event.reason);
      return;
    case "WarehouseOpened":
      writer.int(1, event.partition);
      writer.string(2, event.warehouseId);
      return;
    case "DealerPut":
      writer.string(1, event.dealerId);
      writer.string(2, event.name);
      writer.string(3, event.warehouseId);
      writer.string(4, event.attribution.actor);
      writer.string(5, event.attribution.reason);
      return;
    case "PolicyPut":
      writePolicyPut(writer, event);
      return;
    case "SourcePut":
      writeSourcePut(writer, event);
      return;
    case "EpochBegun":
      writer.int(1, event.epoch);
      writer.string(2, event.nonce);
      return;
  }
}

function writeMade(writer: WireWriter, event: ReservationMade): void {
  writer.int(1, event.reservation);
  writer.int(2, event.epoch);
  writer.string(3, event.dealerId);
  writer.string(4, event.orderId);
  for (const line of event.lines) {
    const mark = writer.begin(5);
    writer.int(1, line.stock);
    // A known stock says its SKU itself; only a SKU never seen has to be named.
    if (line.stock === 0) writer.string(2, line.sku);
    writer.int(3, line.requested);
    writer.int(4, line.granted);
    writer.end(mark);
  }
  writer.int(6, event.expiresAtMs);
  writer.bool(7, event.provisional);
}

/** Field numbers of holdfast.journal.v1.Event. */
export const EVENT_FIELDS = {
  StockOpened: 1,
  StockPolicySet: 2,
  ErpEventApplied: 3,
  ErpEventRejected: 4,
  DispatchUnmatched: 5,
  ReservationMade: 6,
  ReservationCommitted: 7,
  ReservationReleased: 8,
  HoldExtended: 9,
  HoldExpired: 10,
  UnitsDispatched: 11,
  RiskChanged: 12,
  RequestAnswered: 13,
  WarehouseOpened: 14,
  DealerPut: 15,
  PolicyPut: 16,
  ErpEventBuffered: 17,
  EpochBegun: 18,
  SourcePut: 26,
  OutcomesTold: 31,
  ...PLAIN_FIELDS,
} as const satisfies Record<(PartitionEvent | SystemEvent)["kind"], number>;
