/** What comparing positions leaves behind: discrepancies of a warehouse, and runs. */
import { type Discrepancy, type DriftCounts, type DriftRun, NO_DRIFT } from "../../domain/drift.js";
import { codeOf, DRIFT_CAUSE_CODES, DRIFT_STATES, nameOf } from "../../journal/records/codes.js";
import { readDriftCounts, writeDriftCounts } from "../../journal/records/drift-codec.js";
import type { ItemCodec } from "../item-codec.js";

/** Of a discrepancy, those of its fields that are no numbers. */
const TEXT_FIELDS: ReadonlySet<number> = new Set([1, 2, 3, 10, 14, 15]);

/** holdfast.journal.v1.Discrepancy */
export const discrepancyCodec: ItemCodec<Discrepancy> = {
  write(writer, found) {
    writer.string(1, found.runId);
    writer.string(2, found.source);
    writer.string(3, found.sku);
    writer.int(4, found.asOfSequence);
    writer.int(5, found.ourOnHand);
    writer.int(6, found.theirOnHand);
    writer.int(7, found.ourUnavailable);
    writer.int(8, found.theirUnavailable);
    writer.int(9, codeOf(DRIFT_CAUSE_CODES, found.cause));
    writer.string(10, found.causeDetail);
    writer.bool(11, found.isMissingThere);
    writer.int(12, found.createdAtMs);
    writer.int(13, codeOf(DRIFT_STATES, found.state));
    if (found.decision === undefined) return;
    writer.string(14, found.decision.actor);
    writer.string(15, found.decision.reason);
    writer.int(16, found.decision.decidedAtMs);
  },
  read(reader, number) {
    const numbers = new Array<number>(17).fill(0);
    const texts = new Array<string>(17).fill("");
    while (reader.next()) {
      const { field } = reader;
      if (TEXT_FIELDS.has(field)) texts[field] = reader.string();
      else if (field <= 16) numbers[field] = reader.int();
      else reader.skip();
    }
    return {
      number,
      runId: texts[1]!,
      source: texts[2]!,
      sku: texts[3]!,
      asOfSequence: numbers[4]!,
      ourOnHand: numbers[5]!,
      theirOnHand: numbers[6]!,
      ourUnavailable: numbers[7]!,
      theirUnavailable: numbers[8]!,
      cause: nameOf(DRIFT_CAUSE_CODES, numbers[9]!),
      causeDetail: texts[10]!,
      isMissingThere: numbers[11] === 1,
      createdAtMs: numbers[12]!,
      state: nameOf(DRIFT_STATES, numbers[13]!),
      decision: numbers[16] === 0 ? undefined : { actor: texts[14]!, reason: texts[15]!, decidedAtMs: numbers[16]! },
    };
  },
};

/** holdfast.journal.v1.DriftRun */
export const driftRunCodec: ItemCodec<DriftRun> = {
  write(writer, run) {
    writer.string(1, run.runId);
    writer.string(2, run.source);
    writer.bool(3, run.full);
    writer.int(4, run.startedAtMs);
    writer.int(5, run.endedAtMs);
    writeDriftCounts(writer, 6, run.counts);
  },
  read(reader, number) {
    let runId = "";
    let source = "";
    const numbers = [0, 0, 0, 0, 0, 0];
    let counts: DriftCounts | undefined;
    while (reader.next()) {
      if (reader.field === 1) runId = reader.string();
      else if (reader.field === 2) source = reader.string();
      else if (reader.field === 6) counts = readDriftCounts(reader);
      else if (reader.field <= 5) numbers[reader.field] = reader.int();
      else reader.skip();
    }
    return {
      number,
      runId,
      source,
      full: numbers[3] === 1,
      startedAtMs: numbers[4]!,
      endedAtMs: numbers[5]!,
      counts: counts ?? NO_DRIFT,
    };
  },
};
