import type { Disk } from "../journal/disk.js";
import type { CheckpointFile } from "../snapshots/log-store.js";
import { storeKey } from "../snapshots/page-space.js";
import type { PageStore } from "../snapshots/page-store.js";
import { ImageFile } from "./image-file.js";
import { IMAGE_GENERATION } from "./image-index.js";

const BATCH_BYTES = 1024 * 1024;

/**
 * Makes a snapshot anew from an image: its pages go into an empty page store, then the checkpoint says that they are there.
 * What came after the image is in the journal. Rejects with ImageDamaged where a page cannot be proven.
 */
export async function seedSnapshot(
  disk: Disk,
  path: string,
  into: { readonly pages: PageStore; readonly checkpointFile: CheckpointFile },
): Promise<void> {
  const image = await ImageFile.open(disk, path);
  try {
    let puts: { key: Uint8Array; value: Uint8Array }[] = [];
    let bytes = 0;
    for (const { column, page } of image.places()) {
      const value = image.page(column, page)!;
      puts.push({ key: storeKey(column, page, IMAGE_GENERATION), value });
      bytes += value.length;
      if (bytes < BATCH_BYTES) continue;
      await into.pages.write({ puts, deletes: [] });
      puts = [];
      bytes = 0;
    }
    await into.pages.write({ puts, deletes: [] });
    await into.checkpointFile.write(image.checkpointBytes);
  } finally {
    await image.close();
  }
}
