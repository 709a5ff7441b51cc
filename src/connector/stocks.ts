/** Which stock an event is about, and which stocks moved lately. */
import type { ErpEvent } from "../client/index.js";
import type { StockName } from "./erp-adapter.js";

/** Undefined for an event of no one stock, such as the end of a whole order. */
export function stockOf({ body }: ErpEvent): StockName | undefined {
  if (body.case === undefined || body.case === "sourceHeartbeat" || body.value.sku === "") return undefined;
  const { warehouseId, sku } = body.value;
  return { warehouseId, sku };
}

export function stockKey({ warehouseId, sku }: StockName): string {
  return JSON.stringify([warehouseId, sku]);
}

/** The stocks that moved last, so many at most; what moved longest ago is forgotten first. */
export class RecentStocks {
  readonly #stocksMax: number;
  readonly #stocks = new Map<string, StockName>();

  constructor(stocksMax: number) {
    this.#stocksMax = stocksMax;
  }

  add(events: readonly ErpEvent[]): void {
    for (const stock of events.map(stockOf)) {
      if (stock === undefined) continue;
      const key = stockKey(stock);
      this.#stocks.delete(key);
      this.#stocks.set(key, stock);
      const [oldest] = this.#stocks.keys();
      if (this.#stocks.size > this.#stocksMax && oldest !== undefined) this.#stocks.delete(oldest);
    }
  }

  /** Of one warehouse, or of all. */
  list(warehouseId: string | undefined): StockName[] {
    return [...this.#stocks.values()].filter((stock) => warehouseId === undefined || stock.warehouseId === warehouseId);
  }
}
