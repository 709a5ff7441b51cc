/** holdfast.journal.v1.PolicyPut: a policy of one scope, in the journal and in snapshots alike. */
import type { PolicyPut } from "../../domain/event.js";
import type { PolicyFields } from "../../domain/policy.js";
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
}

/** Reads the fields of the message; the caller has entered it. */
export function readPolicyPut(reader: WireReader): PolicyPut {
  const texts = ["", "", "", "", "", "", "", "", "", "", ""];
  const numbers: (number | undefined)[] = [];
  while (reader.next()) {
    if (reader.field > 10) reader.skip();
    else if (reader.field >= 4 && reader.field <= 8) numbers[reader.field] = reader.int();
    else texts[reader.field] = reader.string();
  }
  const [safetyStock, lowAt, openReservationsMax, holdDefaultMs, holdMaxMs] = [4, 5, 6, 7, 8].map((at) => numbers[at]);
  const fields: PolicyFields = {
    ...(safetyStock === undefined ? {} : { safetyStock }),
    ...(lowAt === undefined ? {} : { lowAt }),
    ...(openReservationsMax === undefined ? {} : { openReservationsMax }),
    ...(holdDefaultMs === undefined ? {} : { holdDefaultMs }),
    ...(holdMaxMs === undefined ? {} : { holdMaxMs }),
  };
  return {
    kind: "PolicyPut",
    scope: { warehouseId: texts[1]!, sku: texts[2]!, dealerId: texts[3]! },
    fields,
    attribution: { actor: texts[9]!, reason: texts[10]! },
  };
}
