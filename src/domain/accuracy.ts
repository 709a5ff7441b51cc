/**
 * Reservation accuracy (P15): of the committed units that ended, how many were fulfilled. Counted when they end, in spans of time that
 * a window is the sum of: to the minute over an hour, to the quarter over a day, to the hour over a week.
 */
import type { PartitionState } from "./partition-state.js";
import type { Stock } from "./stock.js";

export const ACCURACY_WINDOWS = [
  { name: "hour", windowMs: 3_600_000, spanMs: 60_000 },
  { name: "day", windowMs: 86_400_000, spanMs: 900_000 },
  { name: "week", windowMs: 604_800_000, spanMs: 3_600_000 },
] as const;

/** Committed units that ended within one span. A dispatch that is reversed takes its units out again. */
export interface EndedUnits {
  /** When the span begins, service time. */
  readonly startMs: number;
  fulfilled: number;
  /** Released as DISPATCH_FAILED, or while at risk. What a dealer cancels is neither. */
  failed: number;
}

/** What ended of one stock, or of the whole warehouse. */
export interface AccuracyItem {
  /** 1 is the warehouse's own. */
  readonly number: number;
  /** The stock's number; 0 for the warehouse. */
  readonly stock: number;
  /** By window, oldest span first; nothing older than its window. */
  readonly spans: readonly (readonly EndedUnits[])[];
}

const WAREHOUSE = 1;

/** Counts units of a stock that ended, or came back. Called by evolve only, for a stock that is touched. */
export function countEnded(
  state: PartitionState,
  stock: Stock,
  units: { readonly fulfilled: number; readonly failed: number },
  timeMs: number,
): void {
  if (state.accuracy.count === 0) state.accuracy.add({ number: WAREHOUSE, stock: 0, spans: NOTHING });
  if (stock.accuracy === 0) {
    stock.accuracy = state.accuracy.count + 1;
    state.accuracy.add({ number: stock.accuracy, stock: stock.number, spans: NOTHING });
  }
  for (const number of [WAREHOUSE, stock.accuracy]) {
    const item = state.accuracy.touch(number) as { spans: AccuracyItem["spans"] };
    item.spans = ACCURACY_WINDOWS.map((window, index) => withUnits(item.spans[index]!, window, units, timeMs));
  }
}

const NOTHING: AccuracyItem["spans"] = ACCURACY_WINDOWS.map(() => []);

type Window = (typeof ACCURACY_WINDOWS)[number];

function withUnits(
  spans: readonly EndedUnits[],
  { windowMs, spanMs }: Window,
  { fulfilled, failed }: { readonly fulfilled: number; readonly failed: number },
  timeMs: number,
): readonly EndedUnits[] {
  const startMs = timeMs - (timeMs % spanMs);
  const newest = spans.at(-1);
  if (newest !== undefined && newest.startMs >= startMs) {
    newest.fulfilled += fulfilled;
    newest.failed += failed;
    return spans;
  }
  const kept = spans.filter((span) => span.startMs > startMs - windowMs);
  return [...kept, { startMs, fulfilled, failed }];
}

/** The sums of one item over each window, as of a moment. */
export function endedWithin(
  item: AccuracyItem | undefined,
  nowMs: number,
): readonly { readonly windowMs: number; readonly fulfilled: number; readonly failed: number }[] {
  return ACCURACY_WINDOWS.map(({ windowMs, spanMs }, index) => {
    const afterMs = nowMs - (nowMs % spanMs) - windowMs;
    let fulfilled = 0;
    let failed = 0;
    for (const span of item?.spans[index] ?? []) {
      if (span.startMs <= afterMs) continue;
      fulfilled += span.fulfilled;
      failed += span.failed;
    }
    return { windowMs, fulfilled, failed };
  });
}

/** The item of one stock, or of the whole warehouse where none is given; undefined where nothing ever ended. */
export function accuracyOf(state: PartitionState, stock?: Stock): AccuracyItem | undefined {
  const number = stock === undefined ? WAREHOUSE : stock.accuracy;
  return number === 0 ? undefined : state.accuracy.get(number);
}
