/** Requests about drift to commands, and positions as a source reports them, field by field. */
import type { PositionsRequest } from "../../actor/service.js";
import type { Position } from "../../domain/drift.js";
import type { ListDiscrepancies, ListDriftRuns, ResolveDrift } from "../../domain/erp-operations.js";
import type {
  ListDiscrepanciesRequest,
  ListDriftRunsRequest,
  RequestPositionsRequest,
  ResolveDriftRequest,
} from "../../gen/holdfast/v1/drift_pb.js";
import type { ReportPositionsRequest } from "../../gen/holdfast/v1/erp_service_pb.js";
import { EDGE_LIMITS } from "../../limits.js";
import { FieldCheck } from "./field-check.js";
import type { Checked } from "./reservation-requests.js";

/** Indexed by the enum's number; there is no default. */
const RESOLUTIONS = [undefined, "HEALED", "DISMISSED", "QUARANTINED"] as const;

export function checkListDriftRuns(request: ListDriftRunsRequest): Checked<ListDriftRuns> {
  const check = new FieldCheck();
  check.optionalName("source", request.source);
  const pageSize = check.pageSize("page_size", request.pageSize);
  const { source, pageToken } = request;
  return check.refusal() ?? { kind: "ListDriftRuns", source, pageSize, pageToken };
}

export function checkListDiscrepancies(request: ListDiscrepanciesRequest): Checked<ListDiscrepancies> {
  const check = new FieldCheck();
  check.name("warehouse_id", request.warehouseId);
  check.optionalName("run_id", request.runId);
  const pageSize = check.pageSize("page_size", request.pageSize);
  const { warehouseId, runId, includeResolved, pageToken } = request;
  return check.refusal() ?? { kind: "ListDiscrepancies", warehouseId, runId, includeResolved, pageSize, pageToken };
}

export function checkResolveDrift(request: ResolveDriftRequest): Checked<ResolveDrift> {
  const check = new FieldCheck();
  check.name("warehouse_id", request.warehouseId);
  const number = check.quantity("number", request.number);
  const resolution = RESOLUTIONS[request.resolution];
  if (resolution === undefined) check.fail("resolution", "must be set to one that this version knows");
  const { warehouseId, actor, reason } = request;
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "ResolveDrift", warehouseId, number, resolution: resolution!, attribution: { actor, reason } };
}

export function checkRequestPositions(
  request: RequestPositionsRequest,
): Checked<{ readonly source: string; readonly asked: Omit<PositionsRequest, "runId"> }> {
  const check = new FieldCheck();
  check.name("source", request.source);
  check.optionalName("warehouse_id", request.warehouseId);
  check.text("actor", request.actor);
  check.text("reason", request.reason);
  const { source, full, warehouseId } = request;
  return check.refusal() ?? { source, asked: { full, warehouseId } };
}

/** What every message of one report must say alike. */
export interface ReportHead {
  readonly source: string;
  readonly runId: string;
  readonly full: boolean;
}

/** One message of a report; `head` is that of the first, undefined before it. */
export function checkReport(
  request: ReportPositionsRequest,
  head: ReportHead | undefined,
): Checked<{ readonly head: ReportHead; readonly positions: readonly Position[]; readonly last: boolean }> {
  const check = new FieldCheck();
  const { source, runId, full, last } = request;
  check.name("source", source);
  check.name("run_id", runId);
  const rule = "must be the same in every message of a report";
  if (head !== undefined && source !== head.source) check.fail("source", rule);
  if (head !== undefined && runId !== head.runId) check.fail("run_id", rule);
  if (head !== undefined && full !== head.full) check.fail("full", rule);
  const positions: Position[] = [];
  if (check.atMost("positions", request.positions.length, EDGE_LIMITS.elementsMax)) {
    request.positions.forEach((position, index) => {
      const path = `positions[${index}]`;
      const { warehouseId, sku } = position;
      check.name(`${path}.warehouse_id`, warehouseId);
      check.name(`${path}.sku`, sku);
      const onHand = check.figure(`${path}.on_hand`, position.onHand);
      const unavailable = check.count(`${path}.unavailable`, position.unavailable);
      const asOfSequence = check.count(`${path}.as_of_sequence`, position.asOfSequence);
      positions.push({ warehouseId, sku, onHand, unavailable, asOfSequence });
    });
  }
  return check.refusal() ?? { head: { source, runId, full }, positions, last };
}
