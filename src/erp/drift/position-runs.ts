/**
 * Runs of positions in the turn (P10): a source tells what it has, a bounded part at a time, and each stock is compared at the sequence at
 * which that is true. What differs is decided about when the run is complete, so that one that breaks off leaves nothing. Positions ahead of
 * us wait until we get there. Memory is bounded: a bit for each stock that was told, and so many positions that differ or wait.
 */
import { overloaded } from "../../actor/refusals.js";
import type { Turn } from "../../actor/turn.js";
import { decideVerdict, harmlessCounts, judgeMissing, judgePosition, type Verdict } from "../../domain/decide/drift.js";
import type { DriftCounts, Position } from "../../domain/drift.js";
import { type Refusal, refusal } from "../../domain/refusal.js";
import type { Source } from "../../domain/source.js";
import type { SystemState } from "../../domain/system-state.js";
import { LIMITS } from "../../limits.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";
import { DeferredPositions } from "./deferred-positions.js";
import { DriftContexts } from "./drift-context.js";
import { type KeptPosition, PositionRun, type RunHead } from "./position-run.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

/** Of a stock that was told, in a search, against one that is looked at: a bit against a read. */
const TOLD_COST = 1 / 64;

/** A run in a turn, with what its comparisons need. */
interface Work {
  readonly turn: Turn;
  readonly run: PositionRun;
  readonly source: Source;
  readonly contexts: DriftContexts;
}

export class PositionRuns {
  readonly #deferred = new DeferredPositions<PositionRun>(LIMITS.deferredPositionsMax);
  /** Full runs that ended before we had got to their last sequence: what they did not tell is looked for then. */
  readonly #unsearched = new Set<PositionRun>();
  readonly #open = new Set<PositionRun>();
  #keptCount = 0;

  begin(head: RunHead): PositionRun {
    return new PositionRun(head);
  }

  /** Compares some positions. A source that never sent an event has no sequence to compare at. */
  compare(turn: Turn, run: PositionRun, positions: readonly Position[]): Result<undefined> {
    const work = this.#workOn(turn, run);
    if ("refusal" in work) return work;
    for (const position of positions) this.#tell(work, position);
    return { answer: undefined };
  }

  /**
   * Ends the run, some work at a time: what differs is decided about, and of a full run the stocks of the source that it did not tell are
   * found. `undefined` while there is more to do.
   */
  finish(turn: Turn, run: PositionRun): Result<DriftCounts | undefined> {
    const work = this.#workOn(turn, run);
    if ("refusal" in work) return work;
    const { source } = work;
    if (run.state === "open" && run.last < run.first) {
      run.first = source.applied;
      run.last = source.applied;
    }
    run.state = "ending";
    if (!this.#settleKept(work)) return { answer: undefined };
    if (this.#deferred.nextSequence(run.source) <= source.applied) {
      this.advanced(turn, source);
      return { answer: undefined };
    }
    const isReached = source.applied >= run.last;
    if (run.full && run.isWhole && isReached && !this.#searchSome(work)) return { answer: undefined };
    this.#end(work, { isSearched: isReached });
    return { answer: run.counts };
  }

  /** The source told no end: what it did tell is forgotten. */
  abandon(run: PositionRun): void {
    if (run.state === "ended") return;
    run.state = "abandoned";
    this.#open.delete(run);
    this.#forgetKept(run);
    this.#deferred.drop(run.source, (other) => other === run);
  }

  /** Compares some of what waited for a source to get where it is now. */
  advanced(turn: Turn, source: Source): void {
    const changed = new Set<PositionRun>();
    for (let left = LIMITS.turnPositionsMax; left > 0; left--) {
      const next = this.#deferred.take(source.name, source.applied);
      if (next === undefined) break;
      const { run, position } = next;
      const { drifted } = run;
      run.waiting -= 1;
      this.#compareLate(turn, { run, source, position });
      if (run.state === "ended" && (run.waiting === 0 || run.drifted > drifted)) changed.add(run);
    }
    const searched = this.#searchLate(turn, source);
    if (searched !== undefined) changed.add(searched);
    for (const run of changed) this.#record(turn, run);
  }

  /** Whether there is something to do without another word of the source. */
  isDue(system: SystemState): boolean {
    for (const name of this.#deferred.sources()) {
      if (this.#deferred.nextSequence(name) <= system.source(name)!.applied) return true;
    }
    for (const { source, last } of this.#unsearched) if (last <= system.source(source)!.applied) return true;
    return false;
  }

  /** Goes on with what is due, a bounded part of it. */
  goOn(turn: Turn): void {
    const waiting = new Set(this.#deferred.sources());
    for (const { source } of this.#unsearched) waiting.add(source);
    for (const name of waiting) this.advanced(turn, turn.system.source(name)!);
  }

  #workOn(turn: Turn, run: PositionRun): Work | { readonly refusal: Refusal } {
    const source = turn.system.source(run.source);
    if (source === undefined) return { refusal: unknownSource(run.source) };
    // It was broken off while this waited for its turn; nobody hears the answer.
    if (run.state === "abandoned") return { refusal: overloaded("runs of positions") };
    if (!this.#open.has(run) && run.state === "open") {
      if (this.#open.size >= LIMITS.positionRunsMax) return { refusal: overloaded("runs of positions") };
      this.#open.add(run);
      run.startedAtMs = turn.nowMs;
    }
    return { turn, run, source, contexts: new DriftContexts(turn, run, source) };
  }

  #tell(work: Work, position: Position): void {
    const { turn, run, source } = work;
    run.tell(position);
    const number = turn.system.partition(position.warehouseId);
    const verdict =
      number === undefined
        ? judgeUnknownWarehouse(position, source)
        : this.#judge(work, turn.store.partition(number), position);
    if (verdict.kind === "drifts") {
      this.#keep(work, { position, agrees: false });
      return;
    }
    if (verdict.kind === "deferred") this.#defer(run, position);
    if (verdict.kind === "agrees" && verdict.outdates !== undefined) this.#keep(work, { position, agrees: true });
    run.count(harmlessCounts(verdict));
  }

  #judge({ run, contexts }: Work, partition: PartitionStore, position: Position): Verdict {
    const stock = partition.stocks.glance(position.sku);
    if (stock !== undefined) run.told.add(partition.partition, stock.number);
    return judgePosition(partition, position, contexts.of(partition));
  }

  #keep(work: Work, kept: KeptPosition): void {
    if (this.#keptCount >= LIMITS.keptDifferencesMax) {
      this.#settleOne(work, kept);
      return;
    }
    work.run.kept.push(kept);
    this.#keptCount += 1;
  }

  #defer(run: PositionRun, position: Position): void {
    if (this.#deferred.add(run.source, { run, position })) run.waiting += 1;
    else run.isWhole = false;
  }

  /** Decides about some of what differs; true once there is nothing left. */
  #settleKept(work: Work): boolean {
    const { run } = work;
    const to = Math.min(run.kept.length, run.settled + LIMITS.turnDifferencesMax);
    while (run.settled < to) this.#settleOne(work, run.kept[run.settled++]!);
    if (run.settled < run.kept.length) return false;
    this.#forgetKept(run);
    return true;
  }

  #forgetKept(run: PositionRun): void {
    this.#keptCount -= run.kept.length;
    run.kept = [];
    run.settled = 0;
  }

  #settleOne(work: Work, { position, agrees }: KeptPosition): void {
    if (!agrees) {
      this.#settle(work, position);
      return;
    }
    const { turn, contexts } = work;
    const partition = turn.openWarehouse(position.warehouseId);
    const context = contexts.of(partition);
    const verdict = judgePosition(partition, position, context);
    // It was counted as it was told; what has made it differ since is for the next run.
    if (verdict.kind !== "agrees") return;
    const { events } = decideVerdict(partition, verdict, context);
    if (events.length > 0) turn.record(partition, events);
  }

  /** Compares a position and does what is to be done. */
  #settle(work: Work, position: Position): void {
    const { turn, run, contexts } = work;
    const { warehouseId, sku } = position;
    const isKnown = turn.system.partition(warehouseId) !== undefined;
    if (!isKnown && turn.system.tables.warehouses.count >= LIMITS.warehousesMax) {
      run.count({ incomparable: 1 });
      return;
    }
    const partition = turn.openWarehouse(warehouseId);
    this.#decide(work, partition, judgePosition(partition, position, contexts.of(partition)));
    const stock = partition.stocks.glance(sku);
    // It may have come into being just now.
    if (stock !== undefined) run.told.add(partition.partition, stock.number);
  }

  #decide({ turn, run, contexts }: Work, partition: PartitionStore, verdict: Verdict): void {
    const { counts, events } = decideVerdict(partition, verdict, contexts.of(partition));
    run.count(counts);
    run.noteHealed(partition.partition, events);
    if (events.length > 0) turn.record(partition, events);
  }

  /** A position that has waited: of a run that ended it is decided about at once. */
  #compareLate(
    turn: Turn,
    { run, source, position }: { readonly run: PositionRun; readonly source: Source; readonly position: Position },
  ): void {
    const work = { turn, run, source, contexts: new DriftContexts(turn, run, source) };
    if (run.state === "ended") this.#settle(work, position);
    else this.#tell(work, position);
  }

  /** Finds some of the stocks of the source that the run did not tell; true once all were looked at. */
  #searchSome(work: Work): boolean {
    const { turn, run, source, contexts } = work;
    run.search ??= {
      partitions: [...turn.system.feeds(source)].filter((number) => run.isOfAll || run.told.hasAny(number)),
      nextStock: 1,
    };
    const { search } = run;
    let differencesLeft = LIMITS.turnDifferencesMax;
    for (let left = LIMITS.turnPositionsMax; left > 0 && differencesLeft > 0; ) {
      const number = search.partitions[0];
      if (number === undefined) return true;
      const partition = turn.store.partition(number);
      if (search.nextStock > partition.stocks.count) {
        search.partitions.shift();
        search.nextStock = 1;
        continue;
      }
      const stock = search.nextStock++;
      const isTold = run.told.has(number, stock);
      left -= isTold ? TOLD_COST : 1;
      if (isTold) continue;
      const untold = partition.stocks.peek(stock)!;
      if (!untold.opened || untold.source !== run.source) continue;
      const verdict = judgeMissing(partition, untold, run, contexts.of(partition));
      if (verdict === undefined) continue;
      differencesLeft -= 1;
      this.#decide(work, partition, verdict);
    }
    return false;
  }

  /** Goes on with the search of a run that ended before its source had got to its last sequence. */
  #searchLate(turn: Turn, source: Source): PositionRun | undefined {
    if (this.#deferred.nextSequence(source.name) <= source.applied) return undefined;
    for (const run of this.#unsearched) {
      if (run.source !== source.name || run.last > source.applied) continue;
      if (!this.#searchSome({ turn, run, source, contexts: new DriftContexts(turn, run, source) })) return undefined;
      this.#unsearched.delete(run);
      return run;
    }
    return undefined;
  }

  /** A run of everything has told what older ones still wait with. */
  #end({ turn, run }: Work, { isSearched }: { readonly isSearched: boolean }): void {
    run.state = "ended";
    this.#open.delete(run);
    if (run.isOfAll) {
      this.#deferred.drop(run.source, (other) => other !== run && other.state === "ended");
      for (const other of this.#unsearched) if (other.source === run.source) this.#unsearched.delete(other);
    }
    if (run.full && run.isWhole && !isSearched && this.#unsearched.size < LIMITS.positionRunsMax) {
      this.#unsearched.add(run);
    }
    this.#record(turn, run);
  }

  #record(turn: Turn, run: PositionRun): void {
    const { runId, source, full, startedAtMs, counts, number } = run;
    turn.recordSystem([{ kind: "DriftRunEnded", number, runId, source, full, startedAtMs, counts }]);
    if (number === 0) run.number = turn.system.tables.driftRuns.count;
  }
}

/** A position in a warehouse that we do not have. */
function judgeUnknownWarehouse(position: Position, source: Source): Verdict {
  if (position.asOfSequence > source.applied) return { kind: "deferred" };
  if (position.onHand === 0 && position.unavailable === 0)
    return { kind: "agrees", missing: "here", outdates: undefined };
  const ours = { onHand: 0, unavailable: 0, isSuperseded: false, isHealed: false };
  return { kind: "drifts", drift: { stock: undefined, ours, theirs: position, missing: "here" } };
}

export function unknownSource(source: string): Refusal {
  return refusal("SOURCE_NOT_FOUND", `There is no source ${source}: it has sent no event to compare positions with.`, {
    metadata: { source },
  });
}
