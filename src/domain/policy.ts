/** What an operator set for one scope. An absent field inherits. Durations in milliseconds, stock in whole base units. */
export interface PolicyFields {
  readonly safetyStock?: number;
  readonly lowAt?: number;
  /** Open reservations that one dealer may have in one warehouse. */
  readonly openReservationsMax?: number;
  readonly holdDefaultMs?: number;
  readonly holdMaxMs?: number;
  /** Held back while the ERP is away, in full after the span: units, and percent of what is sellable. */
  readonly degradedBufferUnits?: number;
  readonly degradedBufferPercent?: number;
  readonly degradedBufferSpanMs?: number;
  /** A position drifts when it differs by more than both. */
  readonly driftThresholdUnits?: number;
  readonly driftThresholdPercent?: number;
  readonly driftAction?: DriftAction;
  readonly commitOverdueAfterMs?: number;
  /** How exactly dealers are told what can be promised, and the most that CAPPED tells. */
  readonly availabilityPrecision?: AvailabilityPrecision;
  readonly availabilityCap?: number;
}

/** What is done about a stock that has drifted. */
export type DriftAction = "HEAL" | "QUARANTINE" | "ASK";

/** EXACT: as it is. CAPPED: the cap stands for all that is more. LEVEL: in stock, low or out, without a figure. */
export type AvailabilityPrecision = "EXACT" | "CAPPED" | "LEVEL";

/** All empty: the default. Otherwise a warehouse, a stock (warehouse and SKU), or a dealer. */
export interface PolicyScope {
  readonly warehouseId: string;
  readonly sku: string;
  readonly dealerId: string;
}

/** One scope's policy as it is kept. */
export interface PolicyItem {
  readonly number: number;
  readonly scope: PolicyScope;
  fields: PolicyFields;
  /** How often a field that stocks inherit has changed. */
  stockChanges: number;
  /** The longest hold that was ever allowed here: what was given then is held still. */
  longestHoldMs: number;
}

/** What applies after inheritance. `openReservationsMax` is absent where there is no quota. */
export interface EffectivePolicy {
  readonly safetyStock: number;
  readonly lowAt: number;
  readonly openReservationsMax?: number;
  readonly holdDefaultMs: number;
  readonly holdMaxMs: number;
  readonly degradedBufferUnits: number;
  readonly degradedBufferPercent: number;
  readonly degradedBufferSpanMs: number;
  readonly driftThresholdUnits: number;
  readonly driftThresholdPercent: number;
  readonly driftAction: DriftAction;
  readonly commitOverdueAfterMs: number;
  readonly availabilityPrecision: AvailabilityPrecision;
  readonly availabilityCap: number;
}

/** What ships, before anybody put a policy. */
export const SHIPPED_POLICY: EffectivePolicy = {
  safetyStock: 0,
  lowAt: 10,
  holdDefaultMs: 15 * 60_000,
  holdMaxMs: 24 * 3_600_000,
  // A network's morning moves a few percent of a fast SKU an hour outside of what Holdfast sees: returns, counts, breakage.
  degradedBufferUnits: 0,
  degradedBufferPercent: 12,
  degradedBufferSpanMs: 3_600_000,
  // Any difference counts, and a person looks at it before figures move.
  driftThresholdUnits: 0,
  driftThresholdPercent: 0,
  driftAction: "ASK",
  commitOverdueAfterMs: 48 * 3_600_000,
  availabilityPrecision: "EXACT",
  // "50+" is enough for any order that a dealer usually makes.
  availabilityCap: 50,
};
