import type { StockFigures } from "../domain/availability.js";
import { type InheritedStockPolicy, type StockCounters, stockFigures, unseenFigures } from "../domain/stock.js";
import type { PartitionStore } from "../snapshots/partition-store.js";
import type { PublishedStock } from "./published-stock.js";

/** One warehouse as readers see it: copies of its resident stocks, and the pages of the others, which are durable by definition. */
export class PublishedWarehouse {
  readonly partition: number;
  readonly warehouseId: string;
  inherited: InheritedStockPolicy;
  /** Stocks that are durable: those with a higher number are not shown yet. */
  stockCount = 0;
  /** No figure that is shown changed later than this, service time. */
  changedAtMs: number;
  readonly #store: PartitionStore;
  readonly #resident = new Map<number, PublishedStock>();

  constructor(store: PartitionStore, inherited: InheritedStockPolicy, changedAtMs: number) {
    this.partition = store.partition;
    this.warehouseId = store.warehouseId;
    this.inherited = inherited;
    this.changedAtMs = changedAtMs;
    this.#store = store;
  }

  /** A resident stock's newest durable state. */
  show(stock: PublishedStock): void {
    this.#resident.set(stock.number, stock);
    if (stock.number > this.stockCount) this.stockCount = stock.number;
    if (stock.updatedAtMs > this.changedAtMs) this.changedAtMs = stock.updatedAtMs;
  }

  /** A stock came into memory as its page has it. */
  loaded(stock: PublishedStock): void {
    this.#resident.set(stock.number, stock);
  }

  evicted(stock: number): void {
    this.#resident.delete(stock);
  }

  /** The number of a SKU's stock that is shown; undefined for one that is not there yet. */
  numberOf(sku: string): number | undefined {
    const number = this.#store.stocks.find(sku)?.number;
    return number !== undefined && number <= this.stockCount ? number : undefined;
  }

  /** Zeros with version 0 for a SKU that nobody has seen there. */
  figuresOf(sku: string): StockFigures {
    const number = this.numberOf(sku);
    return (number === undefined ? undefined : this.figures(number)) ?? unseenFigures(sku);
  }

  /** Undefined for a stock that only a policy has named. A cold one is read without bringing it into memory. */
  figures(number: number): StockFigures | undefined {
    const counters = this.#counters(number);
    if (counters.version === 0) return undefined;
    return "figures" in counters ? counters.figures(this.inherited) : stockFigures(counters, this.inherited);
  }

  /** When a stock last changed, service time. */
  updatedAtMs(number: number): number {
    return this.#counters(number).updatedAtMs;
  }

  #counters(number: number): PublishedStock | StockCounters {
    return this.#resident.get(number) ?? this.#store.stocks.peek(number)!;
  }
}
