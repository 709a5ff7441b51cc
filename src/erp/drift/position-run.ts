/** One run of positions while it goes on: what was told, what differs, and how far the search for what was not told has got. */
import { type DriftCounts, NO_DRIFT, type Position } from "../../domain/drift.js";
import type { PartitionEvent } from "../../domain/event.js";
import { isOfOneWarehouse } from "./positions-asker.js";
import { StockBits } from "./stock-bits.js";

type CountName = Exclude<keyof DriftCounts, "causes">;

/** "ending": everything is told, and what differs is being decided about. */
export type PositionRunState = "open" | "ending" | "ended" | "abandoned";

/** The name of a run, whose it is, and whether every stock of its source is told. */
export interface RunHead {
  readonly runId: string;
  readonly source: string;
  readonly full: boolean;
}

export interface KeptPosition {
  readonly position: Position;
  /** It agrees, which puts an end to an earlier discrepancy; else it differs, and how is counted when it is decided about. */
  readonly agrees: boolean;
}

export class PositionRun implements RunHead {
  readonly runId: string;
  readonly source: string;
  readonly full: boolean;
  state: PositionRunState = "open";
  /** Service time; 0 before the first part. */
  startedAtMs = 0;
  readonly #counts = { ...NO_DRIFT, causes: [...NO_DRIFT.causes] };
  /** Stocks that the source told, and those that this run healed. */
  readonly told = new StockBits();
  readonly healed = new StockBits();
  /** Between which sequences its positions are true; infinite while nothing is told. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  /** Positions with something to decide about when the run is complete: one that breaks off leaves nothing. */
  kept: KeptPosition[] = [];
  /** How many of those are decided about. */
  settled = 0;
  /** Of its positions, those that wait for the source to get to their sequence. */
  waiting = 0;
  /** False once a position could not be kept waiting: then who was told is not known, and who was not is not looked for. */
  isWhole = true;
  /** Where the search for stocks that were not told goes on: partitions that are left, and the next stock of the first. */
  search: { readonly partitions: number[]; nextStock: number } | undefined;
  /** Of the run in the table of runs, once it ended; else 0. */
  number = 0;

  constructor({ runId, source, full }: RunHead) {
    this.runId = runId;
    this.source = source;
    this.full = full;
  }

  /** Whether it tells every stock of its source; a run that we asked for of one warehouse says nothing of the others. */
  get isOfAll(): boolean {
    return this.full && !isOfOneWarehouse(this.runId);
  }

  /** As they stand now. */
  get counts(): DriftCounts {
    return { ...this.#counts, causes: [...this.#counts.causes] };
  }

  get drifted(): number {
    return this.#counts.drifted;
  }

  /** In place: a run of a million positions is counted a million times. */
  count({ causes, ...counts }: Partial<DriftCounts>): void {
    for (const name in counts) this.#counts[name as CountName] += counts[name as CountName] ?? 0;
    causes?.forEach((count, index) => {
      this.#counts.causes[index]! += count;
    });
  }

  tell({ asOfSequence }: Position): void {
    this.first = Math.min(this.first, asOfSequence);
    this.last = Math.max(this.last, asOfSequence);
  }

  noteHealed(partition: number, events: readonly PartitionEvent[]): void {
    for (const event of events) if (event.kind === "StockHealed") this.healed.add(partition, event.stock);
  }
}
