import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { AvailabilitySchema, type AvailabilityUpdate, FreshnessSchema } from "../../client/index.js";
import { HIDDEN_FROM_DEALERS } from "../views/availability-view.js";

/** One update as a line of protobuf JSON. What a dealer is not told is left out. */
export function updateAsJson(update: AvailabilityUpdate, isForDealer: boolean): string {
  const { kind, cursor, freshness } = update;
  const line: Record<string, JsonValue> = { kind, cursor };
  if (update.kind === "reset") line.reason = update.reason;
  if (freshness !== undefined) line.freshness = toJson(FreshnessSchema, freshness, { alwaysEmitImplicit: true });
  if (update.kind === "snapshot" || update.kind === "changes") {
    const json = (stock: (typeof update.availability)[number]) =>
      toJson(AvailabilitySchema, stock, { alwaysEmitImplicit: true });
    line.availability = update.availability.map(json);
  }
  const hidden = isForDealer ? HIDDEN_FROM_DEALERS : [];
  return JSON.stringify(line, (name, value) => (hidden.includes(name) ? undefined : value));
}
