/** Policies as docs/api.md inherits them: holds and precision by dealer, warehouse, default; stock figures by stock, warehouse, default; quota by dealer, default. */
import type { GetPolicy, PutPolicy } from "../../../src/domain/command.js";
import type { EffectivePolicy, PolicyFields, PolicyScope } from "../../../src/domain/policy.js";
import { type ModelState, newStock, stockKey } from "./model-state.js";
import { refused } from "./refused.js";
import type { Expected } from "./request.js";

const MINUTE_MS = 60_000;
const SHIPPED = {
  safetyStock: 0,
  lowAt: 10,
  holdDefaultMs: 15 * MINUTE_MS,
  holdMaxMs: 24 * 60 * MINUTE_MS,
  degradedBufferUnits: 0,
  degradedBufferPercent: 12,
  degradedBufferSpanMs: 60 * MINUTE_MS,
  driftThresholdUnits: 0,
  driftThresholdPercent: 0,
  driftAction: "ASK",
  commitOverdueAfterMs: 48 * 60 * MINUTE_MS,
  availabilityPrecision: "EXACT",
  availabilityCap: 50,
} as const;
const OF_A_WAREHOUSE = ["default", "warehouse"];

/** In which kinds of scope each field has a meaning. */
const MEANINGFUL: { readonly [Field in keyof Required<PolicyFields>]: readonly string[] } = {
  safetyStock: ["default", "warehouse", "stock"],
  lowAt: ["default", "warehouse", "stock"],
  openReservationsMax: ["default", "dealer"],
  holdDefaultMs: ["default", "warehouse", "dealer"],
  holdMaxMs: ["default", "warehouse", "dealer"],
  degradedBufferUnits: OF_A_WAREHOUSE,
  degradedBufferPercent: OF_A_WAREHOUSE,
  degradedBufferSpanMs: OF_A_WAREHOUSE,
  driftThresholdUnits: OF_A_WAREHOUSE,
  driftThresholdPercent: OF_A_WAREHOUSE,
  driftAction: OF_A_WAREHOUSE,
  commitOverdueAfterMs: OF_A_WAREHOUSE,
  availabilityPrecision: ["default", "warehouse", "dealer"],
  availabilityCap: ["default", "warehouse", "dealer"],
};

function scopeKind(scope: PolicyScope): string | undefined {
  const { warehouseId, sku, dealerId } = scope;
  if (dealerId !== "") return warehouseId === "" && sku === "" ? "dealer" : undefined;
  if (sku !== "") return warehouseId === "" ? undefined : "stock";
  return warehouseId === "" ? "default" : "warehouse";
}

function keyOf(warehouseId: string, sku: string, dealerId: string): string {
  return `${warehouseId}\n${sku}\n${dealerId}`;
}

/** What applies to a dealer's order of a SKU in a warehouse; empty names apply to nothing. */
export function effectivePolicy(state: ModelState, scope: PolicyScope): EffectivePolicy {
  const { warehouseId, sku, dealerId } = scope;
  const fallback = state.policies.get(keyOf("", "", "")) ?? {};
  const ofWarehouse = (warehouseId === "" ? undefined : state.policies.get(keyOf(warehouseId, "", ""))) ?? {};
  const ofStock = (sku === "" ? undefined : state.policies.get(keyOf(warehouseId, sku, ""))) ?? {};
  const ofDealer = (dealerId === "" ? undefined : state.policies.get(keyOf("", "", dealerId))) ?? {};
  const holdMaxMs = ofDealer.holdMaxMs ?? ofWarehouse.holdMaxMs ?? fallback.holdMaxMs ?? SHIPPED.holdMaxMs;
  const holdDefaultMs =
    ofDealer.holdDefaultMs ?? ofWarehouse.holdDefaultMs ?? fallback.holdDefaultMs ?? SHIPPED.holdDefaultMs;
  const quota = ofDealer.openReservationsMax ?? fallback.openReservationsMax;
  const ofPlace = { ...SHIPPED, ...fallback, ...ofWarehouse };
  const { availabilityPrecision, availabilityCap } = { ...ofPlace, ...ofDealer };
  return {
    degradedBufferUnits: ofPlace.degradedBufferUnits,
    degradedBufferPercent: ofPlace.degradedBufferPercent,
    degradedBufferSpanMs: ofPlace.degradedBufferSpanMs,
    driftThresholdUnits: ofPlace.driftThresholdUnits,
    driftThresholdPercent: ofPlace.driftThresholdPercent,
    driftAction: ofPlace.driftAction,
    commitOverdueAfterMs: ofPlace.commitOverdueAfterMs,
    availabilityPrecision,
    availabilityCap,
    safetyStock: ofStock.safetyStock ?? ofWarehouse.safetyStock ?? fallback.safetyStock ?? SHIPPED.safetyStock,
    lowAt: ofStock.lowAt ?? ofWarehouse.lowAt ?? fallback.lowAt ?? SHIPPED.lowAt,
    // A default beyond the maximum would refuse every caller that leaves the hold to the policy.
    holdDefaultMs: Math.min(holdDefaultMs, holdMaxMs),
    holdMaxMs,
    ...(quota === undefined ? {} : { openReservationsMax: quota }),
  };
}

/** The longest hold that any policy allows, or that was ever given; answers are remembered at least that long. */
export function longestHoldMs(state: ModelState): number {
  let longest = Math.max(SHIPPED.holdMaxMs, state.longestHoldMs);
  for (const fields of state.policies.values()) longest = Math.max(longest, fields.holdMaxMs ?? 0);
  return longest;
}

export function putPolicy(state: ModelState, command: PutPolicy): Expected {
  const { scope, fields } = command;
  const kind = scopeKind(scope);
  for (const [field, kinds] of Object.entries(MEANINGFUL)) {
    const isSet = fields[field as keyof PolicyFields] !== undefined;
    if (kind === undefined || (isSet && !kinds.includes(kind))) {
      return refused("INVALID_FIELD");
    }
  }
  state.effects += 1;
  state.policies.set(keyOf(scope.warehouseId, scope.sku, scope.dealerId), { ...fields });
  if (scope.warehouseId !== "") state.warehouses.add(scope.warehouseId);
  if (kind === "stock") openStock(state, command);
  return policyAnswer(state, scope);
}

/** A stock may have a policy, and be moved to a source, before any ERP has named it. */
function openStock(state: ModelState, { scope: { warehouseId, sku }, fields }: PutPolicy): void {
  const key = stockKey(warehouseId, sku);
  if (Object.keys(fields).length === 0 || state.stocks.has(key)) return;
  state.stocks.set(key, newStock(warehouseId, sku));
}

/** A scope that nobody put a policy for is answered with what it inherits. */
export function getPolicy(state: ModelState, command: GetPolicy): Expected {
  if (scopeKind(command.scope) === undefined) return refused("INVALID_FIELD");
  const { warehouseId } = command.scope;
  if (warehouseId !== "" && !state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  return policyAnswer(state, command.scope);
}

function policyAnswer(state: ModelState, scope: PolicyScope): Expected {
  const fields = state.policies.get(keyOf(scope.warehouseId, scope.sku, scope.dealerId)) ?? {};
  return {
    kind: "answered",
    answer: { kind: "policy", scope, fields: { ...fields }, effective: effectivePolicy(state, scope) },
  };
}
