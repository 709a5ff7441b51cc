/** One watch of availability: it keeps what it is told, and ends the run when a version goes back or the watch ends. */
import type { CallListener } from "../../load/open-call.js";
import { Figures } from "./figures.js";
import { readTold, type ToldListener } from "./told-stocks.js";

/** What all watches of a process share: counts, and for some of them when they were told which version. */
export interface WatchCounts {
  deliveries: number;
  bytes: number;
  /** Quadruples of watcher, stock, version and time, milliseconds of the machine's monotonic clock; undefined where none are kept. */
  samples: number[] | undefined;
}

export class Watcher implements CallListener, ToldListener {
  readonly dealerId: string;
  /** Place among the watchers. */
  readonly at: number;
  readonly figures: Figures;
  cursor = "";
  /** Its snapshot is complete. */
  isComplete = false;
  readonly #counts: WatchCounts;
  readonly #isSampled: boolean;
  readonly #isBlind: boolean;
  #isLeft = false;
  #nowMs = 0;

  constructor(parts: {
    dealerId: string;
    at: number;
    stocks: number;
    isBlind: boolean;
    counts: WatchCounts;
    isSampled: boolean;
  }) {
    this.dealerId = parts.dealerId;
    this.at = parts.at;
    this.figures = new Figures(parts.stocks);
    this.#counts = parts.counts;
    this.#isSampled = parts.isSampled;
    this.#isBlind = parts.isBlind;
  }

  /** It is about to be disconnected. */
  leave(): void {
    this.#isLeft = true;
  }

  return(): void {
    this.#isLeft = false;
  }

  readonly onMessage = (bytes: Buffer, start: number, end: number): void => {
    this.#counts.deliveries += 1;
    this.#counts.bytes += end - start;
    if (this.#isBlind) return;
    if (this.#isSampled && this.#counts.samples !== undefined) this.#nowMs = monotonicMs();
    this.cursor = readTold(bytes.subarray(start, end), this);
  };

  onEnd(status: string, message: string): void {
    if (!this.#isLeft) throw new Error(`the watch of ${this.dealerId} ended with gRPC status ${status}: ${message}`);
  }

  told(stock: number, version: number, available: number): void {
    const { versions } = this.figures;
    const known = versions[stock];
    if (known === undefined) throw new Error(`${this.dealerId} was told of stock ${stock}, which is not there`);
    if (version < known)
      throw new Error(`${this.dealerId} was told version ${version} of stock ${stock} after ${known}`);
    if (this.#isSampled && version > known) this.#counts.samples?.push(this.at, stock, version, this.#nowMs);
    versions[stock] = version;
    this.figures.available[stock] = available;
  }

  reset(): void {
    throw new Error(`the watch of ${this.dealerId} was reset`);
  }

  complete(): void {
    this.isComplete = true;
  }
}

/** The same clock in every process of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
