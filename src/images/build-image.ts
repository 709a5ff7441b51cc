/**
 * Makes the image of a later block from the image before it and the segments since, never from LevelDB (decision 15).
 * Memory is bounded by what the state keeps resident, the disk by a spool of changed pages: a longer journal is taken in
 * several passes, each of which leaves a whole image behind. Without an image it begins at the first block.
 */
import { applyRecord } from "../actor/apply.js";
import { readBlocks } from "../journal/chain.js";
import type { Disk } from "../journal/disk.js";
import type { BlockPosition } from "../journal/journal.js";
import { readRecords } from "../journal/records/record-reader.js";
import { LogStore } from "../snapshots/log-store.js";
import { SnapshotDamaged } from "../snapshots/page-store.js";
import type { PageColumn } from "../snapshots/page-table.js";
import { ImageDamaged } from "./image-damaged.js";
import { ImageFile } from "./image-file.js";
import { imageFolder, imagePath, listImages } from "./image-folder.js";
import { ImagePages } from "./image-pages.js";
import { writeImage } from "./image-writer.js";
import type { Pace } from "./pace.js";

export interface BuildOptions {
  readonly disk: Disk;
  /** Of the log. */
  readonly folder: string;
  readonly storeId: string;
  /** The block to make an image of: durable, and the last of what a checkpoint has. */
  readonly target: BlockPosition;
  readonly answerRetentionMs: number;
  readonly pace: Pace;
  /** Bytes of changed pages after which an image is made on the way. */
  readonly spoolBytesMax?: number;
  /** Hears of an image that cannot be proven and is passed over. */
  readonly onDamaged?: (damage: ImageDamaged) => void;
}

export interface BuiltImage {
  readonly position: BlockPosition;
  readonly path: string;
  readonly bytes: number;
}

const SPOOL_BYTES_MAX = 512 * 1024 * 1024;
/** Stocks, and as many reservations, that stay in memory beside those of changed pages. */
const RESIDENT_MAX = 10_000;
/** What is taken in before changed pages go to the spool. */
const STEP_RECORDS = 10_000;
const STEP_BYTES = 4 * 1024 * 1024;

/** Makes the image of `target`. Rejects with the damage where no image and no journal lead there. */
export async function buildImage(options: BuildOptions): Promise<BuiltImage> {
  const { disk, folder, target } = options;
  const damaged = new Set<number>();
  let damage: ImageDamaged | undefined;
  for (;;) {
    const blocks = (await listImages(disk, folder)).filter((block) => block <= target.block && !damaged.has(block));
    const [block] = blocks;
    try {
      const built = await buildFrom(options, block);
      if (built.position.block === target.block) return built;
    } catch (cause) {
      const found = imageDamageOf(cause);
      if (found === undefined || block === undefined) throw damage ?? cause;
      options.onDamaged?.(found);
      damage = found;
      damaged.add(block);
    }
  }
}

/** The damage to an image behind a failure, if that is what it is. */
export function imageDamageOf(cause: unknown): ImageDamaged | undefined {
  if (cause instanceof ImageDamaged) return cause;
  if (cause instanceof SnapshotDamaged && cause.cause instanceof ImageDamaged) return cause.cause;
  return undefined;
}

/** One pass: from an image, or from nothing, to the target or as far as the spool goes. */
async function buildFrom(options: BuildOptions, baseBlock: number | undefined): Promise<BuiltImage> {
  const { disk, folder, target } = options;
  const base = baseBlock === undefined ? undefined : await ImageFile.open(disk, imagePath(folder, baseBlock));
  try {
    if (base !== undefined) assertOurs(base, options);
    if (base?.position.block === target.block) {
      await base.proveAll(options.pace);
      return { position: base.position, path: base.path, bytes: base.bytes };
    }
    await disk.makeFolder(imageFolder(folder));
    const pages = await ImagePages.open(disk, `${imageFolder(folder)}/spool.new`, base);
    try {
      return await buildOver(options, pages, base);
    } finally {
      await pages.close();
    }
  } finally {
    await base?.close();
  }
}

async function buildOver(options: BuildOptions, pages: ImagePages, base: ImageFile | undefined): Promise<BuiltImage> {
  const { disk, folder, storeId, pace } = options;
  const store = await LogStore.open(
    pages,
    { read: async () => base?.checkpointBytes, write: async () => {} },
    {
      stocksResidentMax: RESIDENT_MAX,
      reservationsResidentMax: RESIDENT_MAX,
      answerRetentionMs: options.answerRetentionMs,
    },
  );
  const { position, timeMs } = await takeIn(options, store, pages);
  const heads = {
    position,
    timeMs,
    system: store.system.head(),
    partitions: [...store.partitions.values()].map((partition) => partition.head()),
  };
  const { space } = store;
  const read = (column: PageColumn, page: number) => space.read(column, page)!;
  const content = { ...heads, storeId, table: space.table, read };
  return { position, ...(await writeImage(disk, folder, content, pace)) };
}

/** Takes in the blocks after the state's own, and says where it stopped. */
async function takeIn(options: BuildOptions, store: LogStore, pages: ImagePages) {
  const { disk, folder, target, pace, spoolBytesMax = SPOOL_BYTES_MAX } = options;
  let timeMs = store.checkpointTimeMs;
  let records = 0;
  let bytes = 0;
  const range = { after: store.checkpointPosition, last: target, saidBy: "the image" };
  for await (const { body, position } of readBlocks(disk, folder, range)) {
    for (const record of readRecords(body)) {
      applyRecord(store, record);
      timeMs = record.timeMs;
      records += 1;
    }
    bytes += body.length;
    await pace(body.length);
    const isLast = position.block === target.block;
    if (!isLast && records < STEP_RECORDS && bytes < STEP_BYTES) continue;
    await store.beginCheckpoint(timeMs).write(position);
    records = 0;
    bytes = 0;
    if (isLast || pages.spooledBytes >= spoolBytesMax) return { position, timeMs };
  }
  throw new RangeError(`block ${target.block} does not come after block ${store.checkpointPosition?.block ?? 0}`);
}

/** An image of another journal may have come here by a mistaken copy. */
function assertOurs(image: ImageFile, { storeId }: BuildOptions): void {
  if (image.storeId !== storeId) throw new ImageDamaged(image.path, 16, "it is an image of another journal");
}
