/**
 * What policies say after inheritance: holds and how exactly dealers are told from dealer, warehouse, default; stock figures from stock,
 * warehouse, default.
 */
import { type DealerPrecision, precisionOf } from "./dealer-precision.js";
import { NO_BUFFER } from "./degraded.js";
import type { EffectivePolicy, PolicyFields, PolicyItem, PolicyScope } from "./policy.js";
import { SHIPPED_POLICY } from "./policy.js";
import type { InheritedStockPolicy } from "./stock.js";

const NOTHING: PolicyFields = {};

export class PolicyBook {
  readonly #items = new Map<string, PolicyItem>();
  /** What warehouses hand down to their stocks; made anew when a policy changes. */
  readonly #inherited = new Map<string, InheritedStockPolicy>();
  readonly #effective = new Map<string, EffectivePolicy>();
  #longestHoldMs = SHIPPED_POLICY.holdMaxMs;
  #changes = 0;

  put(item: PolicyItem): void {
    this.#changes += 1;
    this.#items.set(scopeKey(item.scope), item);
    this.#inherited.clear();
    this.#effective.clear();
    this.#longestHoldMs = Math.max(this.#longestHoldMs, item.longestHoldMs);
  }

  /** Rises with each policy that is put. */
  get changes(): number {
    return this.#changes;
  }

  find(scope: PolicyScope): PolicyItem | undefined {
    return this.#items.get(scopeKey(scope));
  }

  /** What stocks of a warehouse inherit. */
  inherited(warehouseId: string): InheritedStockPolicy {
    const known = this.#inherited.get(warehouseId);
    if (known !== undefined) return known;
    const shipped = this.#items.get(scopeKey(DEFAULT_SCOPE));
    const warehouse = this.#items.get(scopeKey({ warehouseId, sku: "", dealerId: "" }));
    const made: InheritedStockPolicy = {
      safetyStock: warehouse?.fields.safetyStock ?? shipped?.fields.safetyStock ?? SHIPPED_POLICY.safetyStock,
      lowAt: warehouse?.fields.lowAt ?? shipped?.fields.lowAt ?? SHIPPED_POLICY.lowAt,
      degraded: NO_BUFFER,
      version: (shipped?.stockChanges ?? 0) + (warehouse?.stockChanges ?? 0),
    };
    this.#inherited.set(warehouseId, made);
    return made;
  }

  /** What applies to a dealer in a warehouse. Either may be empty. */
  effective(warehouseId: string, dealerId: string): EffectivePolicy {
    // Most dealers have no policy of their own: they share their warehouse's entry.
    const own = this.#items.get(scopeKey({ warehouseId: "", sku: "", dealerId }));
    const key = own === undefined || dealerId === "" ? warehouseId : `${warehouseId}\n${dealerId}`;
    const known = this.#effective.get(key);
    if (known !== undefined) return known;
    const dealer = dealerId === "" ? NOTHING : (own?.fields ?? NOTHING);
    const warehouse =
      warehouseId === "" ? NOTHING : (this.find({ warehouseId, sku: "", dealerId: "" })?.fields ?? NOTHING);
    const shipped = this.find(DEFAULT_SCOPE)?.fields ?? NOTHING;
    const pick = <Name extends WarehouseField>(name: Name): EffectivePolicy[Name] =>
      (warehouse[name] ?? shipped[name] ?? SHIPPED_POLICY[name]) as EffectivePolicy[Name];
    const quota = dealer.openReservationsMax ?? shipped.openReservationsMax;
    const made: EffectivePolicy = {
      safetyStock: pick("safetyStock"),
      lowAt: pick("lowAt"),
      holdDefaultMs: dealer.holdDefaultMs ?? pick("holdDefaultMs"),
      holdMaxMs: dealer.holdMaxMs ?? pick("holdMaxMs"),
      degradedBufferUnits: pick("degradedBufferUnits"),
      degradedBufferPercent: pick("degradedBufferPercent"),
      degradedBufferSpanMs: pick("degradedBufferSpanMs"),
      driftThresholdUnits: pick("driftThresholdUnits"),
      driftThresholdPercent: pick("driftThresholdPercent"),
      driftAction: pick("driftAction"),
      commitOverdueAfterMs: pick("commitOverdueAfterMs"),
      availabilityPrecision: dealer.availabilityPrecision ?? pick("availabilityPrecision"),
      availabilityCap: dealer.availabilityCap ?? pick("availabilityCap"),
      ...(quota === undefined ? {} : { openReservationsMax: quota }),
    };
    // A default longer than the maximum that applies is cut to it.
    const clamped = { ...made, holdDefaultMs: Math.min(made.holdDefaultMs, made.holdMaxMs) };
    this.#effective.set(key, clamped);
    return clamped;
  }

  /** How exactly a dealer is told the figures of a warehouse. */
  dealerPrecision(warehouseId: string, dealerId: string): DealerPrecision {
    return precisionOf(this.effective(warehouseId, dealerId));
  }

  /** The longest hold that any policy ever allowed, which the memory of requests must outlast. It never falls. */
  get longestHoldMs(): number {
    return this.#longestHoldMs;
  }
}

/** Fields that a warehouse inherits from the default. */
type WarehouseField = Exclude<keyof EffectivePolicy, "openReservationsMax">;

const DEFAULT_SCOPE: PolicyScope = { warehouseId: "", sku: "", dealerId: "" };

/** One text for one scope. Names hold no control characters, so a line feed keeps the parts apart. */
function scopeKey(scope: PolicyScope): string {
  return `${scope.warehouseId}\n${scope.sku}\n${scope.dealerId}`;
}

/** Whether two policies say the same of the fields that stocks inherit. */
export function sameStockFields(a: PolicyFields, b: PolicyFields): boolean {
  return a.safetyStock === b.safetyStock && a.lowAt === b.lowAt;
}

export function samePolicy(a: PolicyFields, b: PolicyFields): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof PolicyFields)[]);
  return [...names].every((name) => a[name] === b[name]);
}
