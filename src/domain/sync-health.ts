/** The measures of a healthy sync (P15), each with the thresholds that colour it. Durations in milliseconds, units in whole base units. */
import type { SourceView } from "./source-view.js";

/** UNSPECIFIED where there is nothing to judge by. */
export type HealthLevel = "UNSPECIFIED" | "GREEN" | "AMBER" | "RED";

/** From `amber` on it is amber, from `red` on red; of accuracy, below. */
export interface Thresholds {
  readonly amber: number;
  readonly red: number;
}

export interface LatencyMeasure extends Thresholds {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly samples: number;
  readonly level: HealthLevel;
}

export interface AccuracyMeasure extends Thresholds {
  readonly windowMs: number;
  readonly fulfilled: number;
  readonly failed: number;
  /** Undefined where nothing ended. */
  readonly ratio: number | undefined;
  readonly openUnits: number;
  /** Age of the oldest open unit; 0 without one. */
  readonly oldestOpenMs: number;
  readonly samplesMin: number;
  readonly level: HealthLevel;
}

export interface DriftMeasure extends Thresholds {
  readonly windowMs: number;
  readonly compared: number;
  readonly drifted: number;
  readonly perThousand: number | undefined;
  readonly level: HealthLevel;
}

/** A count, or an age in milliseconds. */
export interface AmountMeasure extends Thresholds {
  readonly value: number;
  readonly level: HealthLevel;
}

export interface SyncHealth {
  readonly timeMs: number;
  readonly occurredToApplied: LatencyMeasure;
  readonly receivedToApplied: LatencyMeasure;
  readonly accuracy: readonly AccuracyMeasure[];
  readonly drift: readonly DriftMeasure[];
  readonly erpResponse: LatencyMeasure;
  readonly sources: readonly SourceView[];
  readonly gaps: AmountMeasure;
  readonly oldestGapMs: AmountMeasure;
  readonly provisionalOrders: AmountMeasure;
  readonly oldestProvisionalMs: AmountMeasure;
  readonly atRiskUnits: AmountMeasure;
  readonly deadLetters: AmountMeasure;
  readonly dispatchExceptions: AmountMeasure;
  readonly overdueCommittedUnits: AmountMeasure;
  readonly holdsPastDeadline: AmountMeasure;
  readonly quarantinedStocks: AmountMeasure;
}

export interface GetSyncHealth {
  readonly kind: "GetSyncHealth";
  /** Empty means every warehouse. */
  readonly warehouseId: string;
  /** Accuracy of this SKU alone, where set; only with a warehouse. */
  readonly sku: string;
}
