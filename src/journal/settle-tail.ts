import { align } from "./block.js";
import { type Disk, readUpTo, writeAll } from "./disk.js";
import type { BlockPosition } from "./journal.js";
import type { JournalEnd, TornWrite } from "./journal-end.js";
import { SEGMENT_START, segmentPath } from "./segment.js";

const REWRITE_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(REWRITE_BYTES);

/**
 * Cuts a torn write, and writes again every block after WITNESS: what is read back after a failed sync or a crash
 * may not be on the disk (decision 11). Returns how many bytes were written again.
 */
export async function settleTail(
  disk: Disk,
  folder: string,
  options: { readonly durable: BlockPosition | undefined; readonly end: JournalEnd },
): Promise<number> {
  const { durable, end } = options;
  if (end.torn !== undefined) await cut(disk, folder, end.torn);
  if (end.head === undefined || end.head.block === (durable?.block ?? 0)) return 0;
  const firstSegment = durable?.segment ?? end.segments[0]!;
  let rewritten = 0;
  for (let segment = firstSegment; segment <= end.head.segment; segment++) {
    rewritten += await rewrite(disk, segmentPath(folder, segment), {
      start: segment === firstSegment ? (durable?.endOffset ?? SEGMENT_START) : SEGMENT_START,
      end: segment === end.head.segment ? end.head.endOffset : undefined,
    });
  }
  return rewritten;
}

/** From the end to the start, so that what a crash leaves of it still begins where the torn write did. */
async function cut(disk: Disk, folder: string, torn: TornWrite): Promise<void> {
  for (const { segment, offset, bytes } of torn.pieces.toReversed()) {
    const file = await disk.openDurable(segmentPath(folder, segment));
    try {
      const whole = align(bytes);
      for (let at = Math.floor((whole - 1) / ZEROS.length) * ZEROS.length; at >= 0; at -= ZEROS.length) {
        await writeAll(file, ZEROS, Math.min(ZEROS.length, whole - at), offset + at);
      }
    } finally {
      await file.close();
    }
  }
}

/** Writes a stretch of a file with what is read there, up to the end of the file where none is given. */
async function rewrite(
  disk: Disk,
  path: string,
  stretch: { readonly start: number; readonly end: number | undefined },
): Promise<number> {
  const file = await disk.openDurable(path);
  try {
    const end = stretch.end ?? (await file.size());
    for (let at = stretch.start; at < end; at += REWRITE_BYTES) {
      const bytes = await readUpTo(file, Math.min(REWRITE_BYTES, end - at), at);
      await writeAll(file, bytes, bytes.length, at);
    }
    return end - stretch.start;
  } finally {
    await file.close();
  }
}
