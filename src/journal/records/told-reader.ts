/** What the records of a block tell of orders, without a look at anything else in them. */
import type { OrderOutcome } from "../../domain/outcome.js";
import { readOutcomes } from "./outcomes-codec.js";
import { EVENT_FIELDS } from "./record-writer.js";
import { WireReader } from "./wire.js";

/** The outcomes of one record, and where it stands. */
export interface ToldRecord {
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly outcomes: readonly OrderOutcome[];
}

/** The records of a block's body that tell anything, in order. */
export function* readTold(body: Uint8Array): Generator<ToldRecord> {
  const reader = new WireReader(body);
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    const record = readRecord(reader);
    reader.leave(outer);
    if (record.outcomes.length > 0) yield record;
  }
}

function readRecord(reader: WireReader): ToldRecord {
  const numbers = [0, 0, 0, 0, 0];
  let outcomes: readonly OrderOutcome[] = [];
  while (reader.next()) {
    if (reader.field <= 4) numbers[reader.field] = reader.int();
    else if (reader.field !== 5) reader.skip();
    else outcomes = readEvent(reader) ?? outcomes;
  }
  return { partition: numbers[1]!, epoch: numbers[2]!, sequence: numbers[3]!, timeMs: numbers[4]!, outcomes };
}

function readEvent(reader: WireReader): readonly OrderOutcome[] | undefined {
  const outer = reader.enter();
  let outcomes: readonly OrderOutcome[] | undefined;
  if (reader.next() && reader.field === EVENT_FIELDS.OutcomesTold) {
    const inner = reader.enter();
    outcomes = readOutcomes(reader).outcomes;
    reader.leave(inner);
  }
  reader.leave(outer);
  return outcomes;
}
