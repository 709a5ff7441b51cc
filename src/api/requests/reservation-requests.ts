/** Requests of ReservationService to commands, field by field. */
import type { Commit, Extend, GetReservation, ListReservations, Release, Reserve } from "../../domain/command.js";
import type { Refusal } from "../../domain/refusal.js";
import type { ReleaseReason, ReservationState } from "../../domain/reservation.js";
import type {
  CommitRequest,
  ExtendRequest,
  GetReservationRequest,
  ListReservationsRequest,
  ReleaseRequest,
  ReserveRequest,
} from "../../gen/holdfast/v1/reservation_service_pb.js";
import { FieldCheck } from "./field-check.js";

export type Checked<C> = C | Refusal;

/** Indexed by the enum's number; unspecified means the default. */
export const RELEASE_REASONS: readonly ReleaseReason[] = ["CANCELLED", "CANCELLED", "REJECTED", "DISPATCH_FAILED"];
const FILL_POLICIES = ["ALL_OR_NOTHING", "ALL_OR_NOTHING", "PARTIAL"] as const;
const STATES = [undefined, "PENDING", "COMMITTED", "FULFILLED", "RELEASED", "EXPIRED"] as const;

export function checkReserve(request: ReserveRequest): Checked<Reserve> {
  const check = new FieldCheck();
  check.name("request_id", request.requestId);
  check.name("dealer_id", request.dealerId);
  check.name("order_id", request.orderId);
  check.optionalName("warehouse_id", request.warehouseId);
  const lines = check.lines(request.lines, false);
  const partial = check.oneOf("fill_policy", request.fillPolicy, FILL_POLICIES) === "PARTIAL";
  const holdMs = check.holdDuration("hold_duration", request.holdDuration);
  if (request.commit && request.holdDuration !== undefined) {
    check.fail("hold_duration", "must be unset when commit is set: there is no hold");
  }
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { requestId, dealerId, orderId, warehouseId, commit } = request;
  return { kind: "Reserve", requestId, dealerId, orderId, warehouseId, lines, partial, holdMs, commit };
}

function checkNamed(
  check: FieldCheck,
  request: { readonly requestId: string; readonly dealerId: string; readonly reservationId: string },
): void {
  check.name("request_id", request.requestId);
  check.name("dealer_id", request.dealerId);
  check.name("reservation_id", request.reservationId);
}

export function checkCommit(request: CommitRequest): Checked<Commit> {
  const check = new FieldCheck();
  checkNamed(check, request);
  const lines = check.lines(request.lines, true);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { requestId, dealerId, reservationId } = request;
  return { kind: "Commit", requestId, dealerId, reservationId, lines };
}

export function checkRelease(request: ReleaseRequest): Checked<Release> {
  const check = new FieldCheck();
  checkNamed(check, request);
  const lines = check.lines(request.lines, true);
  const reason = check.oneOf("reason", request.reason, RELEASE_REASONS);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { requestId, dealerId, reservationId } = request;
  return { kind: "Release", requestId, dealerId, reservationId, lines, reason };
}

export function checkExtend(request: ExtendRequest): Checked<Extend> {
  const check = new FieldCheck();
  checkNamed(check, request);
  const holdMs = check.holdDuration("hold_duration", request.holdDuration);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { requestId, dealerId, reservationId } = request;
  return { kind: "Extend", requestId, dealerId, reservationId, holdMs };
}

export function checkGetReservation(request: GetReservationRequest): Checked<GetReservation> {
  const check = new FieldCheck();
  check.name("reservation_id", request.reservationId);
  check.name("dealer_id", request.dealerId);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "GetReservation", dealerId: request.dealerId, reservationId: request.reservationId };
}

export function checkListReservations(request: ListReservationsRequest): Checked<ListReservations> {
  const check = new FieldCheck();
  check.name("dealer_id", request.dealerId);
  check.optionalName("order_id", request.orderId);
  check.optionalName("warehouse_id", request.warehouseId);
  check.optionalName("sku", request.sku);
  // As a set: a request may name one state a million times.
  const states = new Set<ReservationState>();
  for (const [index, value] of request.states.entries()) {
    const state = STATES[value];
    if (state === undefined) check.fail(`states[${index}]`, "is no state of a reservation");
    else states.add(state);
  }
  const pageSize = check.pageSize("page_size", request.pageSize);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { dealerId, orderId, warehouseId, sku, pageToken } = request;
  return { kind: "ListReservations", dealerId, orderId, warehouseId, sku, states: [...states], pageSize, pageToken };
}
