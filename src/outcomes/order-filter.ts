import type { SystemState } from "../domain/system-state.js";
import type { ToldOutcome } from "./told-outcome.js";

/** Whose orders are told. */
export interface OrderFilter {
  /** One text for one question; cursors are bound to it. */
  readonly key: string;
  /** Of a question about one dealer, he; else undefined. */
  readonly dealerId: string | undefined;
  takes(told: ToldOutcome): boolean;
}

/** Finds the number of a dealer in a partition; undefined where he has never ordered. */
export type FindDealer = (partition: number, dealerId: string) => number | undefined;

/** Orders of the warehouses that a source feeds, as it feeds them now. */
export function ordersOfSource(source: string, system: SystemState): OrderFilter {
  let feeds: ReadonlySet<number> = new Set();
  let feedsAt = -1;
  return {
    key: `source\n${source}`,
    dealerId: undefined,
    takes({ partition }) {
      if (feedsAt !== system.feedChanges) {
        feedsAt = system.feedChanges;
        const known = system.source(source);
        feeds = known === undefined ? new Set() : system.feeds(known);
      }
      return feeds.has(partition);
    },
  };
}

/** Orders of a dealer, in whatever warehouse. Whether he is registered, or has ever ordered, is no matter. */
export function ordersOfDealer(dealerId: string, find: FindDealer): OrderFilter {
  const numbers = new Map<number, number>();
  return {
    key: `dealer\n${dealerId}`,
    dealerId,
    takes(told) {
      // Journals of before watches by dealer do not say whose an outcome is: his reservation does.
      if (told.dealer === 0) return told.dealerId === dealerId;
      let number = numbers.get(told.partition);
      if (number === undefined) {
        number = find(told.partition, dealerId);
        if (number === undefined) return false;
        numbers.set(told.partition, number);
      }
      return told.dealer === number;
    },
  };
}
