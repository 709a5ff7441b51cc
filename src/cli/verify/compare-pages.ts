import { saysNothing } from "../../images/image-writer.js";
import { KEY_PAGE_HASHES } from "../../snapshots/key-index.js";
import type { LogStore } from "../../snapshots/log-store.js";
import { pageHash } from "../../snapshots/page-space.js";
import { SnapshotDamaged } from "../../snapshots/page-store.js";
import { columnKey, type PageColumn, type PageTable } from "../../snapshots/page-table.js";
import type { PartitionHead } from "../../snapshots/partition-store.js";
import { TABLES } from "../../snapshots/tables.js";

/** A stored state: a snapshot or an image. */
export interface StoredPages {
  readonly table: PageTable;
  readonly partitions: readonly PartitionHead[];
  /** A page that the table names, proven. */
  read(column: PageColumn, page: number): Uint8Array | undefined;
}

/**
 * Compares every page of a stored state with the state made anew from the journal at the same block, and proves each.
 * Throws SnapshotDamaged at the first difference; returns how many pages were proven.
 */
export function comparePages(stored: StoredPages, recomputed: LogStore): number {
  const { space } = recomputed;
  let pages = 0;
  for (const { column, count } of columnsOf(stored.table, space.table)) {
    for (let page = 0; page < count; page++) {
      const isStored = stored.table.generation(column, page) !== 0;
      const isMade = space.table.generation(column, page) !== 0;
      const bytes = isStored ? stored.read(column, page)! : undefined;
      if (bytes !== undefined) pages += 1;
      if (bytes !== undefined && isMade) {
        if (!space.table.matches(column, page, pageHash(bytes))) throw different(column, page);
      } else if (isStored || isMade) {
        const only = bytes ?? space.read(column, page)!;
        if (!saysNothing(column, only) && !mayBeLetGo(column, page, stored, recomputed)) throw different(column, page);
      }
    }
  }
  return pages;
}

/** When answers are let go of depends on the retention and on when checkpoints were made, which the journal does not tell. */
function mayBeLetGo(column: PageColumn, page: number, stored: StoredPages, recomputed: LogStore): boolean {
  const items = ANSWER_PAGE_ITEMS.get(column.table);
  if (items === undefined) return false;
  const head = stored.partitions.find(({ partition }) => partition === column.partition);
  const first = Math.max(head?.firstAnswer ?? 1, recomputed.partitions.get(column.partition)?.answers.first ?? 1);
  return (page + 1) * items < first;
}

const ANSWER_PAGE_ITEMS: ReadonlyMap<number, number> = new Map([
  [TABLES.answers.id, TABLES.answers.pageItems],
  [TABLES.answerKeys.id, KEY_PAGE_HASHES],
]);

/** The columns of two tables, and how many pages the longer one has of each. */
function columnsOf(...tables: readonly PageTable[]) {
  const columns = new Map<number, { readonly column: PageColumn; readonly count: number }>();
  for (const table of tables) {
    for (const { table: id, partition, generations } of table.columns()) {
      const column = { table: id, partition };
      const count = Math.max(generations.length / 4, columns.get(columnKey(column))?.count ?? 0);
      columns.set(columnKey(column), { column, count });
    }
  }
  return columns.values();
}

function different(column: PageColumn, page: number): SnapshotDamaged {
  return new SnapshotDamaged(
    `page ${page} of table ${column.table} of partition ${column.partition} is not what the journal says`,
  );
}
