import type { Freshness } from "../availability.js";
import type { Shortage } from "../command.js";
import type { PartitionEvent, RequestAnswered } from "../event.js";
import type { EffectivePolicy } from "../policy.js";
import type { Refusal } from "../refusal.js";
import type { InheritedStockPolicy } from "../stock.js";

/** Everything outside the partition's own state that a decision may depend on. */
export interface DecisionContext {
  /** Service time of the turn, milliseconds. Nothing of this partition is due at it any more. */
  readonly nowMs: number;
  readonly epoch: number;
  /** What stocks of this warehouse inherit. */
  readonly inherited: InheritedStockPolicy;
  /** What applies to this dealer in this warehouse. */
  readonly policy: EffectivePolicy;
  readonly freshness: Freshness;
  /** A source of this warehouse is away or has not caught up again: what is confirmed now is confirmed again later (P11). */
  readonly isProvisional: boolean;
}

/** What a command comes to: events to evolve with, or a refusal that changes nothing. */
export type Decision =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | {
      readonly kind: "decided";
      readonly events: readonly PartitionEvent[];
      readonly outcome: RequestAnswered["outcome"];
      /** The reservation that the answer shows; 0 for none. */
      readonly reservation: number;
      readonly shortages: readonly Shortage[];
    };

export function refused(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}

/** A decision whose answer shows one reservation after `events`. */
export function decided(reservation: number, events: readonly PartitionEvent[]): Decision {
  return { kind: "decided", events, outcome: "DONE", reservation, shortages: [] };
}
