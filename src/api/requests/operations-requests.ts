/** Requests of OperationsService and AvailabilityService to commands and queries, field by field. */
import type { AvailabilityPort } from "../../actor/service.js";
import type { GetPolicy, GetStock, PutDealer, PutPolicy } from "../../domain/command.js";
import type { PolicyFields, PolicyScope } from "../../domain/policy.js";
import type { GetAvailabilityRequest } from "../../gen/holdfast/v1/availability_service_pb.js";
import type {
  GetPolicyRequest,
  GetStockRequest,
  ListDealersRequest,
  Policy,
  PutDealerRequest,
  PutPolicyRequest,
} from "../../gen/holdfast/v1/operations_service_pb.js";
import { badRequest } from "../errors.js";
import { FieldCheck } from "./field-check.js";
import type { Checked } from "./reservation-requests.js";

const SKUS_MAX = 1_000;

export function checkPutDealer(request: PutDealerRequest): Checked<PutDealer> {
  const check = new FieldCheck();
  const { dealer, actor, reason } = request;
  if (dealer === undefined) check.fail("dealer", "must be set");
  else {
    check.name("dealer.dealer_id", dealer.dealerId);
    check.optionalName("dealer.name", dealer.name);
    check.name("dealer.warehouse_id", dealer.warehouseId);
  }
  check.optionalName("actor", actor);
  check.optionalName("reason", reason);
  if (check.violations.length > 0 || dealer === undefined) return badRequest(check.violations);
  const { dealerId, name, warehouseId } = dealer;
  return { kind: "PutDealer", dealer: { dealerId, name, warehouseId }, attribution: { actor, reason } };
}

export function checkDealerId(dealerId: string): Checked<{ readonly dealerId: string }> {
  const check = new FieldCheck();
  check.name("dealer_id", dealerId);
  return check.violations.length > 0 ? badRequest(check.violations) : { dealerId };
}

export function checkSourceStatus(source: string): Checked<{ readonly source: string }> {
  const check = new FieldCheck();
  check.name("source", source);
  return check.violations.length > 0 ? badRequest(check.violations) : { source };
}

export function checkListDealers(
  request: ListDealersRequest,
): Checked<{ readonly pageSize: number; readonly pageToken: string }> {
  const check = new FieldCheck();
  const pageSize = check.pageSize("page_size", request.pageSize);
  return check.violations.length > 0 ? badRequest(check.violations) : { pageSize, pageToken: request.pageToken };
}

export function checkPutPolicy(request: PutPolicyRequest): Checked<PutPolicy> {
  const check = new FieldCheck();
  const { policy, actor, reason } = request;
  if (policy === undefined) check.fail("policy", "must be set");
  const scope = policy === undefined ? undefined : checkScope(check, policy);
  const fields = policy === undefined ? {} : checkPolicyFields(check, policy);
  check.optionalName("actor", actor);
  check.optionalName("reason", reason);
  if (check.violations.length > 0 || scope === undefined) return badRequest(check.violations);
  return { kind: "PutPolicy", scope, fields, attribution: { actor, reason } };
}

function checkScope(check: FieldCheck, { warehouseId, sku, dealerId }: Policy): PolicyScope {
  check.optionalName("policy.warehouse_id", warehouseId);
  check.optionalName("policy.sku", sku);
  check.optionalName("policy.dealer_id", dealerId);
  if (sku !== "" && warehouseId === "") check.fail("policy.warehouse_id", "must be set where sku is");
  if (dealerId !== "" && (warehouseId !== "" || sku !== "")) {
    check.fail("policy.dealer_id", "must be alone: a dealer's policy names no warehouse_id and no sku");
  }
  return { warehouseId, sku, dealerId };
}

function checkPolicyFields(check: FieldCheck, policy: Policy): PolicyFields {
  const scope =
    policy.dealerId !== ""
      ? "dealer"
      : policy.sku !== ""
        ? "stock"
        : policy.warehouseId !== ""
          ? "warehouse"
          : "default";
  const fits = (field: string, isSet: boolean, scopes: readonly string[]) => {
    if (isSet && !scopes.includes(scope)) check.fail(`policy.${field}`, `has no meaning in a ${scope}'s scope`);
  };
  const count = (field: string, value: bigint | undefined) =>
    value === undefined ? undefined : check.count(`policy.${field}`, value);
  const duration = (field: string, value: Policy["holdMax"]) =>
    value === undefined ? undefined : check.holdDuration(`policy.${field}`, value);
  fits("safety_stock", policy.safetyStock !== undefined, ["default", "warehouse", "stock"]);
  fits("low_at", policy.lowAt !== undefined, ["default", "warehouse", "stock"]);
  fits("open_reservations_max", policy.openReservationsMax !== undefined, ["default", "dealer"]);
  fits("hold_default", policy.holdDefault !== undefined, ["default", "warehouse", "dealer"]);
  fits("hold_max", policy.holdMax !== undefined, ["default", "warehouse", "dealer"]);
  const safetyStock = count("safety_stock", policy.safetyStock);
  const lowAt = count("low_at", policy.lowAt);
  const openReservationsMax = count("open_reservations_max", policy.openReservationsMax);
  const holdDefaultMs = duration("hold_default", policy.holdDefault);
  const holdMaxMs = duration("hold_max", policy.holdMax);
  if (holdDefaultMs !== undefined && holdMaxMs !== undefined && holdDefaultMs > holdMaxMs) {
    check.fail("policy.hold_default", "must be at most hold_max");
  }
  return {
    ...(safetyStock === undefined ? {} : { safetyStock }),
    ...(lowAt === undefined ? {} : { lowAt }),
    ...(openReservationsMax === undefined ? {} : { openReservationsMax }),
    ...(holdDefaultMs === undefined ? {} : { holdDefaultMs }),
    ...(holdMaxMs === undefined ? {} : { holdMaxMs }),
  };
}

export function checkGetPolicy({ warehouseId, sku, dealerId }: GetPolicyRequest): Checked<GetPolicy> {
  const check = new FieldCheck();
  check.optionalName("warehouse_id", warehouseId);
  check.optionalName("sku", sku);
  check.optionalName("dealer_id", dealerId);
  if (sku !== "" && warehouseId === "") check.fail("warehouse_id", "must be set where sku is");
  if (check.violations.length > 0) return badRequest(check.violations);
  return { kind: "GetPolicy", scope: { warehouseId, sku, dealerId } };
}

export function checkGetStock(request: GetStockRequest): Checked<GetStock> {
  const check = new FieldCheck();
  check.name("warehouse_id", request.warehouseId);
  check.name("sku", request.sku);
  const pageSize = check.pageSize("page_size", request.pageSize);
  if (check.violations.length > 0) return badRequest(check.violations);
  const { warehouseId, sku, pageToken } = request;
  return { kind: "GetStock", warehouseId, sku, pageSize, pageToken };
}

export function checkGetAvailability(
  request: GetAvailabilityRequest,
): Checked<Parameters<AvailabilityPort["read"]>[0]> {
  const check = new FieldCheck();
  const { dealerId, warehouseId, skus, pageToken } = request;
  if ((dealerId === "") === (warehouseId === "")) {
    check.fail("dealer_id", "exactly one of dealer_id and warehouse_id must be set");
    check.fail("warehouse_id", "exactly one of dealer_id and warehouse_id must be set");
  }
  check.optionalName("dealer_id", dealerId);
  check.optionalName("warehouse_id", warehouseId);
  if (skus.length > SKUS_MAX) {
    check.violations.push({ field: "skus", message: `at most ${SKUS_MAX} are allowed`, limit: true });
  } else for (const [index, sku] of skus.entries()) check.name(`skus[${index}]`, sku);
  if (skus.length > 0 && pageToken !== "") check.fail("page_token", "must be empty where skus are named");
  const pageSize = check.pageSize("page_size", request.pageSize);
  if (check.violations.length > 0) return badRequest(check.violations);
  return { dealerId, warehouseId, skus, pageSize, pageToken };
}
