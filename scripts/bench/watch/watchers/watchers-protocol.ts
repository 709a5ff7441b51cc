/** What the benchmark asks of a process of watchers, one question at a time. */

export interface WatchersOptions {
  readonly port: number;
  readonly dealerIds: readonly string[];
  /** Stocks of each warehouse. */
  readonly stocks: number;
  /** Of which watchers times are kept: of one of so many. */
  readonly sampledEvery: number;
  readonly isReading: boolean;
  /** They count what they are told, and look at none of it. */
  readonly isBlind: boolean;
}

export interface FiguresSent {
  readonly versions: Float64Array;
  readonly available: Float64Array;
}

export type Ask =
  | { readonly kind: "options"; readonly options: WatchersOptions }
  | { readonly kind: "open" | "close" | "begin" | "counted" }
  | { readonly kind: "untilExact"; readonly figures: readonly FiguresSent[] };

/** Since the last `begin`. */
export interface Told {
  readonly deliveries: number;
  readonly bytes: number;
  /** Quadruples: place of the dealer in the list, stock, version, and when it was told, milliseconds of the monotonic clock. */
  readonly samples: Float64Array;
}
