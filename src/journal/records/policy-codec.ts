/** holdfast.journal.v1.PolicyPut: a policy of one scope, in the journal and in snapshots alike. */
import type { PolicyPut } from "../../domain/event.js";
import type { PolicyFields } from "../../domain/policy.js";
import { AVAILABILITY_PRECISIONS, codeOf, DRIFT_ACTIONS, nameOf } from "./codes.js";
import type { WireReader, WireWriter } from "./wire.js";

/** Writes the fields of the message; the caller has opened it. */
export function writePolicyPut(writer: WireWriter, policy: Omit<PolicyPut, "kind">): void {
  writer.string(1, policy.scope.warehouseId);
  writer.string(2, policy.scope.sku);
  writer.string(3, policy.scope.dealerId);
  writer.present(4, policy.fields.safetyStock);
  writer.present(5, policy.fields.lowAt);
  writer.present(6, policy.fields.openReservationsMax);
  writer.present(7, policy.fields.holdDefaultMs);
  writer.present(8, policy.fields.holdMaxMs);
  writer.string(9, policy.attribution.actor);
  writer.string(10, policy.attribution.reason);
  writer.present(11, policy.fields.degradedBufferUnits);
  writer.present(12, policy.fields.degradedBufferPercent);
  writer.present(13, policy.fields.degradedBufferSpanMs);
  writer.present(14, policy.fields.driftThresholdUnits);
  writer.present(15, policy.fields.driftThresholdPercent);
  if (policy.fields.driftAction !== undefined) writer.int(16, codeOf(DRIFT_ACTIONS, policy.fields.driftAction));
  writer.present(17, policy.fields.commitOverdueAfterMs);
  const { availabilityPrecision } = policy.fields;
  if (availabilityPrecision !== undefined) writer.int(18, codeOf(AVAILABILITY_PRECISIONS, availabilityPrecision));
  writer.present(19, policy.fields.availabilityCap);
}

const NUMBERS = new Map<number, Exclude<keyof PolicyFields, "driftAction" | "availabilityPrecision">>([
  [4, "safetyStock"],
  [5, "lowAt"],
  [6, "openReservationsMax"],
  [7, "holdDefaultMs"],
  [8, "holdMaxMs"],
  [11, "degradedBufferUnits"],
  [12, "degradedBufferPercent"],
  [13, "degradedBufferSpanMs"],
  [14, "driftThresholdUnits"],
  [15, "driftThresholdPercent"],
  [17, "commitOverdueAfterMs"],
  [19, "availabilityCap"],
]);
const DRIFT_ACTION = 16;
const AVAILABILITY_PRECISION = 18;

/** Reads the fields of the message; the caller has entered it. */
export function readPolicyPut(reader: WireReader): PolicyPut {
  const texts = ["", "", "", "", "", "", "", "", "", "", ""];
  let fields: PolicyFields = {};
  while (reader.next()) {
    const number = NUMBERS.get(reader.field);
    if (number !== undefined) fields = { ...fields, [number]: reader.int() };
    else if (reader.field === DRIFT_ACTION) fields = { ...fields, driftAction: nameOf(DRIFT_ACTIONS, reader.int()) };
    else if (reader.field === AVAILABILITY_PRECISION)
      fields = { ...fields, availabilityPrecision: nameOf(AVAILABILITY_PRECISIONS, reader.int()) };
    else if (reader.field <= 10) texts[reader.field] = reader.string();
    else reader.skip();
  }
  return {
    kind: "PolicyPut",
    scope: { warehouseId: texts[1]!, sku: texts[2]!, dealerId: texts[3]! },
    fields,
    attribution: { actor: texts[9]!, reason: texts[10]! },
  };
}
