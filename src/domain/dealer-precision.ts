/** How exactly a dealer is told what can be promised: by policy, the same in answers and in watches (docs/api.md, Availability). */
import type { StockFigures } from "./availability.js";
import type { AvailabilityPrecision, EffectivePolicy } from "./policy.js";

export interface DealerPrecision {
  readonly precision: AvailabilityPrecision;
  /** Of CAPPED: what is above it is told as it. */
  readonly cap: number;
}

export function precisionOf({ availabilityPrecision, availabilityCap }: EffectivePolicy): DealerPrecision {
  return { precision: availabilityPrecision, cap: availabilityCap };
}

/** What a dealer is told of a stock, beside its level; `capped` says that there is more. Nothing available is what OUT means. */
export function asToldToDealer(
  { availableToPromise }: Pick<StockFigures, "availableToPromise">,
  { precision, cap }: DealerPrecision,
): { readonly availableToPromise: number; readonly capped: boolean } {
  switch (precision) {
    case "EXACT":
      return { availableToPromise, capped: false };
    case "CAPPED":
      return { availableToPromise: Math.min(availableToPromise, cap), capped: availableToPromise > cap };
    case "LEVEL":
      return { availableToPromise: 0, capped: availableToPromise > 0 };
  }
}
