/** holdfast.journal.v1.SourcePut: what an operator says of a source, in the journal and in snapshots alike. */
import type { SourcePut } from "../../domain/event.js";
import type { SourceThresholds } from "../../domain/source.js";
import { codeOf, GAP_POLICIES, nameOf } from "./codes.js";
import type { WireReader, WireWriter } from "./wire.js";

/** Writes the fields of the message; the caller has opened it. */
export function writeSourcePut(writer: WireWriter, put: Omit<SourcePut, "kind">): void {
  const { thresholds, attribution } = put;
  writer.string(1, put.source);
  for (const warehouseId of put.warehouseIds) writer.string(2, warehouseId);
  writer.present(3, thresholds.laggingAfterMs);
  writer.present(4, thresholds.staleAfterMs);
  writer.present(5, thresholds.gapWaitMs);
  if (thresholds.gapPolicy !== undefined) writer.int(6, codeOf(GAP_POLICIES, thresholds.gapPolicy));
  writer.string(7, attribution.actor);
  writer.string(8, attribution.reason);
}

/** Reads the fields of the message; the caller has entered it. */
export function readSourcePut(reader: WireReader): SourcePut {
  const texts = ["", "", "", "", "", "", "", "", ""];
  const warehouseIds: string[] = [];
  let thresholds: SourceThresholds = {};
  while (reader.next()) {
    switch (reader.field) {
      case 2:
        warehouseIds.push(reader.string());
        break;
      case 3:
        thresholds = { ...thresholds, laggingAfterMs: reader.int() };
        break;
      case 4:
        thresholds = { ...thresholds, staleAfterMs: reader.int() };
        break;
      case 5:
        thresholds = { ...thresholds, gapWaitMs: reader.int() };
        break;
      case 6:
        thresholds = { ...thresholds, gapPolicy: nameOf(GAP_POLICIES, reader.int()) };
        break;
      case 1:
      case 7:
      case 8:
        texts[reader.field] = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  const attribution = { actor: texts[7]!, reason: texts[8]! };
  return { kind: "SourcePut", source: texts[1]!, warehouseIds, thresholds, attribution };
}
