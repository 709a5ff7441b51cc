import { PageSpace } from "../../snapshots/page-space.js";
import { type PageStore, SnapshotDamaged } from "../../snapshots/page-store.js";
import { HASH_BYTES, type PageTable } from "../../snapshots/page-table.js";

/**
 * Compares the page table of a checkpoint with the one made anew from the journal at the same block,
 * and proves every page that it names in the store. Throws SnapshotDamaged at the first difference; returns how many pages were proven.
 */
export function checkSnapshot(stored: PageTable, recomputed: PageTable, store: PageStore): number {
  const space = new PageSpace(store, stored);
  let pages = 0;
  for (const column of stored.columns()) {
    const generations = new Uint32Array(
      column.generations.buffer,
      column.generations.byteOffset,
      column.generations.length / 4,
    );
    for (let page = 0; page < generations.length; page++) {
      const there = recomputed.generation(column, page) !== 0;
      if ((generations[page] !== 0) !== there) throw different(column, page);
      if (!there) continue;
      const hash = column.hashes.subarray(page * HASH_BYTES, (page + 1) * HASH_BYTES);
      if (!recomputed.matches(column, page, hash)) throw different(column, page);
      space.read(column, page);
      pages += 1;
    }
  }
  return pages;
}

function different(column: { readonly table: number; readonly partition: number }, page: number): SnapshotDamaged {
  return new SnapshotDamaged(
    `page ${page} of table ${column.table} of partition ${column.partition} is not what the journal says`,
  );
}
