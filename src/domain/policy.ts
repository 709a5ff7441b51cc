/** What an operator set for one scope. An absent field inherits. Durations in milliseconds, stock in whole base units. */
export interface PolicyFields {
  readonly safetyStock?: number;
  readonly lowAt?: number;
  /** Open reservations that one dealer may have in one warehouse. */
  readonly openReservationsMax?: number;
  readonly holdDefaultMs?: number;
  readonly holdMaxMs?: number;
}

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
}

/** What ships, before anybody put a policy. */
export const SHIPPED_POLICY: EffectivePolicy = {
  safetyStock: 0,
  lowAt: 10,
  holdDefaultMs: 15 * 60_000,
  holdMaxMs: 24 * 3_600_000,
};
