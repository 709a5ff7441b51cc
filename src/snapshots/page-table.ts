/**
 * The page table: for every page the checkpoint that wrote it and the hash of its bytes, 20 bytes a page.
 * It stands in our own checksummed checkpoint file, so LevelDB cannot lie unnoticed (decision 4).
 */
export const HASH_BYTES = 16;

/** A run of pages: one table of one partition. */
export interface PageColumn {
  readonly table: number;
  readonly partition: number;
}

/** What the table says of one page; generation 0 means that there is none. */
interface ColumnPages {
  generations: Uint32Array;
  hashes: Uint8Array;
  count: number;
}

export class PageTable {
  readonly #columns = new Map<number, ColumnPages>();

  /** The checkpoint that last wrote the page; 0 when none did. */
  generation(column: PageColumn, page: number): number {
    const pages = this.#columns.get(columnKey(column));
    return pages === undefined || page >= pages.count ? 0 : pages.generations[page]!;
  }

  matches(column: PageColumn, page: number, hash: Uint8Array): boolean {
    const pages = this.#columns.get(columnKey(column));
    if (pages === undefined || page >= pages.count) return false;
    const start = page * HASH_BYTES;
    for (let index = 0; index < HASH_BYTES; index++) if (pages.hashes[start + index] !== hash[index]) return false;
    return true;
  }

  set(column: PageColumn, page: number, generation: number, hash: Uint8Array): void {
    const pages = this.#reach(column, page);
    pages.generations[page] = generation;
    pages.hashes.set(hash.subarray(0, HASH_BYTES), page * HASH_BYTES);
  }

  clear(column: PageColumn, page: number): void {
    const pages = this.#columns.get(columnKey(column));
    if (pages !== undefined && page < pages.count) pages.generations[page] = 0;
  }

  /** Every column with its raw arrays, for the checkpoint file; views, valid until the next change. */
  *columns(): Generator<PageColumn & { readonly generations: Uint8Array; readonly hashes: Uint8Array }> {
    for (const [key, pages] of this.#columns) {
      yield {
        ...columnOf(key),
        generations: new Uint8Array(pages.generations.buffer, 0, pages.count * 4),
        hashes: pages.hashes.subarray(0, pages.count * HASH_BYTES),
      };
    }
  }

  /** Takes one column from a checkpoint file. */
  load(column: PageColumn, generations: Uint8Array, hashes: Uint8Array): void {
    const count = generations.length / 4;
    if (!Number.isInteger(count) || hashes.length !== count * HASH_BYTES) {
      throw new RangeError(`page table column ${column.table}/${column.partition} is ragged`);
    }
    const copy = new Uint8Array(Math.max(64, count) * 4);
    copy.set(generations);
    const hashCopy = new Uint8Array(Math.max(64, count) * HASH_BYTES);
    hashCopy.set(hashes);
    this.#columns.set(columnKey(column), { generations: new Uint32Array(copy.buffer), hashes: hashCopy, count });
  }

  #reach(column: PageColumn, page: number): ColumnPages {
    const key = columnKey(column);
    let pages = this.#columns.get(key);
    if (pages === undefined) {
      pages = { generations: new Uint32Array(64), hashes: new Uint8Array(64 * HASH_BYTES), count: 0 };
      this.#columns.set(key, pages);
    }
    if (page >= pages.generations.length) {
      const size = Math.max(page + 1, pages.generations.length * 2);
      const generations = new Uint32Array(size);
      generations.set(pages.generations);
      const hashes = new Uint8Array(size * HASH_BYTES);
      hashes.set(pages.hashes);
      pages.generations = generations;
      pages.hashes = hashes;
    }
    if (page >= pages.count) pages.count = page + 1;
    return pages;
  }
}

export function columnKey(column: PageColumn): number {
  return column.table * 0x1000000 + column.partition;
}

function columnOf(key: number): PageColumn {
  return { table: Math.floor(key / 0x1000000), partition: key % 0x1000000 };
}
