/**
 * Copies a log as of one block: the newest image that can be proven, and the segments since, cut after that block.
 * What is copied is proven twice, where it comes from and where it went. Until `sealCopy` has written FORMAT, which comes last,
 * the copy is no journal and nothing opens it.
 */
import { Chain, readBlocks } from "../journal/chain.js";
import { type Disk, type DiskFile, readUpTo, writeAll, writeFileAtomically } from "../journal/disk.js";
import { missingFormat } from "../journal/format-file.js";
import { type BlockPosition, JournalError } from "../journal/journal.js";
import { encodeSegmentHeader, listSegments, openSegment, SEGMENT_START, segmentPath } from "../journal/segment.js";
import { Witness } from "../journal/witness.js";
import { ImageDamaged } from "./image-damaged.js";
import { ImageFile } from "./image-file.js";
import { imageFolder, imagePath } from "./image-folder.js";
import type { Pace } from "./pace.js";
import { type KnownImage, surveyImages } from "./survey-images.js";

const COPY_BYTES = 1024 * 1024;
/** How many bytes the disk is asked to make durable at once: an append to the journal may have to wait behind them. */
const SYNC_BYTES = 4 * COPY_BYTES;

export interface CopyOptions {
  readonly disk: Disk;
  /** Folders of logs; `to` is empty or not there. */
  readonly from: string;
  readonly to: string;
  /** The last block of the copy. Nothing up to it may be removed meanwhile. */
  readonly head: BlockPosition;
  readonly pace: Pace;
}

/** Copies image and segments; resolves with the bytes of the copy once they are durable and proven. */
export async function copyLog(options: CopyOptions): Promise<number> {
  const { disk, from, to, head } = options;
  await disk.makeFolder(`${to}/segments`);
  const [firstSegment = 1] = await listSegments(disk, from);
  const { images, damaged } = await surveyImages(disk, from);
  let damage = damaged[0];
  for (const image of images) {
    const { position } = image;
    if (position.block > head.block || position.segment < firstSegment) continue;
    try {
      return (await copyImage(options, image)) + (await copySegments(options, position));
    } catch (cause) {
      if (!(cause instanceof ImageDamaged)) throw cause;
      damage = cause;
      await disk.remove(imagePath(to, position.block));
    }
  }
  if (firstSegment > 1 && damage !== undefined) throw damage;
  return copySegments(options, undefined);
}

/** Makes a journal of the copy: WITNESS names its last block, and FORMAT says whose it is. Resolves with their bytes. */
export async function sealCopy(
  disk: Disk,
  folders: { readonly from: string; readonly to: string },
  head: BlockPosition,
): Promise<number> {
  const { from, to } = folders;
  const witness = await Witness.create(disk, to);
  try {
    await witness.writeStopped(head);
  } finally {
    await witness.close();
  }
  const format = await readWhole(disk, `${from}/FORMAT`);
  if (format === undefined) throw missingFormat(from);
  const stored = await readWhole(disk, `${to}/WITNESS`);
  await writeFileAtomically(disk, to, "FORMAT", format);
  return format.length + (stored?.length ?? 0);
}

/** Takes a copy away that could not be finished. FORMAT goes first: what is left must not look like a journal. */
export async function removeCopy(disk: Disk, to: string): Promise<void> {
  for (const folder of [to, `${to}/segments`, imageFolder(to)]) {
    const names = (await disk.list(folder)).filter((name) => /^(FORMAT|WITNESS|\d+\.(seg|image))/.test(name));
    for (const name of names.sort()) await disk.remove(`${folder}/${name}`);
    if (names.length > 0) await disk.syncFolder(folder);
  }
}

async function copyImage({ disk, to, pace }: CopyOptions, { position, path, bytes }: KnownImage): Promise<number> {
  await proveImage(disk, path, pace);
  await disk.makeFolder(imageFolder(to));
  const copy = imagePath(to, position.block);
  const source = await disk.open(path);
  if (source === undefined) throw new ImageDamaged(path, 0, "the file is missing");
  try {
    await writeCopy(disk, copy, (target) => copyBytes(source, target, { start: 0, end: bytes }, pace));
  } finally {
    await source.close();
  }
  await disk.syncFolder(imageFolder(to));
  await proveImage(disk, copy, pace);
  return bytes;
}

async function proveImage(disk: Disk, path: string, pace: Pace): Promise<void> {
  const image = await ImageFile.open(disk, path);
  try {
    await image.proveAll(pace);
  } finally {
    await image.close();
  }
}

/** The segments from the image's block on, each cut after its last block, none after the head. */
async function copySegments(options: CopyOptions, image: BlockPosition | undefined): Promise<number> {
  const { disk, from, to, head, pace } = options;
  const ends = new Map<number, number>();
  const note = ({ segment, endOffset }: BlockPosition) => ends.set(segment, endOffset);
  if (image !== undefined) note(image);
  for await (const { position, body } of readBlocks(disk, from, { after: image, last: head, saidBy: "the image" })) {
    note(position);
    await pace(body.length);
  }
  let bytes = 0;
  for (const [number, end] of ends) {
    const { header, file } = await openSegment(disk, from, number);
    try {
      await writeCopy(disk, segmentPath(to, number), async (target) => {
        const start = Buffer.alloc(SEGMENT_START);
        encodeSegmentHeader({ ...header, bytes: end }).copy(start);
        await writeAll(target, start, start.length, 0);
        await copyBytes(file, target, { start: SEGMENT_START, end }, pace);
      });
    } finally {
      await file.close();
    }
    bytes += end;
  }
  await disk.syncFolder(`${to}/segments`);
  await proveSegments(options);
  return bytes;
}

/** The copy has every block up to the head, and each as it was written. */
async function proveSegments({ disk, from, to, head, pace }: CopyOptions): Promise<void> {
  const chain = await Chain.open(disk, to, "first kept block");
  try {
    for (let block = await chain.next(); block !== undefined; block = await chain.next()) await pace(block.body.length);
    if (chain.head?.hash === head.hash) return;
    // The blocks after the image were proven as they were read: what cannot be is older, in the segment that the image begins in.
    const block = (chain.head?.block ?? 0) + 1;
    const file = segmentPath(from, chain.head?.segment ?? (await listSegments(disk, from))[0]!);
    throw new JournalError("damaged", `block ${block} in ${file} cannot be proven`, { file, block });
  } finally {
    await chain.close();
  }
}

async function writeCopy(disk: Disk, path: string, write: (target: DiskFile) => Promise<void>): Promise<void> {
  const target = await disk.create(path);
  try {
    await write(target);
    await target.sync();
  } finally {
    await target.close();
  }
}

async function copyBytes(
  source: DiskFile,
  target: DiskFile,
  range: { readonly start: number; readonly end: number },
  pace: Pace,
): Promise<void> {
  let unsynced = 0;
  for (let at = range.start; at < range.end; at += COPY_BYTES) {
    const bytes = await readUpTo(source, Math.min(COPY_BYTES, range.end - at), at);
    await writeAll(target, bytes, bytes.length, at);
    unsynced += bytes.length;
    if (unsynced >= SYNC_BYTES) {
      await target.sync();
      unsynced = 0;
    }
    await pace(bytes.length);
  }
}

async function readWhole(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const file = await disk.open(path);
  if (file === undefined) return undefined;
  try {
    return await readUpTo(file, await file.size(), 0);
  } finally {
    await file.close();
  }
}
