import type { SystemState } from "../domain/system-state.js";
import type { ToldOutcome } from "./told-outcome.js";

/** Whose orders are told. */
export interface OrderFilter {
  /** One text for one question; cursors are bound to it. */
  readonly key: string;
  takes(told: ToldOutcome): boolean;
}

/** Orders of the warehouses that a source feeds, as it feeds them now. */
export function ordersOfSource(source: string, system: SystemState): OrderFilter {
  let feeds: ReadonlySet<number> = new Set();
  let feedsAt = -1;
  return {
    key: `source\n${source}`,
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
