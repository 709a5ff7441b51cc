/** The counts of a run of positions: numbers in a fixed order, those by cause after the others. */
import { DRIFT_CAUSES, type DriftCounts } from "../../domain/drift.js";
import type { WireReader, WireWriter } from "./wire.js";

const NAMES = [
  "compared",
  "drifted",
  "healed",
  "quarantined",
  "deferred",
  "incomparable",
  "missingHere",
  "missingThere",
] as const;

export function writeDriftCounts(writer: WireWriter, field: number, counts: DriftCounts): void {
  writer.packed(field, [...NAMES.map((name) => counts[name]), ...counts.causes]);
}

export function readDriftCounts(reader: WireReader): DriftCounts {
  const numbers = reader.packed();
  const at = (index: number) => numbers[index] ?? 0;
  const named = Object.fromEntries(NAMES.map((name, index) => [name, at(index)])) as Omit<DriftCounts, "causes">;
  return { ...named, causes: DRIFT_CAUSES.map((_, index) => at(NAMES.length + index)) };
}
