import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type {
  AccuracyMeasure,
  AmountMeasure,
  DriftMeasure,
  LatencyMeasure,
  HealthLevel as Level,
  SyncHealth,
} from "../../domain/sync-health.js";
import {
  type AccuracyMeasureSchema,
  type CountMeasureSchema,
  type DriftMeasureSchema,
  type DurationMeasureSchema,
  type GetSyncHealthResponse,
  GetSyncHealthResponseSchema,
  HealthLevel,
  type LatencyMeasureSchema,
} from "../../gen/holdfast/v1/sync_health_pb.js";
import { timestamp } from "./messages.js";
import { sourceMessage } from "./source-message.js";

/** The measures of a healthy sync, with their thresholds and levels. */
export function syncHealthMessage(health: SyncHealth): GetSyncHealthResponse {
  return create(GetSyncHealthResponseSchema, {
    time: timestamp(health.timeMs),
    occurredToApplied: latencyMessage(health.occurredToApplied),
    receivedToApplied: latencyMessage(health.receivedToApplied),
    accuracy: health.accuracy.map(accuracyMessage),
    drift: health.drift.map(driftMessage),
    erpResponse: latencyMessage(health.erpResponse),
    sources: health.sources.map(sourceMessage),
    gaps: countMessage(health.gaps),
    oldestGapAge: durationMessage(health.oldestGapMs),
    provisionalOrders: countMessage(health.provisionalOrders),
    oldestProvisionalAge: durationMessage(health.oldestProvisionalMs),
    atRiskUnits: countMessage(health.atRiskUnits),
    deadLetters: countMessage(health.deadLetters),
    dispatchExceptions: countMessage(health.dispatchExceptions),
    overdueCommittedUnits: countMessage(health.overdueCommittedUnits),
    holdsPastDeadline: countMessage(health.holdsPastDeadline),
    quarantinedStocks: countMessage(health.quarantinedStocks),
  });
}

function levelMessage(level: Level): HealthLevel {
  return HealthLevel[level];
}

function latencyMessage(measure: LatencyMeasure): MessageInitShape<typeof LatencyMeasureSchema> {
  return {
    p50: durationFromMs(measure.p50Ms),
    p99: durationFromMs(measure.p99Ms),
    samples: BigInt(measure.samples),
    amber: durationFromMs(measure.amber),
    red: durationFromMs(measure.red),
    level: levelMessage(measure.level),
  };
}

function accuracyMessage(measure: AccuracyMeasure): MessageInitShape<typeof AccuracyMeasureSchema> {
  return {
    window: durationFromMs(measure.windowMs),
    fulfilledUnits: BigInt(measure.fulfilled),
    failedUnits: BigInt(measure.failed),
    ...(measure.ratio === undefined ? {} : { ratio: measure.ratio }),
    openUnits: BigInt(measure.openUnits),
    oldestOpenAge: durationFromMs(measure.oldestOpenMs),
    amber: measure.amber,
    red: measure.red,
    samplesMin: BigInt(measure.samplesMin),
    level: levelMessage(measure.level),
  };
}

function driftMessage(measure: DriftMeasure): MessageInitShape<typeof DriftMeasureSchema> {
  return {
    window: durationFromMs(measure.windowMs),
    compared: BigInt(measure.compared),
    drifted: BigInt(measure.drifted),
    ...(measure.perThousand === undefined ? {} : { perThousand: measure.perThousand }),
    amber: measure.amber,
    red: measure.red,
    level: levelMessage(measure.level),
  };
}

function countMessage({ value, amber, red, level }: AmountMeasure): MessageInitShape<typeof CountMeasureSchema> {
  return { value: BigInt(value), amber: BigInt(amber), red: BigInt(red), level: levelMessage(level) };
}

function durationMessage({ value, amber, red, level }: AmountMeasure): MessageInitShape<typeof DurationMeasureSchema> {
  return {
    value: durationFromMs(value),
    amber: durationFromMs(amber),
    red: durationFromMs(red),
    level: levelMessage(level),
  };
}
