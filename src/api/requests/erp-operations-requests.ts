/** Requests of OperationsService about the ERP side to commands, field by field. */
import type {
  AttachDispatch,
  DropDeadLetter,
  ListAtRisk,
  ListDeadLetters,
  ListDispatchExceptions,
  ReplayDeadLetter,
  ResolveAtRisk,
} from "../../domain/erp-operations.js";
import type { ListAtRiskRequest, ResolveAtRiskRequest } from "../../gen/holdfast/v1/at_risk_pb.js";
import type {
  AttachDispatchRequest,
  DropDeadLetterRequest,
  ListDeadLettersRequest,
  ListDispatchExceptionsRequest,
  ReplayDeadLetterRequest,
} from "../../gen/holdfast/v1/dead_letter_pb.js";
import { FieldCheck } from "./field-check.js";
import type { Checked } from "./reservation-requests.js";

/** Indexed by the enum's number; there is no default. */
const RESOLUTIONS = [undefined, "RELEASE", "KEEP"] as const;

export function checkListDeadLetters(request: ListDeadLettersRequest): Checked<ListDeadLetters> {
  const check = new FieldCheck();
  check.optionalName("source", request.source);
  const pageSize = check.pageSize("page_size", request.pageSize);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { source, includeResolved, pageToken } = request;
  return { kind: "ListDeadLetters", source, includeResolved, pageSize, pageToken };
}

export function checkReplayDeadLetter(request: ReplayDeadLetterRequest): Checked<ReplayDeadLetter> {
  const checked = checkLetter(request);
  return "number" in checked ? { kind: "ReplayDeadLetter", ...checked } : checked;
}

export function checkDropDeadLetter(request: DropDeadLetterRequest): Checked<DropDeadLetter> {
  const checked = checkLetter(request);
  return "number" in checked ? { kind: "DropDeadLetter", ...checked } : checked;
}

function checkLetter(request: ReplayDeadLetterRequest | DropDeadLetterRequest): Checked<Omit<DropDeadLetter, "kind">> {
  const check = new FieldCheck();
  const number = check.quantity("number", request.number);
  const { actor, reason } = request;
  check.text("actor", actor);
  check.text("reason", reason);
  return check.refusal() ?? { number, attribution: { actor, reason } };
}

export function checkListDispatchExceptions(request: ListDispatchExceptionsRequest): Checked<ListDispatchExceptions> {
  const check = new FieldCheck();
  check.name("warehouse_id", request.warehouseId);
  check.optionalName("sku", request.sku);
  const pageSize = check.pageSize("page_size", request.pageSize);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { warehouseId, sku, includeResolved, pageToken } = request;
  return { kind: "ListDispatchExceptions", warehouseId, sku, includeResolved, pageSize, pageToken };
}

export function checkAttachDispatch(request: AttachDispatchRequest): Checked<AttachDispatch> {
  const check = new FieldCheck();
  check.name("warehouse_id", request.warehouseId);
  const exception = check.quantity("exception", request.exception);
  check.name("reservation_id", request.reservationId);
  const quantity = check.count("quantity", request.quantity);
  const { warehouseId, reservationId, actor, reason } = request;
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return {
    kind: "AttachDispatch",
    warehouseId,
    exception,
    reservationId,
    quantity,
    attribution: { actor, reason },
  };
}

export function checkListAtRisk(request: ListAtRiskRequest): Checked<ListAtRisk> {
  const check = new FieldCheck();
  check.optionalName("warehouse_id", request.warehouseId);
  const pageSize = check.pageSize("page_size", request.pageSize);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const { warehouseId, includeKept, pageToken } = request;
  return { kind: "ListAtRisk", warehouseId, includeKept, pageSize, pageToken };
}

export function checkResolveAtRisk(request: ResolveAtRiskRequest): Checked<ResolveAtRisk> {
  const check = new FieldCheck();
  const { reservationId, actor, reason } = request;
  check.name("reservation_id", reservationId);
  const resolution = check.oneOf("resolution", request.resolution, RESOLUTIONS);
  check.text("actor", actor);
  if (reason === "") check.fail("reason", "must be set: it says why, on record");
  else check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "ResolveAtRisk", reservationId, resolution: resolution!, attribution: { actor, reason } };
}
