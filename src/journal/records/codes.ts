import { DRIFT_CAUSES } from "../../domain/drift.js";

/** The numbers that names have on disk (proto/holdfast/journal/v1). Index 0 is the unspecified value and never written. */
export const METHODS = ["", "Reserve", "Commit", "Release", "Extend"] as const;
export const OUTCOMES = ["", "RESERVED", "PARTIALLY_RESERVED", "REJECTED", "DONE"] as const;
export const RELEASE_REASONS = ["", "CANCELLED", "REJECTED", "DISPATCH_FAILED"] as const;
export const RESERVATION_STATES = ["", "PENDING", "COMMITTED", "FULFILLED", "RELEASED", "EXPIRED"] as const;
export const SHORTAGE_REASONS = ["", "INSUFFICIENT", "SHORTFALL", "QUARANTINED", "UNKNOWN_SKU"] as const;
export const FRESHNESS_STATES = ["", "LIVE", "LAGGING", "STALE"] as const;
export const GAP_POLICIES = ["", "WAIT", "SKIP"] as const;
export const DRIFT_ACTIONS = ["", "HEAL", "QUARANTINE", "ASK"] as const;
export const AVAILABILITY_PRECISIONS = ["", "EXACT", "CAPPED", "LEVEL"] as const;
export const DRIFT_STATES = ["", "OPEN", "QUARANTINED", "HEALED", "DISMISSED", "SUPERSEDED"] as const;
export const DRIFT_CAUSE_CODES = ["", ...DRIFT_CAUSES] as const;
export const DEAD_LETTER_STATES = ["", "OPEN", "REPLAYED", "DROPPED"] as const;
export const OUTCOME_TYPES = [
  "",
  "COMMITTED",
  "RELEASED",
  "EXPIRED",
  "RESUBMISSION_NEEDED",
  "DISPATCHED",
  "FULFILLED",
  "AT_RISK",
  "COVERED_AGAIN",
  "PROVISIONAL_CONFIRMED",
] as const;
export const MOVEMENT_KINDS = ["", "moved", "counted", "dispatched", "closed", "reversed", "healed"] as const;

/** The number of a name. */
export function codeOf<N extends string>(names: readonly N[], name: Exclude<N, "">): number {
  return names.indexOf(name);
}

/** The name of a number; a number that this version does not know is an error, not a guess. */
export function nameOf<N extends string>(names: readonly N[], code: number): Exclude<N, ""> {
  const name = names[code];
  if (name === undefined || name === "") throw new RangeError(`code ${code} is none of ${names.slice(1).join(", ")}`);
  return name as Exclude<N, "">;
}
