import type { ChainStart } from "../journal/chain.js";
import type { Disk } from "../journal/disk.js";
import { missingFormat, readStoreId } from "../journal/format-file.js";
import type { BlockPosition } from "../journal/journal.js";
import { ImageDamaged } from "./image-damaged.js";
import { ImageFile } from "./image-file.js";
import { imagePath, listImages } from "./image-folder.js";

/** An image whose header, index and trailer are proven; each of its pages is proven when it is read. */
export interface KnownImage {
  readonly position: BlockPosition;
  readonly path: string;
  readonly bytes: number;
}

export interface ImageSurvey {
  /** Newest first. */
  readonly images: readonly KnownImage[];
  readonly damaged: readonly ImageDamaged[];
}

/** Looks at every image of a log. Rejects with `damaged` where there are images and no FORMAT, with `format` where a newer version wrote one. */
export async function surveyImages(disk: Disk, folder: string): Promise<ImageSurvey> {
  const storeId = await readStoreId(disk, folder);
  const blocks = await listImages(disk, folder);
  if (storeId === undefined && blocks.length > 0) throw missingFormat(folder);
  const images: KnownImage[] = [];
  const damaged: ImageDamaged[] = [];
  for (const block of blocks) {
    const path = imagePath(folder, block);
    try {
      images.push(await look(disk, path, { block, storeId }));
    } catch (cause) {
      if (!(cause instanceof ImageDamaged)) throw cause;
      damaged.push(cause);
    }
  }
  return { images, damaged };
}

/** What the newest image says of the journal; undefined where there is none. */
export function coveredTo({ images }: ImageSurvey): ChainStart | undefined {
  const [newest] = images;
  return newest === undefined ? undefined : { position: newest.position, saidBy: newest.path };
}

async function look(
  disk: Disk,
  path: string,
  expected: { readonly block: number; readonly storeId: string | undefined },
): Promise<KnownImage> {
  const image = await ImageFile.open(disk, path);
  await image.close();
  const { position, bytes } = image;
  if (position.block !== expected.block) throw new ImageDamaged(path, 32, `it is the image of block ${position.block}`);
  if (image.storeId !== expected.storeId) throw new ImageDamaged(path, 16, "it is an image of another journal");
  return { position, path, bytes };
}
