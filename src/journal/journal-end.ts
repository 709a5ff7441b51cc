/**
 * The end of a journal (decision 2). At the first place where no block follows: a later block, or a WITNESS at or beyond it,
 * means damage, which is refused and named; anything else is a torn write that nobody was told of, and may be cut.
 * As one write is in flight at a time, the mere header of a later block proves that the missing one was durable.
 */
import { brokenChain, Chain, type ChainEnd, type ChainStart } from "./chain.js";
import type { Disk } from "./disk.js";
import type { BlockPosition } from "./journal.js";
import { SEGMENT_START } from "./segment.js";
import { SegmentReader } from "./segment-reader.js";
import type { SequenceGuard } from "./sequence-guard.js";
import type { WitnessSays } from "./witness.js";

/** A stretch of a segment with bytes of a torn write: it begins at a sector. */
export interface TornPiece {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A torn write after the last block. Where its first sectors were lost, it may lie in more than one segment. */
export interface TornWrite {
  readonly bytes: number;
  readonly pieces: readonly TornPiece[];
}

export interface JournalEnd {
  /** The last valid block. */
  readonly head: BlockPosition | undefined;
  readonly segments: readonly number[];
  readonly torn: TornWrite | undefined;
  /** What the blocks that were read on the way say of each partition. */
  readonly sequences: SequenceGuard;
}

/**
 * Finds the end from the WITNESS on, or from what an image covers where that is later, proving every block on the way.
 * Changes nothing.
 */
export async function findEnd(
  disk: Disk,
  folder: string,
  known: { readonly witness: WitnessSays; readonly coveredTo: ChainStart | undefined },
): Promise<JournalEnd> {
  const { witness } = known;
  const { position } = witness;
  const chain = await Chain.open(disk, folder, lastDurable(known) ?? "first block");
  try {
    while ((await chain.next()) !== undefined);
    const { head, segments, sequences } = chain;
    const end = chain.end!;
    // After a clean stop nothing can follow, and a large segment need not be searched for it.
    const isKnownEnd = witness.isStopped && end.kind === "free" && head?.block === position?.block;
    const torn = isKnownEnd ? undefined : await tornOrDamaged(disk, folder, { end, segments });
    return { head, segments, torn, sequences };
  } finally {
    await chain.close();
  }
}

/** The last block that is known to be durable; undefined while there is none. A WITNESS with a damaged slot may be an old one. */
export function lastDurable(known: {
  readonly witness: WitnessSays;
  readonly coveredTo: ChainStart | undefined;
}): ChainStart | undefined {
  const { position } = known.witness;
  const { coveredTo } = known;
  if (position === undefined || position.block < (coveredTo?.position.block ?? 0)) return coveredTo;
  return { position, saidBy: "WITNESS" };
}

/** Tells a torn write from damage, where a chain that began at or before the WITNESS ended. */
export async function tornOrDamaged(
  disk: Disk,
  folder: string,
  chain: { readonly end: ChainEnd; readonly segments: readonly number[] },
): Promise<TornWrite | undefined> {
  const { end, segments } = chain;
  const pieces: TornPiece[] = [];
  for (const segment of segments.filter((number) => number >= end.segment)) {
    const offset = segment === end.segment ? end.offset : SEGMENT_START;
    const reader = await SegmentReader.open(disk, folder, segment);
    try {
      const { later, endOfBytes } = await reader.search(offset, end.nextBlock);
      if (later !== undefined) {
        const { block, offset: at } = later;
        throw brokenChain(folder, end, `block ${block} follows in segment ${segment} at offset ${at}`);
      }
      if (endOfBytes > offset) pieces.push({ segment, offset, bytes: endOfBytes - offset });
    } finally {
      await reader.close();
    }
  }
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  return bytes === 0 ? undefined : { bytes, pieces };
}
