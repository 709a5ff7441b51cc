import type { Stock } from "./stock.js";

/** Where in the partition's history an event stands. */
export interface RecordStamp {
  /** The record's sequence in its partition (I8). */
  readonly sequence: number;
  /** Service time of its turn, milliseconds. */
  readonly timeMs: number;
}

/** Called with each stock whose figures change. */
export type StockTouched = (stock: Stock) => void;
