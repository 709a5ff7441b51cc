import type { Policy } from "../../client/index.js";
import { formatDuration } from "./format.js";
import { renderTable } from "./table.js";

/** What was put for a scope, beside what applies there. */
export function describePolicy(answer: { policy?: Policy | undefined; effective?: Policy | undefined }): string {
  const { policy, effective } = answer;
  const table = renderTable(
    [{ title: "POLICY" }, { title: "PUT HERE", align: "right" }, { title: "IN EFFECT", align: "right" }],
    [
      ["safety stock", policy?.safetyStock ?? "-", effective?.safetyStock ?? "-"],
      ["low at", policy?.lowAt ?? "-", effective?.lowAt ?? "-"],
      ["open reservations at most", policy?.openReservationsMax ?? "-", effective?.openReservationsMax ?? "no limit"],
      ["hold by default", formatDuration(policy?.holdDefault), formatDuration(effective?.holdDefault)],
      ["hold at most", formatDuration(policy?.holdMax), formatDuration(effective?.holdMax)],
    ],
  );
  return `${describeScope(effective ?? policy)}\n\n${table}`;
}

function describeScope(policy: Policy | undefined): string {
  const parts = [
    ...(policy?.warehouseId ? [`warehouse ${policy.warehouseId}`] : []),
    ...(policy?.sku ? [`SKU ${policy.sku}`] : []),
    ...(policy?.dealerId ? [`dealer ${policy.dealerId}`] : []),
  ];
  return parts.length === 0 ? "default, for everything" : parts.join(", ");
}
