/** Reserves spread over the stocks of several warehouses, at a rate; it remembers when each change of each stock was answered. */
import type { Connection, OutgoingMessage } from "../load/connection.js";
import { ReserveMessage, spreadSkus } from "../load/reserve-message.js";
import { type CallRate, callAtRate, type ReserveCalls } from "../measure/latency.js";
import { monotonicMs } from "./watchers/watcher.js";

export interface ChangeLoadOptions {
  readonly connections: readonly Connection[];
  readonly warehouseIds: readonly string[];
  /** Of each warehouse. */
  readonly stocks: number;
  /** Stocks that each reserve changes. */
  readonly lines: number;
}

export class ChangeLoad implements ReserveCalls {
  /** Changes made. */
  changes = 0;
  readonly #connections: readonly Connection[];
  readonly #requests: readonly ReserveMessage[];
  /** By warehouse and stock: when each change was answered, and so durable, in order; milliseconds of the machine's monotonic clock. */
  readonly #answeredAtMs: readonly (readonly number[][])[];
  #warehouse = 0;

  constructor({ connections, warehouseIds, stocks, lines }: ChangeLoadOptions) {
    this.#connections = connections;
    const skus = () => spreadSkus({ first: 0, count: stocks });
    this.#requests = warehouseIds.map((warehouseId) => {
      return new ReserveMessage({ warehouseId, skus: skus(), lines, streamed: false });
    });
    this.#answeredAtMs = warehouseIds.map(() => Array.from({ length: stocks }, () => []));
  }

  /** How long each reserve took. */
  run(rate: CallRate): Promise<number[]> {
    return callAtRate(this.#connections, rate, this);
  }

  /** When the change with this number of a stock, from 0, was answered. */
  answeredAtMs(warehouse: number, stock: number, change: number): number {
    const times = this.#answeredAtMs[warehouse]![stock]!;
    const time = times[change];
    if (time === undefined)
      throw new Error(`change ${change} of stock ${stock} was told, and ${times.length} were made`);
    return time;
  }

  changesOf(warehouse: number, stock: number): number {
    return this.#answeredAtMs[warehouse]![stock]!.length;
  }

  next(): OutgoingMessage {
    return this.#requests[this.#warehouse]!;
  }

  sent = (): (() => void) => {
    const warehouse = this.#answeredAtMs[this.#warehouse]!;
    const stocks = [...this.#requests[this.#warehouse]!.lastSkus];
    this.#warehouse = (this.#warehouse + 1) % this.#requests.length;
    return () => {
      const nowMs = monotonicMs();
      this.changes += stocks.length;
      for (const stock of stocks) warehouse[stock]!.push(nowMs);
    };
  };
}
