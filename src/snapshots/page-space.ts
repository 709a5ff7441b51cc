/**
 * All pages of a log: read through the overlay, then through a small cache, then from the store, where the page table must prove them.
 * Staged pages stay in the overlay until the store has them, and are named there until their checkpoint is wholly on disk. Pages are never overwritten in place:
 * each checkpoint writes under its own generation, so a crash between LevelDB and the checkpoint file harms nothing.
 */
import { createHash } from "node:crypto";
import { type PageStore, SnapshotDamaged } from "./page-store.js";
import { columnKey, HASH_BYTES, type PageColumn, PageTable } from "./page-table.js";

/** How many bytes of proven pages are kept for reads of neighbours. */
const CACHED_PAGES_MAX = 512;
const BATCH_PAGES_MAX = 256;

interface StagedPage {
  readonly column: PageColumn;
  readonly page: number;
  /** Undefined once the store has them: the overlay need not keep what can be read back and proven. */
  bytes: Uint8Array | undefined;
  /** Taken when it is staged, a few pages between turns, rather than of all at once. */
  readonly hash: Uint8Array;
}

export class PageSpace {
  readonly #store: PageStore;
  readonly #table: PageTable;
  readonly #staged = new Map<number, StagedPage>();
  readonly #dropped: { readonly column: PageColumn; readonly page: number }[] = [];
  #cache = new Map<number, Uint8Array>();
  /** Staged pages that the store does not have yet, in the order of their staging. */
  #unwritten: StagedPage[] = [];
  #writing: Promise<void> | undefined;
  #writeFailure: unknown;
  /** The checkpoint that staged pages are written for. */
  #generation = 0;
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

  /** Puts that the store was given so far. */
  get puts(): number {
    return this.#puts;
  }

  /** The page's bytes; undefined where no checkpoint and no staging ever wrote it. Throws SnapshotDamaged when they cannot be proven. */
  read(column: PageColumn, page: number): Uint8Array | undefined {
    const key = pageKey(column, page);
    const staged = this.#staged.get(key);
    if (staged?.bytes !== undefined) return staged.bytes;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const generation = staged === undefined ? this.#table.generation(column, page) : this.#generation;
    if (generation === 0) return undefined;
    const bytes = this.#readStore(column, page, generation, staged?.hash);
    if (this.#cache.size >= CACHED_PAGES_MAX) this.#cache = new Map();
    this.#cache.set(key, bytes);
    return bytes;
  }

  stage(column: PageColumn, page: number, bytes: Uint8Array): void {
    const key = pageKey(column, page);
    const staged: StagedPage = { column, page, bytes, hash: pageHash(bytes) };
    this.#staged.set(key, staged);
    this.#unwritten.push(staged);
    this.#cache.delete(key);
  }

  /** Begins to write a batch of staged pages under a new generation, where enough of them wait and none is being written. */
  writeAhead(generation: number): void {
    if (this.#unwritten.length < BATCH_PAGES_MAX || this.#writing !== undefined) return;
    this.#generation = generation;
    this.#writing = this.#writeBatch([]).then(
      () => {
        this.#writing = undefined;
      },
      (cause) => {
        this.#writing = undefined;
        this.#writeFailure = cause;
      },
    );
  }

  /** Forgets a page for good, from the next checkpoint on. */
  drop(column: PageColumn, page: number): void {
    this.#dropped.push({ column, page });
  }

  /** Writes what is left of the staged pages under a new generation; the page table then names it. Nothing old is deleted yet. */
  async flush(generation: number): Promise<void> {
    this.#generation = generation;
    await this.#writing;
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
    await this.#writeBatch(this.#obsolete.splice(0));
    while (this.#unwritten.length > 0) await this.#writeBatch([]);
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
  }

  async #writeBatch(deletes: readonly Uint8Array[]): Promise<void> {
    const pages = this.#unwritten.splice(0, BATCH_PAGES_MAX);
    if (pages.length === 0 && deletes.length === 0) return;
    const puts: { key: Uint8Array; value: Uint8Array }[] = [];
    for (const { column, page, bytes } of pages) {
      puts.push({ key: storeKey(column, page, this.#generation), value: bytes! });
    }
    this.#puts += puts.length;
    try {
      await this.#store.write({ puts, deletes });
    } catch (cause) {
      throw new SnapshotDamaged("the pages cannot be written", { cause });
    }
    for (const page of pages) page.bytes = undefined;
  }

  #readStore(column: PageColumn, page: number, generation: number, stagedHash: Uint8Array | undefined): Uint8Array {
    const name = `page ${page} of table ${column.table} of partition ${column.partition}, checkpoint ${generation}`;
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#store.get(storeKey(column, page, generation));
    } catch (cause) {
      throw new SnapshotDamaged(`${name} cannot be read`, { cause });
    }
    if (bytes === undefined) throw new SnapshotDamaged(`${name} is missing`);
    const hash = pageHash(bytes);
    const isProven = stagedHash === undefined ? this.#table.matches(column, page, hash) : isSameHash(stagedHash, hash);
    if (!isProven) throw new SnapshotDamaged(`${name} is not what was written`);
    return bytes;
  }
}

export function pageHash(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, HASH_BYTES);
}

function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

function pageKey(column: PageColumn, page: number): number {
  return columnKey(column) * 0x1000000 + page;
}

/** What a store's key stands for. */
export function placeOfKey(key: Uint8Array): {
  readonly column: PageColumn;
  readonly page: number;
  readonly generation: number;
} {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const column = { table: view.getUint8(0), partition: view.getUint32(1) };
  return { column, page: view.getUint32(5), generation: view.getUint32(9) };
}

/** u8 table, u32 partition, u32 page, u32 generation, big endian so that neighbours lie together. */
export function storeKey(column: PageColumn, page: number, generation: number): Uint8Array {
  const key = new Uint8Array(13);
  const view = new DataView(key.buffer);
  view.setUint8(0, column.table);
  view.setUint32(1, column.partition);
  view.setUint32(5, page);
  view.setUint32(9, generation);
  return key;
}
