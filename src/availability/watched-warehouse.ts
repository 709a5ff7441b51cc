/**
 * A warehouse that somebody watches: its log of changes, and the parts made of it. A part is made once for all who stand at the same
 * place, and made anew when anything changes. It knows no watch.
 */
import type { WatchPart } from "../actor/service.js";
import type { Freshness, StockFigures } from "../domain/availability.js";
import { LIMITS } from "../limits.js";
import { ChangeLog } from "./change-log.js";
import type { PublishedWarehouse } from "./published-warehouse.js";
import { AllStocks, type StockSelection } from "./stock-selection.js";

/** A way over a selection, from `next` to its end. */
export interface Sweep {
  readonly isSnapshot: boolean;
  readonly next: number;
  /** Of one that is no snapshot: what changed earlier is passed over. Service time. */
  readonly sinceMs: number;
}

/** What comes next, and where the watch stands after it. Without figures there was nothing to tell on the way. */
export interface Step {
  readonly figures: readonly StockFigures[];
  /** In the sweep or in the log. */
  readonly next: number;
  readonly part: WatchPart | undefined;
}

export class WatchedWarehouse {
  readonly published: PublishedWarehouse;
  readonly log = new ChangeLog();
  readonly all: StockSelection;
  /** As of the last look. */
  freshness: Freshness;
  readonly #freshness: () => Freshness;
  readonly #steps = new Map<string, Step>();
  #heartbeat: WatchPart | undefined;

  constructor(published: PublishedWarehouse, freshness: () => Freshness) {
    this.published = published;
    this.all = new AllStocks(published);
    this.#freshness = freshness;
    this.freshness = freshness();
  }

  noteStocks(stocks: readonly number[]): void {
    for (const stock of stocks) this.log.note(stock);
    this.#steps.clear();
  }

  noteAll(): void {
    this.log.noteAll();
    this.#steps.clear();
  }

  /** Whether the freshness is another than at the last look. */
  look(): boolean {
    const { state } = this.freshness;
    this.freshness = this.#freshness();
    this.#heartbeat = undefined;
    if (this.freshness.state === state) return false;
    this.#steps.clear();
    return true;
  }

  /** One for all, until the next look. */
  heartbeat(): WatchPart {
    this.#heartbeat ??= { kind: "heartbeat", freshness: this.freshness };
    return this.#heartbeat;
  }

  /** What has changed at a place of the log or after it, each stock with its newest figures. */
  changes(from: number, selection: StockSelection): Step {
    return this.#shared(`changes ${from}`, selection, () => {
      const { stocks, end } = this.log.since(from, LIMITS.watchPartStocksMax);
      const figures: StockFigures[] = [];
      for (const stock of stocks) {
        const shown = selection.has(stock) ? this.published.figures(stock) : undefined;
        if (shown !== undefined) figures.push(shown);
      }
      return this.#step(figures, end, { isSnapshot: false, isComplete: false });
    });
  }

  /** The next part of a sweep, after a bounded number of stocks. */
  sweep(sweep: Sweep, selection: StockSelection): Step {
    const { isSnapshot, sinceMs } = sweep;
    return this.#shared(`sweep ${isSnapshot} ${sinceMs} ${sweep.next}`, selection, () => {
      const figures: StockFigures[] = [];
      const end = selection.end();
      const pauseAt = sweep.next + LIMITS.watchSweepStocksMax;
      let next = sweep.next;
      for (; next < end && next < pauseAt && figures.length < LIMITS.watchPartStocksMax; next++) {
        const shown = selection.figures(next, isSnapshot ? 0 : sinceMs);
        if (shown !== undefined) figures.push(shown);
      }
      return this.#step(figures, next, { isSnapshot, isComplete: isSnapshot && next >= end });
    });
  }

  #step(
    figures: readonly StockFigures[],
    next: number,
    of: { readonly isSnapshot: boolean; readonly isComplete: boolean },
  ): Step {
    const { warehouseId } = this.published;
    const isTold = figures.length > 0 || of.isComplete;
    const part: WatchPart | undefined = isTold
      ? { kind: "figures", warehouseId, figures, ...of, freshness: this.freshness }
      : undefined;
    return { figures, next, part };
  }

  #shared(key: string, selection: StockSelection, make: () => Step): Step {
    if (!selection.isShared) return make();
    let step = this.#steps.get(key);
    if (step === undefined) {
      step = make();
      // Readers that lag stand at as many places as there are readers: what few of them share is not kept.
      if (this.#steps.size < LIMITS.watchStepsKeptMax) this.#steps.set(key, step);
    }
    return step;
  }
}
