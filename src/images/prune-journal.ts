/**
 * Takes away what the truth no longer needs: segments that images cover, and images older than those.
 * The two newest images stay, and every segment from the older one's block on: should the newest image turn out damaged,
 * the one before it and the journal still lead to the same state.
 */
import type { Disk } from "../journal/disk.js";
import type { BlockPosition } from "../journal/journal.js";
import { readRecords } from "../journal/records/record-reader.js";
import { listSegments, SEGMENT_START, segmentPath } from "../journal/segment.js";
import { SegmentReader } from "../journal/segment-reader.js";
import { listImages, removeImages } from "./image-folder.js";
import type { KnownImage } from "./survey-images.js";

/** Images that stay. */
export const IMAGES_KEPT = 2;

/** How much longer the journal is kept than it is needed. */
export interface JournalRetention {
  /** Segments with a record younger than this stay, milliseconds of service time. */
  readonly keepMs: number;
  /** As many bytes of journal stay at least. */
  readonly keepBytes: number;
}

export interface PruneOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** Proven images, newest first. */
  readonly images: readonly KnownImage[];
  /** Where the newest checkpoint stands. */
  readonly checkpoint: BlockPosition;
  readonly retention: JournalRetention;
  /** Service time. */
  readonly nowMs: number;
}

export interface Pruned {
  readonly segments: number;
  readonly images: number;
}

/** Removes the images before the two newest, and the segments that nobody needs or wants any more. */
export async function pruneJournal(options: PruneOptions): Promise<Pruned> {
  const { disk, folder, images, checkpoint } = options;
  const kept = images.slice(0, IMAGES_KEPT).map(({ position }) => position.block);
  const blocks = (await listImages(disk, folder)).filter((block) => !kept.includes(block));
  const older = images[IMAGES_KEPT - 1];
  if (older === undefined) return { segments: 0, images: 0 };
  await removeImages(disk, folder, blocks);
  const needed = Math.min(older.position.segment, checkpoint.segment);
  return { segments: await removeSegments(options, needed), images: blocks.length };
}

/** One by one from the first on, each durably: whatever a crash leaves has no gap. */
async function removeSegments(options: PruneOptions, needed: number): Promise<number> {
  const { disk, folder } = options;
  const segments = await listSegments(disk, folder);
  const first = segments[0] ?? 1;
  const removable = await firstWanted(options, segments, needed);
  for (let number = first; number < removable; number++) {
    await disk.remove(segmentPath(folder, number));
    await disk.syncFolder(`${folder}/segments`);
  }
  return Math.max(0, removable - first);
}

/** The first segment that is needed, or that the retention keeps. */
async function firstWanted(options: PruneOptions, segments: readonly number[], needed: number): Promise<number> {
  const { retention, nowMs } = options;
  let bytesAfter = 0;
  for (const number of segments) if (number > (segments[0] ?? 0)) bytesAfter += await sizeOf(options, number);
  for (const number of segments) {
    if (number >= needed || bytesAfter < retention.keepBytes) return number;
    // All records of a segment are older than the first of the next.
    if (retention.keepMs > 0 && (await firstTimeMs(options, number + 1)) > nowMs - retention.keepMs) return number;
    bytesAfter -= await sizeOf(options, number + 1);
  }
  return needed;
}

async function sizeOf({ disk, folder }: PruneOptions, number: number): Promise<number> {
  const reader = await SegmentReader.open(disk, folder, number);
  await reader.close();
  return reader.header.bytes;
}

async function firstTimeMs({ disk, folder }: PruneOptions, number: number): Promise<number> {
  const reader = await SegmentReader.open(disk, folder, number);
  try {
    const found = await reader.at(SEGMENT_START);
    if (found.kind !== "block") return Number.POSITIVE_INFINITY;
    for (const record of readRecords(found.block.body)) return record.timeMs;
    return Number.POSITIVE_INFINITY;
  } finally {
    await reader.close();
  }
}
