/**
 * What becomes of an order, decided from the seed and the order alone: not from the time, nor from other orders.
 */
import { createHash } from "node:crypto";

/** The shares of orders that get each treatment, from 0 to 1. */
export interface Shares {
  /** May be filled partly; the others all or nothing. */
  readonly partial: number;
  /** Are confirmed. */
  readonly commit: number;
  /** Of those not confirmed: are left to expire. The rest stays held. */
  readonly expire: number;
  /** Of those confirmed: leave the warehouse, wholly or in part. */
  readonly dispatch: number;
}

export interface OrderFate {
  readonly partial: boolean;
  /** `at once`: by the Reserve itself. `half`: half of each line is confirmed, the rest released. */
  readonly ending: "commit at once" | "commit" | "commit half" | "expire" | "hold";
  readonly dispatch: "none" | "whole" | "two halves" | "first half";
  /** How the dispatch names what it ships. */
  readonly dispatchBy: "reservation" | "order";
}

/** The fate of one order. */
export function fateOf(order: { orderId: string; customerId: string }, seed: string, shares: Shares): OrderFate {
  const chance = (purpose: string): number => drawn([seed, purpose, order.orderId, order.customerId]);
  return {
    partial: chance("partial") < shares.partial,
    ending:
      chance("commit") < shares.commit
        ? pick(chance("how"), [0.25, "commit at once"], [0.15, "commit half"], [1, "commit"])
        : pick(chance("expire"), [shares.expire, "expire"], [1, "hold"]),
    dispatch:
      chance("dispatch") < shares.dispatch
        ? pick(chance("parts"), [0.5, "whole"], [0.3, "two halves"], [1, "first half"])
        : "none",
    dispatchBy: pick(chance("name"), [0.5, "reservation"], [1, "order"]),
  };
}

/** A number at least 0 and below 1, the same for the same words. */
function drawn(words: readonly string[]): number {
  return createHash("sha256").update(JSON.stringify(words)).digest().readUInt32BE(0) / 2 ** 32;
}

/** The first choice whose share, added to those before it, is above the number. */
function pick<T>(number: number, ...choices: readonly (readonly [share: number, choice: T])[]): T {
  let reached = 0;
  for (const [share, choice] of choices) {
    reached += share;
    if (number < reached) return choice;
  }
  throw new Error("the shares do not add up to 1");
}
