import { create } from "@bufbuild/protobuf";
import { DRIFT_CAUSES, type Discrepancy as Found, type DriftRun as Run } from "../../domain/drift.js";
import {
  type Discrepancy,
  DiscrepancySchema,
  DriftCause,
  type DriftRun,
  DriftRunSchema,
  DriftState,
} from "../../gen/holdfast/v1/drift_pb.js";
import { timestamp } from "./messages.js";

export function discrepancyMessage(warehouseId: string, found: Found): Discrepancy {
  return create(DiscrepancySchema, {
    number: BigInt(found.number),
    runId: found.runId,
    warehouseId,
    sku: found.sku,
    asOfSequence: BigInt(found.asOfSequence),
    ourOnHand: BigInt(found.ourOnHand),
    theirOnHand: BigInt(found.theirOnHand),
    ourUnavailable: BigInt(found.ourUnavailable),
    theirUnavailable: BigInt(found.theirUnavailable),
    cause: DriftCause[found.cause],
    causeDetail: found.causeDetail,
    state: DriftState[found.state],
    createTime: timestamp(found.createdAtMs),
    missingThere: found.isMissingThere,
    ...(found.decision === undefined
      ? {}
      : {
          resolveTime: timestamp(found.decision.decidedAtMs),
          resolveActor: found.decision.actor,
          resolveReason: found.decision.reason,
        }),
  });
}

export function driftRunMessage({ counts, ...run }: Run): DriftRun {
  return create(DriftRunSchema, {
    runId: run.runId,
    source: run.source,
    full: run.full,
    startTime: timestamp(run.startedAtMs),
    endTime: timestamp(run.endedAtMs),
    compared: BigInt(counts.compared),
    drifted: BigInt(counts.drifted),
    healed: BigInt(counts.healed),
    quarantined: BigInt(counts.quarantined),
    deferred: BigInt(counts.deferred),
    incomparable: BigInt(counts.incomparable),
    missingHere: BigInt(counts.missingHere),
    missingThere: BigInt(counts.missingThere),
    causes: counts.causes.flatMap((count, index) =>
      count === 0 ? [] : [{ cause: DriftCause[DRIFT_CAUSES[index]!], count: BigInt(count) }],
    ),
  });
}
