/** Which stocks of a warehouse a watch is about, in the order in which a sweep goes over them. */
import type { StockFigures } from "../domain/availability.js";
import type { PublishedWarehouse } from "./published-warehouse.js";

export interface StockSelection {
  /** Whether all who have the same warehouse are told the same. */
  readonly isShared: boolean;
  /** Where a sweep ends; it begins at 1. */
  end(): number;
  /** What there is to tell at a place of the sweep if it changed at `sinceMs` or later. */
  figures(index: number, sinceMs: number): StockFigures | undefined;
  /** Whether a stock that changed is one of them. */
  has(stock: number): boolean;
}

export class AllStocks implements StockSelection {
  readonly isShared = true;
  readonly #warehouse: PublishedWarehouse;

  constructor(warehouse: PublishedWarehouse) {
    this.#warehouse = warehouse;
  }

  end(): number {
    return this.#warehouse.stockCount + 1;
  }

  figures(index: number, sinceMs: number): StockFigures | undefined {
    const figures = this.#warehouse.figures(index);
    return figures !== undefined && figures.updatedAtMs >= sinceMs ? figures : undefined;
  }

  has(): boolean {
    return true;
  }
}

/** Named SKUs, whether or not anybody has seen them there. */
export class NamedStocks implements StockSelection {
  readonly isShared = false;
  readonly #warehouse: PublishedWarehouse;
  readonly #skus: readonly string[];
  readonly #numbers = new Set<number>();
  readonly #unseen: Set<string>;
  /** Stocks of the warehouse when the unseen ones were last looked for. */
  #lookedAt = 0;

  constructor(warehouse: PublishedWarehouse, skus: readonly string[]) {
    this.#warehouse = warehouse;
    this.#skus = [...new Set(skus)];
    this.#unseen = new Set(skus);
  }

  end(): number {
    return this.#skus.length + 1;
  }

  /** Zeros are told in a snapshot, where nothing is older than what is asked for, and never as a change. */
  figures(index: number, sinceMs: number): StockFigures | undefined {
    const figures = this.#warehouse.figuresOf(this.#skus[index - 1]!);
    return figures.updatedAtMs >= sinceMs ? figures : undefined;
  }

  has(stock: number): boolean {
    if (this.#warehouse.stockCount > this.#lookedAt) this.#look();
    return this.#numbers.has(stock);
  }

  #look(): void {
    this.#lookedAt = this.#warehouse.stockCount;
    for (const sku of this.#unseen) {
      const number = this.#warehouse.numberOf(sku);
      if (number === undefined) continue;
      this.#numbers.add(number);
      this.#unseen.delete(sku);
    }
  }
}
