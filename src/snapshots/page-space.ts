/**
 * All pages of a log: read through the overlay, then through a small cache, then from the store, where the page table must prove them.
 * Staged pages stay in the overlay until their checkpoint is wholly on disk. Pages are never overwritten in place:
 * each checkpoint writes under its own generation, so a crash between LevelDB and the checkpoint file harms nothing.
 */
import { createHash } from "node:crypto";
import { type PageBatch, type PageStore, SnapshotDamaged } from "./page-store.js";
import { columnKey, HASH_BYTES, type PageColumn, PageTable } from "./page-table.js";

/** How many bytes of proven pages are kept for reads of neighbours. */
const CACHED_PAGES_MAX = 512;
const BATCH_PAGES_MAX = 256;

interface StagedPage {
  readonly column: PageColumn;
  readonly page: number;
  readonly bytes: Uint8Array;
  /** Taken when it is staged, a few pages between turns, rather than of all at once. */
  readonly hash: Uint8Array;
}

export class PageSpace {
  readonly #store: PageStore;
  readonly #table: PageTable;
  readonly #staged = new Map<number, StagedPage>();
  readonly #dropped: { readonly column: PageColumn; readonly page: number }[] = [];
  #cache = new Map<number, Uint8Array>();
  #stagedBytes = 0;
  #puts = 0;
  /** Old versions of pages that the last checkpoint replaced; deleted with the next batch. */
  #obsolete: Uint8Array[] = [];

  /** `obsolete` as the checkpoint that `table` came from had it. */
  constructor(store: PageStore, table = new PageTable(), obsolete: readonly Uint8Array[] = []) {
    this.#store = store;
    this.#table = table;
    this.#obsolete = [...obsolete];
  }

  /** Keys of page versions that nothing names any more once the checkpoint now being written stands. */
  get obsolete(): readonly Uint8Array[] {
    return this.#obsolete;
  }

  get table(): PageTable {
    return this.#table;
  }

  /** Bytes of pages that wait for their checkpoint. */
  get stagedBytes(): number {
    return this.#stagedBytes;
  }

  /** Puts that the store was given so far. */
  get puts(): number {
    return this.#puts;
  }

  /** The page's bytes; undefined where no checkpoint and no staging ever wrote it. Throws SnapshotDamaged when they cannot be proven. */
  read(column: PageColumn, page: number): Uint8Array | undefined {
    const key = pageKey(column, page);
    const staged = this.#staged.get(key);
    if (staged !== undefined) return staged.bytes;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const generation = this.#table.generation(column, page);
    if (generation === 0) return undefined;
    const bytes = this.#readStore(column, page, generation);
    if (this.#cache.size >= CACHED_PAGES_MAX) this.#cache = new Map();
    this.#cache.set(key, bytes);
    return bytes;
  }

  stage(column: PageColumn, page: number, bytes: Uint8Array): void {
    const key = pageKey(column, page);
    this.#stagedBytes += bytes.length - (this.#staged.get(key)?.bytes.length ?? 0);
    this.#staged.set(key, { column, page, bytes, hash: pageHash(bytes) });
    this.#cache.delete(key);
  }

  /** Forgets a page for good, from the next checkpoint on. */
  drop(column: PageColumn, page: number): void {
    this.#dropped.push({ column, page });
  }

  /** Writes everything staged under a new generation; the page table then names it. Nothing old is deleted yet. */
  async flush(generation: number): Promise<void> {
    let batch: { key: Uint8Array; value: Uint8Array }[] = [];
    const flushBatch = async (deletes: readonly Uint8Array[]): Promise<void> => {
      if (batch.length === 0 && deletes.length === 0) return;
      const write: PageBatch = { puts: batch, deletes };
      this.#puts += batch.length;
      batch = [];
      try {
        await this.#store.write(write);
      } catch (cause) {
        throw new SnapshotDamaged("the pages cannot be written", { cause });
      }
    };
    const obsolete = this.#obsolete;
    this.#obsolete = [];
    await flushBatch(obsolete);
    for (const { column, page, bytes } of this.#staged.values()) {
      batch.push({ key: storeKey(column, page, generation), value: bytes });
      if (batch.length >= BATCH_PAGES_MAX) await flushBatch([]);
    }
    await flushBatch([]);
    for (const { column, page, hash } of this.#staged.values()) {
      const before = this.#table.generation(column, page);
      if (before !== 0 && before !== generation) this.#obsolete.push(storeKey(column, page, before));
      this.#table.set(column, page, generation, hash);
    }
    for (const { column, page } of this.#dropped.splice(0)) {
      const before = this.#table.generation(column, page);
      if (before !== 0) this.#obsolete.push(storeKey(column, page, before));
      this.#table.clear(column, page);
    }
  }

  /** The checkpoint file names the new pages: the overlay may go. */
  settle(): void {
    this.#staged.clear();
    this.#stagedBytes = 0;
  }

  #readStore(column: PageColumn, page: number, generation: number): Uint8Array {
    const name = `page ${page} of table ${column.table} of partition ${column.partition}, checkpoint ${generation}`;
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#store.get(storeKey(column, page, generation));
    } catch (cause) {
      throw new SnapshotDamaged(`${name} cannot be read`, { cause });
    }
    if (bytes === undefined) throw new SnapshotDamaged(`${name} is missing`);
    if (!this.#table.matches(column, page, pageHash(bytes)))
      throw new SnapshotDamaged(`${name} is not what was written`);
    return bytes;
  }
}

export function pageHash(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, HASH_BYTES);
}

function pageKey(column: PageColumn, page: number): number {
  return columnKey(column) * 0x1000000 + page;
}

/** u8 table, u32 partition, u32 page, u32 generation, big endian so that neighbours lie together. */
function storeKey(column: PageColumn, page: number, generation: number): Uint8Array {
  const key = new Uint8Array(13);
  const view = new DataView(key.buffer);
  view.setUint8(0, column.table);
  view.setUint32(1, column.partition);
  view.setUint32(5, page);
  view.setUint32(9, generation);
  return key;
}
