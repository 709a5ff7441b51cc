/** From when on a measure is amber or red, each with its reason (docs/operations.md says what to do then). */
import type { Thresholds } from "../../domain/sync-health.js";

export const HEALTH_THRESHOLDS = {
  /** A dealer looks at a figure for seconds; after a minute he has ordered by it. */
  occurredToAppliedMs: { amber: 5_000, red: 60_000 },
  /** Ours alone: a slow disk shows here first. */
  receivedToAppliedMs: { amber: 250, red: 2_000 },
  /** One confirmed unit of 200 that does not come is noticed by dealers, one of 50 is talked about. */
  accuracy: { amber: 0.995, red: 0.98 },
  /** Discrepancies for each 1,000 positions. */
  driftPerThousand: { amber: 1, red: 10 },
  erpResponseMs: { amber: 2_000, red: 10_000 },
  gaps: { amber: 1, red: 10 },
  oldestGapMs: { amber: 30_000, red: 300_000 },
  provisionalOrders: { amber: 1, red: 1_000 },
  oldestProvisionalMs: { amber: 900_000, red: 7_200_000 },
  /** Somebody was promised what is not there. */
  atRiskUnits: { amber: 1, red: 50 },
  deadLetters: { amber: 1, red: 20 },
  dispatchExceptions: { amber: 1, red: 20 },
  overdueCommittedUnits: { amber: 1, red: 100 },
  /** Must never happen. */
  holdsPastDeadline: { amber: 1, red: 1 },
  quarantinedStocks: { amber: 1, red: 10 },
} as const satisfies Readonly<Record<string, Thresholds>>;

/** Ended units below which an accuracy has no colour: one bad order would paint everything red. */
export const ACCURACY_SAMPLES_MIN = 100;
