import type { Policy } from "../../client/index.js";
import { formatDuration } from "./format.js";
import { renderTable } from "./table.js";

/** What was put for a scope, beside what applies there; fields that have no meaning in the scope are left out. */
export function describePolicy(answer: { policy?: Policy | undefined; effective?: Policy | undefined }): string {
  const { policy, effective } = answer;
  const scope = effective ?? policy;
  const isDealers = Boolean(scope?.dealerId);
  const isStocks = Boolean(scope?.sku);
  const isWarehouses = Boolean(scope?.warehouseId);
  const quota = effective?.openReservationsMax ?? "no limit";
  const rows: [boolean, string, Cell, Cell][] = [
    [!isDealers, "safety stock", policy?.safetyStock, effective?.safetyStock],
    [!isDealers, "low at", policy?.lowAt, effective?.lowAt],
    [!isWarehouses, "open reservations at most", policy?.openReservationsMax, quota],
    [!isStocks, "hold by default", formatDuration(policy?.holdDefault), formatDuration(effective?.holdDefault)],
    [!isStocks, "hold at most", formatDuration(policy?.holdMax), formatDuration(effective?.holdMax)],
  ];
  const table = renderTable(
    [{ title: "POLICY" }, { title: "PUT HERE", align: "right" }, { title: "IN EFFECT", align: "right" }],
    rows.filter(([hasMeaning]) => hasMeaning).map(([, name, put, inEffect]) => [name, put ?? "-", inEffect ?? "-"]),
  );
  return `${describeScope(scope)}\n\n${table}`;
}

type Cell = string | bigint | undefined;

function describeScope(policy: Policy | undefined): string {
  const parts = [
    ...(policy?.warehouseId ? [`warehouse ${policy.warehouseId}`] : []),
    ...(policy?.sku ? [`SKU ${policy.sku}`] : []),
    ...(policy?.dealerId ? [`dealer ${policy.dealerId}`] : []),
  ];
  return parts.length === 0 ? "default, for everything" : parts.join(", ");
}
