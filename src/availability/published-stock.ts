import type { StockFigures } from "../domain/availability.js";
import { type InheritedStockPolicy, type Stock, type StockCounters, stockFigures } from "../domain/stock.js";

/** A stock's counters as of its last durable change: a copy, so that readers see nothing of what is decided and not durable. */
export class PublishedStock implements StockCounters {
  readonly number: number;
  readonly sku: string;
  readonly onHand: number;
  readonly unavailable: number;
  readonly reserved: number;
  readonly committed: number;
  readonly allocatedElsewhere: number;
  readonly safetyStock: number;
  readonly lowAt: number;
  readonly version: number;
  readonly updatedAtMs: number;
  readonly isQuarantined: boolean;
  #figures: StockFigures | undefined;
  #inherited: InheritedStockPolicy | undefined;

  constructor(stock: Stock) {
    this.number = stock.number;
    this.sku = stock.sku;
    this.onHand = stock.onHand;
    this.unavailable = stock.unavailable;
    this.reserved = stock.reserved;
    this.committed = stock.committed;
    this.allocatedElsewhere = stock.allocatedElsewhere;
    this.safetyStock = stock.safetyStock;
    this.lowAt = stock.lowAt;
    this.version = stock.version;
    this.updatedAtMs = stock.updatedAtMs;
    this.isQuarantined = stock.isQuarantined;
  }

  /** The figures as callers see them: the same object until the stock or what it inherits changes. */
  figures(inherited: InheritedStockPolicy): StockFigures {
    if (this.#figures === undefined || this.#inherited !== inherited) {
      this.#figures = stockFigures(this, inherited);
      this.#inherited = inherited;
    }
    return this.#figures;
  }
}
