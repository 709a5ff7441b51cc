import { AvailabilityPrecision, DriftAction, type Policy } from "../../client/index.js";
import { formatDuration } from "./format.js";
import { renderTable } from "./table.js";

/** What was put for a scope, beside what applies there; fields that have no meaning in the scope are left out. */
export function describePolicy(answer: { policy?: Policy | undefined; effective?: Policy | undefined }): string {
  const { policy, effective } = answer;
  const scope = effective ?? policy;
  const isDealers = Boolean(scope?.dealerId);
  const isStocks = Boolean(scope?.sku);
  const isWarehouses = Boolean(scope?.warehouseId);
  const isShared = !isDealers && !isStocks;
  const quota = effective?.openReservationsMax ?? "no limit";
  const rows: [boolean, string, Cell, Cell][] = [
    [!isDealers, "safety stock", policy?.safetyStock, effective?.safetyStock],
    [!isDealers, "low at", policy?.lowAt, effective?.lowAt],
    [!isWarehouses, "open reservations at most", policy?.openReservationsMax, quota],
    [!isStocks, "hold by default", formatDuration(policy?.holdDefault), formatDuration(effective?.holdDefault)],
    [!isStocks, "hold at most", formatDuration(policy?.holdMax), formatDuration(effective?.holdMax)],
    [isShared, "held back while the ERP is away", bufferOf(policy), bufferOf(effective)],
    [
      isShared,
      "all of it after",
      formatDuration(policy?.degradedBufferSpan),
      formatDuration(effective?.degradedBufferSpan),
    ],
    [isShared, "drifts from a difference above", thresholdOf(policy), thresholdOf(effective)],
    [isShared, "what is done then", actionOf(policy), actionOf(effective)],
    [
      isShared,
      "commit is overdue after",
      formatDuration(policy?.commitOverdueAfter),
      formatDuration(effective?.commitOverdueAfter),
    ],
    [!isStocks, "dealers are told", precisionOf(policy), precisionOf(effective)],
    [!isStocks, "the cap, where that is capped", policy?.availabilityCap, effective?.availabilityCap],
  ];
  const table = renderTable(
    [{ title: "POLICY" }, { title: "PUT HERE", align: "right" }, { title: "IN EFFECT", align: "right" }],
    rows.filter(([hasMeaning]) => hasMeaning).map(([, name, put, inEffect]) => [name, put ?? "-", inEffect ?? "-"]),
  );
  return `${describeScope(scope)}\n\n${table}`;
}

function bufferOf(policy: Policy | undefined): Cell {
  return unitsAndPercent(policy?.degradedBufferUnits, policy?.degradedBufferPercent);
}

function thresholdOf(policy: Policy | undefined): Cell {
  return unitsAndPercent(policy?.driftThresholdUnits, policy?.driftThresholdPercent);
}

function actionOf(policy: Policy | undefined): Cell {
  return policy?.driftAction === undefined ? undefined : DriftAction[policy.driftAction].toLowerCase();
}

function precisionOf(policy: Policy | undefined): Cell {
  const precision = policy?.availabilityPrecision;
  return precision === undefined ? undefined : AvailabilityPrecision[precision].toLowerCase();
}

/** What is set of the two; undefined where neither is. */
function unitsAndPercent(units: bigint | undefined, percent: number | undefined): Cell {
  const parts = [...(units === undefined ? [] : [String(units)]), ...(percent === undefined ? [] : [`${percent} %`])];
  return parts.length === 0 ? undefined : parts.join(" and ");
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
