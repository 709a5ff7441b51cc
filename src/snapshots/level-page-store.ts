import { Level } from "level";
import type { PageBatch, PageStore } from "./page-store.js";

/** Pages in LevelDB. Every batch is synced; a read that throws is the caller's to treat as damage. */
export async function openLevelPageStore(folder: string): Promise<PageStore> {
  const level = new Level<Uint8Array, Uint8Array>(folder, {
    keyEncoding: "view",
    valueEncoding: "view",
    // LevelDB maps its files into memory: smaller files are less resident memory, and pages of like items shrink well.
    compression: true,
    cacheSize: 8 * 1024 * 1024,
    writeBufferSize: 16 * 1024 * 1024,
  } as object);
  await level.open();
  return {
    get: (key) => level.getSync(key),
    write: (batch: PageBatch) =>
      level.batch(
        [
          ...batch.puts.map(({ key, value }) => ({ type: "put" as const, key, value })),
          ...batch.deletes.map((key) => ({ type: "del" as const, key })),
        ],
        { sync: true } as object,
      ),
    close: () => level.close(),
  };
}
