/** The state that a snapshot has is the state that all records of the run lead to, page by page, to the byte. */
import { applyRecord } from "../../src/actor/apply.js";
import type { LogNodeSettings } from "../../src/compose/log-node.js";
import type { JournalRecord } from "../../src/domain/event.js";
import { type Checkpoint, decodeCheckpoint } from "../../src/snapshots/checkpoint.js";
import { LogStore } from "../../src/snapshots/log-store.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import { HASH_BYTES } from "../../src/snapshots/page-table.js";
import { TABLES } from "../../src/snapshots/tables.js";
import { Finding } from "./simulation-context.js";

export async function proveState(
  checkpointBytes: Uint8Array,
  recordsOf: (blocks: number) => Iterable<JournalRecord>,
  settings: LogNodeSettings,
): Promise<void> {
  const { position, timeMs, table } = decodeCheckpoint(checkpointBytes);
  let replayed: Checkpoint | undefined;
  const file = {
    read: async () => undefined,
    write: async (bytes: Uint8Array) => {
      replayed = decodeCheckpoint(bytes);
    },
  };
  const store = await LogStore.open(new MemoryPageStore(), file, settings);
  for (const record of recordsOf(position.block)) applyRecord(store, record);
  await store.beginCheckpoint(timeMs).write(position);
  const found = pagesOf({ table });
  for (const [page, expected] of pagesOf(replayed!)) {
    if (found.get(page) !== expected) throw new Finding(`page ${page} of the snapshot is not what the records lead to`);
    found.delete(page);
  }
  if (found.size > 0) throw new Finding(`no record leads to pages ${[...found.keys()]} of the snapshot`);
}

/**
 * The hash of every page that is there, whichever checkpoint wrote it. The pages of open bits are left out: where nothing is open
 * any more they may be there, all zeros, or never have been made.
 */
function pagesOf({ table }: Pick<Checkpoint, "table">): Map<string, string> {
  const pages = new Map<string, string>();
  for (const { table: name, partition, generations, hashes } of table.columns()) {
    if (name === TABLES.openReservations.id) continue;
    const written = new Uint32Array(Uint8Array.from(generations).buffer);
    for (const [page, generation] of written.entries()) {
      if (generation === 0) continue;
      const hash = hashes.subarray(page * HASH_BYTES, (page + 1) * HASH_BYTES);
      pages.set(`${name}/${partition}/${page}`, Buffer.from(hash).toString("hex"));
    }
  }
  return pages;
}
