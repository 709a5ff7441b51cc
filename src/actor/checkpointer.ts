/**
 * Decides when the snapshot follows the journal, and brings it there between turns: freeze the changed pages, put them to bytes
 * a few at a time once the frozen state is durable, then write them. Driven by the length of the journal's tail,
 * so that start-up stays short and LevelDB sees few, large writes.
 */
import { assert } from "../domain/assertion.js";
import type { BlockPosition, Journal } from "../journal/journal.js";
import { LIMITS } from "../limits.js";
import type { LogStore, PendingCheckpoint } from "../snapshots/log-store.js";

export interface CheckpointerOptions {
  readonly store: LogStore;
  readonly journal: Journal;
  /** Records and bytes after the last checkpoint that make the next one due. */
  readonly checkpointRecordsMax: number;
  readonly checkpointBytesMax: number;
  readonly onWritten: (position: BlockPosition) => void;
  readonly onFailure: (cause: unknown) => void;
}

type Phase =
  | { readonly kind: "idle" }
  /** Waits until the block that ends the frozen state is durable. */
  | { readonly kind: "frozen"; readonly pending: PendingCheckpoint }
  | { readonly kind: "staging"; readonly pending: PendingCheckpoint; readonly position: BlockPosition }
  | { readonly kind: "writing"; readonly done: Promise<void> };

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #phase: Phase = { kind: "idle" };
  #tailRecords = 0;
  #tailBytes = 0;
  #wanted = false;

  constructor(options: CheckpointerOptions, tail: { readonly records: number; readonly bytes: number }) {
    this.#options = options;
    this.#tailRecords = tail.records;
    this.#tailBytes = tail.bytes;
  }

  get isDue(): boolean {
    if (this.#phase.kind !== "idle") return false;
    return this.#wanted || this.#tailShare >= 1;
  }

  /**
   * The tail has grown so long while a checkpoint is made that nothing more may be decided before that is done:
   * start-up after a crash has to stay short whatever the load.
   */
  get mustCatchUp(): boolean {
    return this.#phase.kind !== "idle" && this.#tailShare >= LIMITS.tailGrowthMax;
  }

  /** Something came after the last checkpoint. */
  get isBehind(): boolean {
    return this.#tailRecords > 0;
  }

  /** It wants a step between the next turns. */
  get isStaging(): boolean {
    return this.#phase.kind === "staging";
  }

  /** Makes one due, whatever the length of the tail. */
  want(): void {
    this.#wanted = true;
  }

  appended(records: number, bytes: number): void {
    this.#tailRecords += records;
    this.#tailBytes += bytes;
  }

  /** Freezes the state as it is now; nothing later may share a block with it. */
  begin(timeMs: number): void {
    assert(this.#phase.kind === "idle", "one checkpoint at a time");
    this.#wanted = false;
    this.#phase = { kind: "frozen", pending: this.#options.store.beginCheckpoint(timeMs) };
  }

  /** The frozen state is durable: its last block stands at `position`. */
  durable(position: BlockPosition): void {
    assert(this.#phase.kind === "frozen", "a frozen state became durable");
    this.#phase = { kind: "staging", pending: this.#phase.pending, position };
    this.#tailRecords = 0;
    this.#tailBytes = 0;
  }

  /** Puts a few pages to bytes; begins to write when that was the last. */
  step(): void {
    if (this.#phase.kind !== "staging") return;
    // The longer the tail grows meanwhile, the more of each turn the checkpoint gets.
    const pages = LIMITS.checkpointPagesPerTurn * (1 + Math.floor(this.#tailShare * 8));
    if (this.#phase.pending.stage(pages) === 0) this.#write(this.#phase);
  }

  /** The tail by records or bytes, whichever is longer, in parts of what makes a checkpoint due. */
  get #tailShare(): number {
    const { checkpointRecordsMax, checkpointBytesMax } = this.#options;
    return Math.max(this.#tailRecords / checkpointRecordsMax, this.#tailBytes / checkpointBytesMax);
  }

  /** Writes the checkpoint under way to its end. */
  async finish(): Promise<void> {
    if (this.#phase.kind === "staging") this.#write(this.#phase);
    if (this.#phase.kind === "writing") await this.#phase.done;
  }

  #write({ pending, position }: Extract<Phase, { kind: "staging" }>): void {
    const done = pending
      .write(position)
      .then(() => this.#options.journal.witness())
      .then(() => {
        this.#phase = { kind: "idle" };
        this.#options.onWritten(position);
      });
    this.#phase = { kind: "writing", done };
    done.catch(this.#options.onFailure);
  }
}
