/** Drift: what a source has of a stock differs from what we have at the same sequence of it (P10). */
import type { DriftAction } from "./policy.js";

/** What a source says that it has, true after all its events up to a sequence. Whole base units. */
export interface Position {
  readonly warehouseId: string;
  readonly sku: string;
  readonly onHand: number;
  readonly unavailable: number;
  readonly asOfSequence: number;
}

/** In the order of holdfast.v1.DriftCause. */
export const DRIFT_CAUSES = ["SKIPPED_GAP", "DEAD_LETTER", "UNMATCHED_DISPATCH", "MANUAL_CHANGE", "UNKNOWN"] as const;
export type DriftCause = (typeof DRIFT_CAUSES)[number];

/** SUPERSEDED: a newer comparison of the same stock has found another difference, or none. */
export type DriftState = "OPEN" | "QUARANTINED" | "HEALED" | "DISMISSED" | "SUPERSEDED";

/** Whether it waits for a person. */
export function isWaiting(state: DriftState): boolean {
  return state === "OPEN" || state === "QUARANTINED";
}

/** One stock whose figures differed by more than policy allows. */
export interface Discrepancy {
  /** 1, 2, 3 ... in its warehouse. */
  readonly number: number;
  readonly runId: string;
  readonly source: string;
  readonly sku: string;
  readonly asOfSequence: number;
  readonly ourOnHand: number;
  readonly theirOnHand: number;
  readonly ourUnavailable: number;
  readonly theirUnavailable: number;
  readonly cause: DriftCause;
  readonly causeDetail: string;
  /** Of a full run: the source did not tell this stock. */
  readonly isMissingThere: boolean;
  readonly createdAtMs: number;
  state: DriftState;
  /** Who decided last, and why; undefined while only policy has. */
  decision: DriftDecision | undefined;
}

/** What a person said of a discrepancy. */
export interface DriftDecision {
  readonly actor: string;
  readonly reason: string;
  readonly decidedAtMs: number;
}

/** What a run of positions came to. */
export interface DriftRun {
  /** 1, 2, 3 ... in the order in which they ended. */
  readonly number: number;
  readonly runId: string;
  readonly source: string;
  readonly full: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly counts: DriftCounts;
}

export interface DriftCounts {
  readonly compared: number;
  readonly drifted: number;
  readonly healed: number;
  readonly quarantined: number;
  readonly deferred: number;
  readonly incomparable: number;
  readonly missingHere: number;
  readonly missingThere: number;
  /** By cause, in the order of DRIFT_CAUSES. */
  readonly causes: readonly number[];
}

export const NO_DRIFT: DriftCounts = {
  compared: 0,
  drifted: 0,
  healed: 0,
  quarantined: 0,
  deferred: 0,
  incomparable: 0,
  missingHere: 0,
  missingThere: 0,
  causes: DRIFT_CAUSES.map(() => 0),
};

export function addCounts(a: DriftCounts, b: Partial<DriftCounts>): DriftCounts {
  const sum = (name: Exclude<keyof DriftCounts, "causes">) => a[name] + (b[name] ?? 0);
  return {
    compared: sum("compared"),
    drifted: sum("drifted"),
    healed: sum("healed"),
    quarantined: sum("quarantined"),
    deferred: sum("deferred"),
    incomparable: sum("incomparable"),
    missingHere: sum("missingHere"),
    missingThere: sum("missingThere"),
    causes: a.causes.map((count, index) => count + (b.causes?.[index] ?? 0)),
  };
}

/** What a difference may be before it is drift. */
export interface DriftThreshold {
  readonly driftThresholdUnits: number;
  readonly driftThresholdPercent: number;
  readonly driftAction: DriftAction;
}

/** Whether a figure differs from the source's by more than both thresholds. */
export function isDrift(ours: number, theirs: number, policy: DriftThreshold): boolean {
  const difference = Math.abs(ours - theirs);
  if (difference <= policy.driftThresholdUnits) return false;
  // The percentage is of the source's figure. Exact: quantities may be near 2^53, and a difference at the threshold is within it.
  return BigInt(difference) * 100n > BigInt(Math.abs(theirs)) * BigInt(policy.driftThresholdPercent);
}
