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
import { EDGE_LIMITS } from "../../limits.js";
import { FieldCheck, isCount, isFigure, isName } from "./field-check.js";
import type { PositionsMessage } from "./positions-message.js";
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

/** The head of one message of a report; `first` is that of the first message, undefined before it. */
export function checkReportHead(
  { head, count }: PositionsMessage,
  first: ReportHead | undefined,
): Checked<{ readonly head: ReportHead; readonly last: boolean }> {
  const check = new FieldCheck();
  const { source, runId, full, last } = head;
  check.name("source", source);
  check.name("run_id", runId);
  const rule = "must be the same in every message of a report";
  if (first !== undefined && source !== first.source) check.fail("source", rule);
  if (first !== undefined && runId !== first.runId) check.fail("run_id", rule);
  if (first !== undefined && full !== first.full) check.fail("full", rule);
  check.atMost("positions", count, EDGE_LIMITS.elementsMax);
  return check.refusal() ?? { head: { source, runId, full }, last };
}

/** Some positions of a message. Throws where the bytes of one are none. */
export function checkPositions(
  message: PositionsMessage,
  from: number,
  to: number,
): Checked<{ readonly positions: readonly Position[] }> {
  const check = new FieldCheck();
  const positions: Position[] = [];
  for (let index = from; index < to; index++) {
    const { warehouseId, sku, onHand, unavailable, asOfSequence } = message.position(index);
    // The paths are built for bad positions only: a run has a million good ones.
    if (!isName(warehouseId)) check.name(`positions[${index}].warehouse_id`, warehouseId);
    if (!isName(sku)) check.name(`positions[${index}].sku`, sku);
    if (!isFigure(onHand)) check.figure(`positions[${index}].on_hand`, onHand);
    if (!isCount(unavailable)) check.count(`positions[${index}].unavailable`, unavailable);
    if (!isCount(asOfSequence)) check.count(`positions[${index}].as_of_sequence`, asOfSequence);
    positions.push({
      warehouseId,
      sku,
      onHand: Number(onHand),
      unavailable: Number(unavailable),
      asOfSequence: Number(asOfSequence),
    });
  }
  return check.refusal() ?? { positions };
}
