/** holdfast.journal.v1.RequestAnswered: the first answer to a request, in the journal and in snapshots alike. */
import type { Shortage } from "../../domain/command.js";
import type { AnsweredReservation, RequestAnswered } from "../../domain/event.js";
import { codeOf, FRESHNESS_STATES, METHODS, nameOf, OUTCOMES, RESERVATION_STATES, SHORTAGE_REASONS } from "./codes.js";
import type { WireReader, WireWriter } from "./wire.js";

/** Writes the fields of the message; the caller has opened it. */
export function writeAnswer(writer: WireWriter, answer: RequestAnswered): void {
  writer.string(1, answer.dealerId);
  writer.string(2, answer.requestId);
  writer.int(3, codeOf(METHODS, answer.method));
  writer.int(4, answer.fingerprint.high);
  writer.int(5, answer.fingerprint.low);
  writer.int(6, codeOf(OUTCOMES, answer.outcome));
  writer.int(7, answer.reservation);
  if (answer.shown !== undefined) writeShown(writer, answer.shown);
  for (const shortage of answer.shortages) {
    const mark = writer.begin(9);
    writer.string(1, shortage.sku);
    writer.int(2, shortage.requested);
    writer.int(3, shortage.available);
    writer.int(4, codeOf(SHORTAGE_REASONS, shortage.reason));
    writer.end(mark);
  }
  writer.int(10, codeOf(FRESHNESS_STATES, answer.freshness.state));
  writer.int(11, answer.freshness.asOfMs);
  writer.int(12, answer.freshness.ageMs);
  writer.int(13, answer.answeredAtMs);
}

function writeShown(writer: WireWriter, shown: AnsweredReservation): void {
  const mark = writer.begin(8);
  writer.int(1, codeOf(RESERVATION_STATES, shown.state));
  writer.int(2, shown.revision);
  writer.int(3, shown.updatedAtMs);
  writer.int(4, shown.expiresAtMs);
  writer.bool(5, shown.provisional);
  writer.bool(6, shown.atRisk);
  writer.packed(7, shown.lines);
  writer.end(mark);
}

/** Reads the fields of the message; the caller has entered it. */
export function readAnswer(reader: WireReader): RequestAnswered {
  let dealerId = "";
  let requestId = "";
  let method = 0;
  let high = 0;
  let low = 0;
  let outcome = 0;
  let reservation = 0;
  let shown: AnsweredReservation | undefined;
  const shortages: Shortage[] = [];
  let state = 0;
  let asOfMs = 0;
  let ageMs = 0;
  let answeredAtMs = 0;
  while (reader.next()) {
    if (reader.field === 1) dealerId = reader.string();
    else if (reader.field === 2) requestId = reader.string();
    else if (reader.field === 3) method = reader.int();
    else if (reader.field === 4) high = reader.int();
    else if (reader.field === 5) low = reader.int();
    else if (reader.field === 6) outcome = reader.int();
    else if (reader.field === 7) reservation = reader.int();
    else if (reader.field === 8) shown = readShown(reader);
    else if (reader.field === 9) shortages.push(readShortage(reader));
    else if (reader.field === 10) state = reader.int();
    else if (reader.field === 11) asOfMs = reader.int();
    else if (reader.field === 12) ageMs = reader.int();
    else if (reader.field === 13) answeredAtMs = reader.int();
    else reader.skip();
  }
  return {
    kind: "RequestAnswered",
    dealerId,
    requestId,
    method: nameOf(METHODS, method),
    fingerprint: { high, low },
    outcome: nameOf(OUTCOMES, outcome),
    reservation,
    shown,
    shortages,
    freshness: { state: nameOf(FRESHNESS_STATES, state), asOfMs, ageMs },
    answeredAtMs,
  };
}

function readShown(reader: WireReader): AnsweredReservation {
  const outer = reader.enter();
  let state = 0;
  let revision = 0;
  let updatedAtMs = 0;
  let expiresAtMs = 0;
  let provisional = false;
  let atRisk = false;
  let lines: number[] | undefined;
  while (reader.next()) {
    if (reader.field === 1) state = reader.int();
    else if (reader.field === 2) revision = reader.int();
    else if (reader.field === 3) updatedAtMs = reader.int();
    else if (reader.field === 4) expiresAtMs = reader.int();
    else if (reader.field === 5) provisional = reader.bool();
    else if (reader.field === 6) atRisk = reader.bool();
    else if (reader.field === 7) lines = reader.packed();
    else reader.skip();
  }
  reader.leave(outer);
  return { state: nameOf(RESERVATION_STATES, state), revision, updatedAtMs, expiresAtMs, provisional, atRisk, lines };
}

function readShortage(reader: WireReader): Shortage {
  const outer = reader.enter();
  let sku = "";
  let requested = 0;
  let available = 0;
  let reason = 0;
  while (reader.next()) {
    if (reader.field === 1) sku = reader.string();
    else if (reader.field === 2) requested = reader.int();
    else if (reader.field === 3) available = reader.int();
    else if (reader.field === 4) reason = reader.int();
    else reader.skip();
  }
  reader.leave(outer);
  return { sku, requested, available, reason: nameOf(SHORTAGE_REASONS, reason) };
}
