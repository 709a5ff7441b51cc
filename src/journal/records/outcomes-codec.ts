/** holdfast.journal.v1.OutcomesTold: what became of reservations in one record. */
import type { OutcomesTold } from "../../domain/event.js";
import type { OrderOutcome, OutcomeLine } from "../../domain/outcome.js";
import { codeOf, nameOf, OUTCOME_TYPES } from "./codes.js";
import { WireError, type WireReader, type WireWriter } from "./wire.js";

/** Writes the fields of the message; the caller has opened it. */
export function writeOutcomes(writer: WireWriter, { outcomes }: OutcomesTold): void {
  for (const outcome of outcomes) {
    const mark = writer.begin(1);
    writer.int(1, codeOf(OUTCOME_TYPES, outcome.type));
    writer.int(2, outcome.reservation);
    writer.int(3, outcome.revision);
    const numbers: number[] = [];
    for (const { line, quantity, remaining } of outcome.lines) numbers.push(line, quantity, remaining);
    writer.packed(4, numbers);
    writer.string(5, outcome.reason);
    writer.int(6, outcome.dealer);
    writer.end(mark);
  }
}

/** Reads the fields of the message; the caller has entered it. */
export function readOutcomes(reader: WireReader): OutcomesTold {
  const outcomes: OrderOutcome[] = [];
  while (reader.next()) {
    if (reader.field === 1) outcomes.push(readOutcome(reader));
    else reader.skip();
  }
  return { kind: "OutcomesTold", outcomes };
}

function readOutcome(reader: WireReader): OrderOutcome {
  const outer = reader.enter();
  let type = 0;
  let reservation = 0;
  let revision = 0;
  let lines: readonly OutcomeLine[] = [];
  let reason = "";
  let dealer = 0;
  while (reader.next()) {
    if (reader.field === 1) type = reader.int();
    else if (reader.field === 2) reservation = reader.int();
    else if (reader.field === 3) revision = reader.int();
    else if (reader.field === 4) lines = readLines(reader);
    else if (reader.field === 5) reason = reader.string();
    else if (reader.field === 6) dealer = reader.int();
    else reader.skip();
  }
  reader.leave(outer);
  return { type: nameOf(OUTCOME_TYPES, type), reservation, dealer, revision, lines, reason };
}

function readLines(reader: WireReader): readonly OutcomeLine[] {
  const numbers = reader.packed();
  if (numbers.length % 3 !== 0) throw new WireError("an outcome's lines are cut off");
  const lines: OutcomeLine[] = [];
  for (let at = 0; at < numbers.length; at += 3) {
    lines.push({ line: numbers[at]!, quantity: numbers[at + 1]!, remaining: numbers[at + 2]! });
  }
  return lines;
}
