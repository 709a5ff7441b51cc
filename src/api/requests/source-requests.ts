/** Requests of OperationsService about ERP sources to commands, field by field. What of a Source is only answered is not looked at. */
import type { GetSource, ListSources, MoveStockSource, PutSource, SkipGap } from "../../domain/erp-operations.js";
import type { SourceThresholds } from "../../domain/source.js";
import type {
  GetSourceRequest,
  ListSourcesRequest,
  MoveStockSourceRequest,
  PutSourceRequest,
  SkipGapRequest,
  Source,
} from "../../gen/holdfast/v1/source_pb.js";
import { FieldCheck } from "./field-check.js";
import type { Checked } from "./reservation-requests.js";

/** Warehouses that an operator may name for one source; its events may name more. */
const WAREHOUSES_MAX = 1_000;

/** Indexed by the enum's number; unspecified is as configured. */
const GAP_POLICIES = ["CONFIGURED", "WAIT", "SKIP"] as const;

export function checkPutSource(request: PutSourceRequest): Checked<PutSource> {
  const check = new FieldCheck();
  const { source, actor, reason } = request;
  if (source === undefined) check.fail("source", "must be set");
  const thresholds = source === undefined ? {} : checkSource(check, source);
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  const warehouseIds = [...new Set(source!.warehouseIds)];
  return { kind: "PutSource", source: source!.source, warehouseIds, thresholds, attribution: { actor, reason } };
}

function checkSource(check: FieldCheck, { source, warehouseIds, thresholds }: Source): SourceThresholds {
  check.name("source.source", source);
  if (check.atMost("source.warehouse_ids", warehouseIds.length, WAREHOUSES_MAX)) {
    for (const [index, warehouseId] of warehouseIds.entries()) {
      check.name(`source.warehouse_ids[${index}]`, warehouseId);
    }
  }
  return checkThresholds(check, thresholds);
}

function checkThresholds(check: FieldCheck, thresholds: Source["thresholds"]): SourceThresholds {
  if (thresholds === undefined) return {};
  const path = "source.thresholds";
  const laggingAfterMs = check.holdDuration(`${path}.lagging_after`, thresholds.laggingAfter);
  const staleAfterMs = check.holdDuration(`${path}.stale_after`, thresholds.staleAfter);
  const gapWaitMs = check.holdDuration(`${path}.gap_wait`, thresholds.gapWait);
  const gapPolicy = check.oneOf(`${path}.gap_policy`, thresholds.gapPolicy, GAP_POLICIES);
  // 0 is unset, or bad and told already.
  if (staleAfterMs > 0 && laggingAfterMs > staleAfterMs) {
    check.fail(`${path}.lagging_after`, "must be at most stale_after");
  }
  return {
    ...(laggingAfterMs === 0 ? {} : { laggingAfterMs }),
    ...(staleAfterMs === 0 ? {} : { staleAfterMs }),
    ...(gapWaitMs === 0 ? {} : { gapWaitMs }),
    ...(gapPolicy === "CONFIGURED" ? {} : { gapPolicy }),
  };
}

export function checkGetSource({ source }: GetSourceRequest): Checked<GetSource> {
  const check = new FieldCheck();
  check.name("source", source);
  return check.refusal() ?? { kind: "GetSource", source };
}

export function checkListSources(request: ListSourcesRequest): Checked<ListSources> {
  const check = new FieldCheck();
  const pageSize = check.pageSize("page_size", request.pageSize);
  return check.refusal() ?? { kind: "ListSources", pageSize, pageToken: request.pageToken };
}

export function checkMoveStockSource(request: MoveStockSourceRequest): Checked<MoveStockSource> {
  const check = new FieldCheck();
  const { warehouseId, sku, source, actor, reason } = request;
  check.name("warehouse_id", warehouseId);
  check.name("sku", sku);
  check.name("source", source);
  const fromSequence = check.quantity("from_sequence", request.fromSequence);
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "MoveStockSource", warehouseId, sku, source, fromSequence, attribution: { actor, reason } };
}

export function checkSkipGap(request: SkipGapRequest): Checked<SkipGap> {
  const check = new FieldCheck();
  const { source, actor, reason } = request;
  check.name("source", source);
  const last = check.quantity("last", request.last);
  check.text("actor", actor);
  check.text("reason", reason);
  const refused = check.refusal();
  if (refused !== undefined) return refused;
  return { kind: "SkipGap", source, last, attribution: { actor, reason } };
}
