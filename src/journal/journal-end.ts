/**
 * The end of a journal (decision 7). At the first place where no block follows: a later valid block, or a WITNESS at or beyond it,
 * means damage, which is refused and named; anything else is a torn write that nobody was told of, and may be cut.
 */
import { Chain, type ChainEnd } from "./chain.js";
import type { Disk } from "./disk.js";
import { type BlockPosition, JournalError, type StoredBlock } from "./journal.js";
import { listSegments, SEGMENT_START, segmentPath } from "./segment.js";
import { SegmentReader } from "./segment-reader.js";

export interface JournalEnd {
  /** The last valid block. */
  readonly head: BlockPosition | undefined;
  readonly segments: readonly number[];
  /** Bytes of a torn write after the head, if there are any. */
  readonly torn: { readonly segment: number; readonly offset: number; readonly bytes: number } | undefined;
}

/** Finds the end from the WITNESS on, proving every block on the way. Changes nothing. */
export async function findEnd(disk: Disk, folder: string, witness: BlockPosition | undefined): Promise<JournalEnd> {
  if (witness !== undefined) await proveWitness(disk, folder, witness);
  const chain = await Chain.open(disk, folder, witness);
  try {
    while ((await chain.next()) !== undefined);
    return { head: chain.head, segments: chain.segments, torn: await tornOrDamaged(disk, folder, chain.end!) };
  } finally {
    await chain.close();
  }
}

/** Tells a torn write from damage, where a chain that began at or before the WITNESS ended. */
export async function tornOrDamaged(disk: Disk, folder: string, end: ChainEnd): Promise<JournalEnd["torn"]> {
  const file = segmentPath(folder, end.segment);
  const at = { file, offset: end.offset, block: end.nextBlock };
  const name = `${file}, offset ${end.offset}, block ${end.nextBlock}`;
  const reader = await SegmentReader.open(disk, folder, end.segment);
  try {
    const later = await reader.findLater(end.offset, end.nextBlock);
    if (later !== undefined) {
      const why = end.why === "" ? "the block is missing" : end.why;
      throw new JournalError("damaged", `${name}: ${why}; a valid block follows at offset ${later}`, at);
    }
    for (const number of await listSegments(disk, folder)) {
      if (number > end.segment) await assertNothingIn(disk, folder, number, name, at);
    }
    const bytes = (await reader.endOfBytes(end.offset)) - end.offset;
    return bytes === 0 ? undefined : { segment: end.segment, offset: end.offset, bytes };
  } finally {
    await reader.close();
  }
}

async function assertNothingIn(
  disk: Disk,
  folder: string,
  number: number,
  name: string,
  at: { file: string; offset: number; block: number },
): Promise<void> {
  const reader = await SegmentReader.open(disk, folder, number);
  try {
    const later = await reader.findLater(SEGMENT_START, at.block);
    if (later === undefined) return;
    const message = `${name}: the block is missing; a valid block follows in segment ${number} at offset ${later}`;
    throw new JournalError("damaged", message, at);
  } finally {
    await reader.close();
  }
}

/** The block that WITNESS names must be there as it was. */
export async function proveWitness(disk: Disk, folder: string, witness: BlockPosition): Promise<StoredBlock> {
  const file = segmentPath(folder, witness.segment);
  const reader = await SegmentReader.open(disk, folder, witness.segment);
  try {
    const found = await reader.at(witness.offset);
    if (found.kind === "block" && found.block.position.block === witness.block) {
      if (found.block.position.hash === witness.hash) return found.block;
    }
    const why = found.kind === "bad" ? found.why : "another block or none stands there";
    throw new JournalError(
      "damaged",
      `${file}, offset ${witness.offset}: WITNESS says that block ${witness.block} is durable here, but ${why}`,
      { file, offset: witness.offset, block: witness.block },
    );
  } finally {
    await reader.close();
  }
}
