/**
 * Runs of positions in the turn (P10): a source tells what it has, a bounded part at a time, and each stock is compared at the sequence at
 * which that is true. Memory is bounded: a bit for each stock seen, and a bounded number of positions that wait for their sequence.
 */
import type { Turn } from "../../actor/turn.js";
import { type Comparison, compareMissing, comparePosition, type DriftContext } from "../../domain/decide/drift.js";
import { addCounts, type DriftCounts, type DriftRun, NO_DRIFT, type Position } from "../../domain/drift.js";
import { isFaulty } from "../../domain/erp-event.js";
import { type Refusal, refusal } from "../../domain/refusal.js";
import type { Source } from "../../domain/source.js";
import { LIMITS } from "../../limits.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";

/** One run under way. */
export interface PositionRun {
  readonly runId: string;
  readonly source: string;
  readonly full: boolean;
  startedAtMs: number;
  counts: DriftCounts;
  /** Stocks that the source told, by partition. */
  readonly told: Map<number, StockBits>;
  /** Where the search for stocks that it did not tell goes on: partitions that are left, and the next stock of the first. */
  search: { readonly partitions: number[]; nextStock: number } | undefined;
  /** Of the run in the table of runs, once it ended; else 0. */
  number: number;
}

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

export class PositionRuns {
  /** Positions ahead of us by source, in the order of their sequences once sorted. */
  readonly #deferred = new Map<string, { readonly run: PositionRun; readonly position: Position }[]>();
  #deferredCount = 0;

  begin(run: Pick<PositionRun, "runId" | "source" | "full">): PositionRun {
    return { ...run, startedAtMs: 0, counts: NO_DRIFT, told: new Map(), search: undefined, number: 0 };
  }

  /** Compares some positions. A source that never sent an event has no sequence to compare at. */
  compare(turn: Turn, run: PositionRun, positions: readonly Position[]): Result<undefined> {
    const source = turn.system.source(run.source);
    if (source === undefined) return { refusal: unknownSource(run.source) };
    run.startedAtMs ||= turn.nowMs;
    for (const position of positions) this.#compareOne(turn, run, source, position);
    return { answer: undefined };
  }

  /**
   * Ends the run, some work at a time: of a full run, the stocks of the source that it did not tell are found. `undefined` while there
   * is more to do.
   */
  finish(turn: Turn, run: PositionRun): Result<DriftCounts | undefined> {
    const source = turn.system.source(run.source);
    if (source === undefined) return { refusal: unknownSource(run.source) };
    run.startedAtMs ||= turn.nowMs;
    if (run.full && !this.#searchSome(turn, run, source)) return { answer: undefined };
    this.#recordRun(turn, run);
    return { answer: run.counts };
  }

  /** Compares what waited for a source to get where it is now. */
  advanced(turn: Turn, source: Source): void {
    const waiting = this.#deferred.get(source.name);
    if (waiting === undefined) return;
    const changed = new Set<PositionRun>();
    for (let left = LIMITS.turnPositionsMax; left > 0; left--) {
      const next = waiting.at(-1);
      if (next === undefined || next.position.asOfSequence > source.applied) break;
      waiting.pop();
      this.#deferredCount -= 1;
      this.#compareOne(turn, next.run, source, next.position);
      changed.add(next.run);
    }
    if (waiting.length === 0) this.#deferred.delete(source.name);
    for (const run of changed) if (run.number !== 0) this.#recordRun(turn, run);
  }

  #compareOne(turn: Turn, run: PositionRun, source: Source, position: Position): void {
    const number = turn.system.partition(position.warehouseId);
    if (number === undefined && position.onHand === 0 && position.unavailable === 0) {
      run.counts = addCounts(run.counts, { compared: 1, missingHere: 1 });
      return;
    }
    if (number === undefined && turn.system.tables.warehouses.count >= LIMITS.warehousesMax) {
      run.counts = addCounts(run.counts, { incomparable: 1 });
      return;
    }
    const partition = turn.openWarehouse(position.warehouseId);
    const stock = partition.stocks.find(position.sku);
    if (stock !== undefined) this.#toldOf(run, partition.partition).add(stock.number);
    const comparison = comparePosition(partition, position, contextOf(turn, run, source, partition));
    if (comparison.isDeferred) this.#defer(run, position);
    this.#take(turn, run, partition, comparison);
  }

  #take(turn: Turn, run: PositionRun, partition: PartitionStore, { counts, events }: Comparison): void {
    run.counts = addCounts(run.counts, counts);
    if (events.length > 0) turn.record(partition, events);
  }

  /** Beyond the bound a position is counted as deferred and compared in the next run. */
  #defer(run: PositionRun, position: Position): void {
    if (this.#deferredCount >= LIMITS.deferredPositionsMax) return;
    const waiting = this.#deferred.get(run.source) ?? [];
    waiting.push({ run, position });
    // The next to come stands last.
    if (waiting.length > 1 && waiting.at(-2)!.position.asOfSequence < position.asOfSequence) {
      waiting.sort((one, other) => other.position.asOfSequence - one.position.asOfSequence);
    }
    this.#deferred.set(run.source, waiting);
    this.#deferredCount += 1;
  }

  #searchSome(turn: Turn, run: PositionRun, source: Source): boolean {
    run.search ??= { partitions: [...turn.system.feeds(source)], nextStock: 1 };
    const { search } = run;
    for (let left = LIMITS.turnPositionsMax; left > 0; ) {
      const number = search.partitions[0];
      if (number === undefined) return true;
      const partition = turn.store.partition(number);
      if (search.nextStock > partition.stocks.count) {
        search.partitions.shift();
        search.nextStock = 1;
        continue;
      }
      left -= 1;
      const stock = search.nextStock++;
      if (run.told.get(number)?.has(stock)) continue;
      const untold = partition.stocks.peek(stock)!;
      if (!untold.opened || untold.source !== run.source) continue;
      this.#take(turn, run, partition, compareMissing(partition, untold, contextOf(turn, run, source, partition)));
    }
    return false;
  }

  #toldOf(run: PositionRun, partition: number): StockBits {
    let told = run.told.get(partition);
    if (told === undefined) {
      told = new StockBits();
      run.told.set(partition, told);
    }
    return told;
  }

  #recordRun(turn: Turn, run: PositionRun): void {
    const { runId, source, full, startedAtMs, counts, number } = run;
    turn.recordSystem([{ kind: "DriftRunEnded", number, runId, source, full, startedAtMs, counts }]);
    if (number === 0) run.number = turn.system.tables.driftRuns.count;
  }
}

/** Positions compared and drifted in runs that ended since a moment, of one source or of all. */
export function driftCountsSince(
  runs: { readonly count: number; get(number: number): DriftRun | undefined },
  sinceMs: number,
  wants: (source: string) => boolean,
): { readonly compared: number; readonly drifted: number } {
  let compared = 0;
  let drifted = 0;
  for (let number = runs.count; number > 0; number--) {
    const run = runs.get(number)!;
    if (run.startedAtMs <= sinceMs) break;
    if (!wants(run.source)) continue;
    compared += run.counts.compared;
    drifted += run.counts.drifted;
  }
  return { compared, drifted };
}

/** Dead letters that are looked at for a cause: the newest. */
const LETTERS_LOOKED_AT = 200;

function contextOf(turn: Turn, run: PositionRun, source: Source, partition: PartitionStore): DriftContext {
  const { deadLetters } = turn.system.tables;
  return {
    runId: run.runId,
    source,
    policy: turn.system.policies.effective(partition.warehouseId, ""),
    deadLetterOf: (sku) => {
      if (turn.system.openDeadLetters === 0) return undefined;
      for (let number = deadLetters.count; number > Math.max(0, deadLetters.count - LETTERS_LOOKED_AT); number--) {
        const { event, state } = deadLetters.get(number)!;
        if (state !== "OPEN" || event.source !== source.name || isFaulty(event)) continue;
        if (event.body.sku === sku && event.body.warehouseId === partition.warehouseId) return event.eventId;
      }
      return undefined;
    },
  };
}

export function unknownSource(source: string): Refusal {
  return refusal("SOURCE_NOT_FOUND", `There is no source ${source}: it has sent no event to compare positions with.`, {
    metadata: { source },
  });
}

/** A set of stock numbers, a bit for each. */
class StockBits {
  #bits = new Uint8Array(1024);

  add(number: number): void {
    const byte = number >> 3;
    if (byte >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[byte]! |= 1 << (number & 7);
  }

  has(number: number): boolean {
    return ((this.#bits[number >> 3] ?? 0) & (1 << (number & 7))) !== 0;
  }
}
