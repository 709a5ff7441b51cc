/**
 * Positions of an ERP that goes on working while it is asked. A page is one look at the ERP; the changes are read after it. A
 * stock that did not change in between is true at the sequence reached then, before and after. One that did change is asked for
 * again, a few times, and then left out: a figure whose sequence nobody knows would look like drift.
 */
import type { PositionInput } from "../client/index.js";
import type { ChangeFeed } from "./change-feed.js";
import type { ErpAdapter, ErpPosition, PositionsQuery, StockName } from "./erp-adapter.js";
import { stockKey, stockOf } from "./stocks.js";

const ASKED_AGAIN_MAX = 10;

/** Batches for `reportPositions`. Undefined when the adapter cannot be asked. */
export function steadyPositions(
  parts: { readonly adapter: ErpAdapter; readonly feed: Pick<ChangeFeed, "poll" | "sequence"> },
  query: PositionsQuery,
  signal: AbortSignal,
): AsyncGenerator<PositionInput[], void, undefined> | undefined {
  const pages = parts.adapter.positions(query, signal);
  return pages === undefined ? undefined : steadyPages(parts, { query, pages, signal });
}

async function* steadyPages(
  parts: { readonly adapter: ErpAdapter; readonly feed: Pick<ChangeFeed, "poll" | "sequence"> },
  run: {
    readonly query: PositionsQuery;
    readonly pages: AsyncIterable<readonly ErpPosition[]>;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<PositionInput[], void, undefined> {
  const { adapter, feed } = parts;
  const { query, signal } = run;
  await drain(feed, signal);
  let pages: AsyncIterable<readonly ErpPosition[]> | undefined = run.pages;
  for (let round = 0; pages !== undefined && round <= ASKED_AGAIN_MAX; round++) {
    const unsteady = new Map<string, StockName>();
    for await (const page of pages) {
      const moved = await drain(feed, signal);
      const steady = page.filter((position) => !moved.has(stockKey(position)));
      for (const position of page) {
        if (moved.has(stockKey(position))) unsteady.set(stockKey(position), position);
      }
      if (steady.length > 0) yield steady.map((position) => ({ ...position, asOfSequence: feed.sequence }));
    }
    if (unsteady.size === 0) return;
    pages = adapter.positions({ ...query, stocks: [...unsteady.values()] }, signal);
  }
}

/** Reads all changes there are; the stocks that they touched. */
async function drain(feed: Pick<ChangeFeed, "poll">, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const moved = new Set<string>();
  for (;;) {
    const { events, hasMore } = await feed.poll(signal);
    for (const event of events) {
      const stock = stockOf(event);
      if (stock !== undefined) moved.add(stockKey(stock));
    }
    if (!hasMore) return moved;
  }
}
