/** Items that never change, in the order of time; those older than is kept are let go by whole pages when a checkpoint begins. */
import type { History } from "../domain/partition-state.js";
import type { AppendTable } from "./append-table.js";

export interface HistoryStoreOptions {
  /** Number of the oldest item that is kept. */
  readonly first: number;
  readonly pageItems: number;
  readonly keptMs: number;
}

export class HistoryStore<T extends { readonly number: number; readonly timeMs: number }> implements History<T> {
  readonly #table: AppendTable<T>;
  readonly #options: HistoryStoreOptions;
  #first: number;

  constructor(table: AppendTable<T>, options: HistoryStoreOptions) {
    this.#table = table;
    this.#options = options;
    this.#first = options.first;
  }

  /** Items ever added. */
  get count(): number {
    return this.#table.count;
  }

  get first(): number {
    return this.#first;
  }

  get(number: number): T | undefined {
    return number < this.#first ? undefined : this.#table.get(number);
  }

  add(item: T): void {
    this.#table.add(item);
  }

  /** Called when a checkpoint begins. */
  dropOld(nowMs: number): void {
    const { pageItems, keptMs } = this.#options;
    const before = this.#first;
    for (;;) {
      const pageEnd = (Math.floor((this.#first - 1) / pageItems) + 1) * pageItems;
      if (pageEnd >= this.#table.count || this.#table.get(pageEnd)!.timeMs > nowMs - keptMs) break;
      this.#first = pageEnd + 1;
    }
    if (this.#first > before) this.#table.dropBelow(this.#first);
  }
}
