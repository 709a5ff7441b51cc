/**
 * The working state of one log: the system's partition and those of the warehouses, over one space of pages,
 * with the checkpoint that makes it durable behind the journal. The journal stays the truth: what is here can be made anew from it.
 */
import { assert } from "../domain/assertion.js";
import type { BlockPosition } from "../journal/journal.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";
import { PageSpace } from "./page-space.js";
import type { PageStore } from "./page-store.js";
import { emptyHead, PartitionStore, type StoreSettings } from "./partition-store.js";
import { EMPTY_SYSTEM_HEAD, SystemStore } from "./system-store.js";

/** Where the checkpoint file lies. `write` is atomic and durable: afterwards `read` gives the new bytes or, after a crash, the old. */
export interface CheckpointFile {
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

export type LogStoreSettings = Omit<
  StoreSettings,
  "retentionMs" | "nonce" | "hashSeed" | "answerCount" | "partitionCount"
> & {
  /** Lower bound of how long answers are remembered, milliseconds; the longest hold may make it longer. */
  readonly answerRetentionMs: number;
};

export class LogStore {
  readonly space: PageSpace;
  readonly system: SystemStore;
  readonly partitions = new Map<number, PartitionStore>();
  /** Where the last checkpoint stands in the journal; undefined before the first. */
  checkpointPosition: BlockPosition | undefined;
  /** Service time of the last record at the last checkpoint. */
  readonly checkpointTimeMs: number;
  #generation: number;
  readonly #file: CheckpointFile;
  readonly #settings: StoreSettings;

  private constructor(
    store: PageStore,
    file: CheckpointFile,
    checkpoint: Checkpoint | undefined,
    settings: LogStoreSettings,
  ) {
    this.space = new PageSpace(store, checkpoint?.table, checkpoint?.obsolete);
    this.system = new SystemStore(this.space, checkpoint?.system ?? EMPTY_SYSTEM_HEAD);
    this.#file = file;
    this.#generation = checkpoint?.generation ?? 0;
    this.checkpointPosition = checkpoint?.position;
    this.checkpointTimeMs = checkpoint?.timeMs ?? 0;
    const { policies } = this.system.state;
    this.#settings = {
      ...settings,
      retentionMs: () => Math.max(settings.answerRetentionMs, policies.longestHoldMs),
      nonce: (epoch) => this.system.state.nonce(epoch),
      hashSeed: () => Number.parseInt(this.system.state.nonce(1) ?? "0", 36) >>> 0,
      answerCount: { kept: 0 },
      partitionCount: () => this.partitions.size,
    };
    for (const head of checkpoint?.partitions ?? []) {
      this.partitions.set(head.partition, new PartitionStore(this.space, head, this.#settings));
    }
  }

  /** Opens the snapshot; an empty state where there is none. Throws SnapshotDamaged when it cannot be proven. */
  static async open(store: PageStore, file: CheckpointFile, settings: LogStoreSettings): Promise<LogStore> {
    const bytes = await file.read();
    return new LogStore(store, file, bytes === undefined ? undefined : decodeCheckpoint(bytes), settings);
  }

  /** The partition of a warehouse that the system knows; made empty when it is new. */
  partition(number: number): PartitionStore {
    const known = this.partitions.get(number);
    if (known !== undefined) return known;
    const warehouse = this.system.state.tables.warehouses.get(number);
    assert(warehouse !== undefined, `partition ${number} is a warehouse's`);
    const made = new PartitionStore(this.space, emptyHead(number, warehouse.warehouseId), this.#settings);
    this.partitions.set(number, made);
    return made;
  }

  /** Sequence of a partition's last record; 0 for none. */
  sequence(partition: number): number {
    if (partition === 0) return this.system.sequence;
    return this.partitions.get(partition)?.sequence ?? 0;
  }

  get dirtyPages(): number {
    let pages = this.system.dirtyPages;
    for (const partition of this.partitions.values()) pages += partition.dirtyPages;
    return pages;
  }

  /** Remembered answers over all partitions. */
  get answersKept(): number {
    return this.#settings.answerCount.kept;
  }

  /** Whether the next checkpoint would let go of some answers. */
  hasExpiredAnswers(nowMs: number): boolean {
    for (const partition of this.partitions.values()) if (partition.answers.hasExpired(nowMs)) return true;
    return false;
  }

  get residentItems(): number {
    let items = 0;
    for (const partition of this.partitions.values()) items += partition.residentItems;
    return items;
  }

  /** Begins a checkpoint of the state as it is now, at service time `timeMs`. Stage it to the end, then write it. */
  beginCheckpoint(timeMs: number): PendingCheckpoint {
    for (const partition of this.partitions.values()) partition.freeze(timeMs);
    this.system.freeze();
    const heads = [...this.partitions.values()].map((partition) => partition.head());
    const system = this.system.head();
    return {
      stage: (pagesMax) => {
        const staged = this.#stage(pagesMax);
        this.space.writeAhead(this.#generation + 1);
        return staged;
      },
      write: async (position) => {
        const generation = this.#generation + 1;
        while (this.#stage(64) > 0);
        await this.space.flush(generation);
        const { table, obsolete } = this.space;
        await this.#file.write(
          encodeCheckpoint({ generation, position, timeMs, system, partitions: heads, table, obsolete }),
        );
        this.#generation = generation;
        this.checkpointPosition = position;
        this.space.settle();
      },
    };
  }

  #stage(pagesMax: number): number {
    let done = this.system.stage(pagesMax);
    for (const partition of this.partitions.values()) {
      if (done >= pagesMax) break;
      done += partition.stage(pagesMax - done);
    }
    return done;
  }
}

/** A checkpoint under way. */
export interface PendingCheckpoint {
  /**
   * Puts up to `pagesMax` pages to bytes, between turns; returns how many it did, 0 when all are done.
   * Begin only once the frozen state is durable: what is staged may be read back and published.
   */
  stage(pagesMax: number): number;
  /**
   * Writes the pages, then the checkpoint file. `position` is the block that holds the last record of the frozen state.
   * After a rejection the store must be opened again.
   */
  write(position: BlockPosition): Promise<void>;
}
