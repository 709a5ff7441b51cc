/** Requests of OperationsService and AvailabilityService to commands and queries, field by field. */
import { isAbsolute, resolve } from "node:path";
import type { AvailabilityPort, WatchQuery } from "../../actor/service.js";
import type { GetPolicy, GetStock, PutDealer, PutPolicy } from "../../domain/command.js";
import type { PolicyFields, PolicyScope } from "../../domain/policy.js";
import type { GetSyncHealth } from "../../domain/sync-health.js";
import type {
  GetAvailabilityRequest,
  WatchAvailabilityRequest,
} from "../../gen/holdfast/v1/availability_service_pb.js";
import type {
  GetPolicyRequest,
  GetStockRequest,
  ListDealersRequest,
  Policy,
  PutDealerRequest,
  PutPolicyRequest,
} from "../../gen/holdfast/v1/operations_service_pb.js";
import type { GetSyncHealthRequest } from "../../gen/holdfast/v1/sync_health_pb.js";
import { FieldCheck } from "./field-check.js";
import type { Checked } from "./reservation-requests.js";

const SKUS_MAX = 1_000;
const NO_SCOPE: PolicyScope = { warehouseId: "", sku: "", dealerId: "" };

type ScopeKind = "default" | "warehouse" | "stock" | "dealer";

const DRIFT_ACTIONS = [undefined, "HEAL", "QUARANTINE", "ASK"] as const;
const PRECISIONS = [undefined, "EXACT", "CAPPED", "LEVEL"] as const;

type PolicyField = keyof typeof SCOPES_OF_FIELD;

/** Where each field of a policy has a meaning (operations_service.proto, Policy). */
const SCOPES_OF_FIELD = {
  safety_stock: ["default", "warehouse", "stock"],
  low_at: ["default", "warehouse", "stock"],
  open_reservations_max: ["default", "dealer"],
  hold_default: ["default", "warehouse", "dealer"],
  hold_max: ["default", "warehouse", "dealer"],
  degraded_buffer_units: ["default", "warehouse"],
  degraded_buffer_percent: ["default", "warehouse"],
  degraded_buffer_span: ["default", "warehouse"],
  drift_threshold_units: ["default", "warehouse"],
  drift_threshold_percent: ["default", "warehouse"],
  drift_action: ["default", "warehouse"],
  commit_overdue_after: ["default", "warehouse"],
  availability_precision: ["default", "warehouse", "dealer"],
  availability_cap: ["default", "warehouse", "dealer"],
} as const satisfies Readonly<Record<string, readonly ScopeKind[]>>;

export function checkPutDealer(request: PutDealerRequest): Checked<PutDealer> {
  const check = new FieldCheck();
  const { dealer, actor, reason } = request;
  if (dealer === undefined) check.fail("dealer", "must be set");
  else {
    check.name("dealer.dealer_id", dealer.dealerId);
    check.text("dealer.name", dealer.name);
    check.name("dealer.warehouse_id", dealer.warehouseId);
  }
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { dealerId, name, warehouseId } = dealer!;
  return { kind: "PutDealer", dealer: { dealerId, name, warehouseId }, attribution: { actor, reason } };
}

export function checkDealerId(dealerId: string): Checked<{ readonly dealerId: string }> {
  const check = new FieldCheck();
  check.name("dealer_id", dealerId);
  return check.refusal() ?? { dealerId };
}

const PATH_CHARACTERS_MAX = 4_096;

/** A path as the server's system has it, in its shortest form; it must not depend on where the server was started. */
export function checkBackup(directory: string): Checked<{ readonly directory: string }> {
  const check = new FieldCheck();
  if (!isAbsolute(directory) || directory.length > PATH_CHARACTERS_MAX || /\p{Cc}/u.test(directory)) {
    check.fail("directory", "must be an absolute path on the server's machine");
  }
  return check.refusal() ?? { directory: resolve(directory) };
}

export function checkSourceStatus(source: string): Checked<{ readonly source: string }> {
  const check = new FieldCheck();
  check.name("source", source);
  return check.refusal() ?? { source };
}

export function checkListDealers(
  request: ListDealersRequest,
): Checked<{ readonly pageSize: number; readonly pageToken: string }> {
  const check = new FieldCheck();
  const pageSize = check.pageSize("page_size", request.pageSize);
  return check.refusal() ?? { pageSize, pageToken: request.pageToken };
}

export function checkPutPolicy(request: PutPolicyRequest): Checked<PutPolicy> {
  const check = new FieldCheck();
  const { policy, actor, reason } = request;
  if (policy === undefined) check.fail("policy", "must be set");
  const scope = policy === undefined ? NO_SCOPE : checkScope(check, policy);
  const fields = policy === undefined ? {} : checkPolicyFields(check, policy);
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "PutPolicy", scope, fields, attribution: { actor, reason } };
}

function checkScope(check: FieldCheck, { warehouseId, sku, dealerId }: Policy): PolicyScope {
  check.optionalName("policy.warehouse_id", warehouseId);
  check.optionalName("policy.sku", sku);
  check.optionalName("policy.dealer_id", dealerId);
  if (dealerId !== "") {
    const rule = "must be empty in a dealer's policy";
    if (warehouseId !== "") check.fail("policy.warehouse_id", rule);
    if (sku !== "") check.fail("policy.sku", rule);
  } else if (sku !== "" && warehouseId === "") check.fail("policy.warehouse_id", "must be set where sku is");
  return { warehouseId, sku, dealerId };
}

/** The scope in which the fields of a policy have or have no meaning. */
function scopeKindOf({ warehouseId, sku, dealerId }: Policy): ScopeKind {
  if (dealerId !== "") return "dealer";
  if (sku !== "") return "stock";
  return warehouseId !== "" ? "warehouse" : "default";
}

function checkPolicyFields(check: FieldCheck, policy: Policy): PolicyFields {
  const scope = scopeKindOf(policy);
  const whenSet = <T, R>(field: PolicyField, value: T | undefined, read: (path: string, value: T) => R) => {
    if (value === undefined) return undefined;
    checkMeaning(check, field, scope);
    return read(`policy.${field}`, value);
  };
  const units = (field: PolicyField, value: bigint | undefined) =>
    whenSet(field, value, (path, set) => check.count(path, set));
  const percent = (field: PolicyField, value: number | undefined) =>
    whenSet(field, value, (path, set) => check.percent(path, set));
  const span = (field: PolicyField, value: Policy["holdMax"]) =>
    whenSet(field, value, (path, set) => check.holdDuration(path, set));
  const fields = {
    safetyStock: units("safety_stock", policy.safetyStock),
    lowAt: units("low_at", policy.lowAt),
    openReservationsMax: units("open_reservations_max", policy.openReservationsMax),
    holdDefaultMs: span("hold_default", policy.holdDefault),
    holdMaxMs: span("hold_max", policy.holdMax),
    degradedBufferUnits: units("degraded_buffer_units", policy.degradedBufferUnits),
    degradedBufferPercent: percent("degraded_buffer_percent", policy.degradedBufferPercent),
    degradedBufferSpanMs: span("degraded_buffer_span", policy.degradedBufferSpan),
    driftThresholdUnits: units("drift_threshold_units", policy.driftThresholdUnits),
    driftThresholdPercent: percent("drift_threshold_percent", policy.driftThresholdPercent),
    driftAction: whenSet("drift_action", policy.driftAction, (path, set) => check.oneOf(path, set, DRIFT_ACTIONS)),
    commitOverdueAfterMs: span("commit_overdue_after", policy.commitOverdueAfter),
    availabilityPrecision: whenSet("availability_precision", policy.availabilityPrecision, (path, set) =>
      check.oneOf(path, set, PRECISIONS),
    ),
    availabilityCap: whenSet("availability_cap", policy.availabilityCap, (path, set) => check.quantity(path, set)),
  };
  const { holdDefaultMs, holdMaxMs } = fields;
  // A bad duration reads as 0, and is told already.
  if (holdDefaultMs !== undefined && holdMaxMs !== undefined && holdMaxMs > 0 && holdDefaultMs > holdMaxMs) {
    check.fail("policy.hold_default", "must be at most hold_max");
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function checkMeaning(check: FieldCheck, field: keyof typeof SCOPES_OF_FIELD, scope: ScopeKind): void {
  if (!(SCOPES_OF_FIELD[field] as readonly ScopeKind[]).includes(scope))
    check.fail(`policy.${field}`, `has no meaning in a ${scope} scope`);
}

export function checkGetPolicy({ warehouseId, sku, dealerId }: GetPolicyRequest): Checked<GetPolicy> {
  const check = new FieldCheck();
  check.optionalName("warehouse_id", warehouseId);
  check.optionalName("sku", sku);
  check.optionalName("dealer_id", dealerId);
  if (sku !== "" && warehouseId === "") check.fail("warehouse_id", "must be set where sku is");
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "GetPolicy", scope: { warehouseId, sku, dealerId } };
}

export function checkGetStock(request: GetStockRequest): Checked<GetStock> {
  const check = new FieldCheck();
  check.name("warehouse_id", request.warehouseId);
  check.name("sku", request.sku);
  const pageSize = check.pageSize("page_size", request.pageSize);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { warehouseId, sku, pageToken } = request;
  return { kind: "GetStock", warehouseId, sku, pageSize, pageToken };
}

export function checkGetAvailability(
  request: GetAvailabilityRequest,
): Checked<Parameters<AvailabilityPort["read"]>[0]> {
  const check = new FieldCheck();
  const { dealerId, warehouseId, skus, pageToken } = request;
  checkWhere(check, request);
  if (skus.length > 0 && pageToken !== "") check.fail("page_token", "must be empty where skus are named");
  const pageSize = check.pageSize("page_size", request.pageSize);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { dealerId, warehouseId, skus, pageSize, pageToken };
}

export function checkWatchAvailability(request: WatchAvailabilityRequest): Checked<WatchQuery> {
  const check = new FieldCheck();
  checkWhere(check, request);
  const { dealerId, warehouseId, skus, cursor } = request;
  return check.refusal() ?? { dealerId, warehouseId, skus, cursor };
}

/** Of which warehouse and which of its stocks. */
function checkWhere(
  check: FieldCheck,
  { dealerId, warehouseId, skus }: Pick<WatchQuery, "dealerId" | "warehouseId" | "skus">,
): void {
  if ((dealerId === "") === (warehouseId === "")) {
    check.fail("dealer_id", "exactly one of dealer_id and warehouse_id must be set");
    check.fail("warehouse_id", "exactly one of dealer_id and warehouse_id must be set");
  }
  check.optionalName("dealer_id", dealerId);
  check.optionalName("warehouse_id", warehouseId);
  if (check.atMost("skus", skus.length, SKUS_MAX)) {
    for (const [index, sku] of skus.entries()) check.name(`skus[${index}]`, sku);
  }
}

export function checkGetSyncHealth({ warehouseId, sku }: GetSyncHealthRequest): Checked<GetSyncHealth> {
  const check = new FieldCheck();
  check.optionalName("warehouse_id", warehouseId);
  check.optionalName("sku", sku);
  if (sku !== "" && warehouseId === "") check.fail("warehouse_id", "must be set where sku is");
  return check.refusal() ?? { kind: "GetSyncHealth", warehouseId, sku };
}
