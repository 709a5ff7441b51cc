import { brokenChain, Chain, type ChainStart } from "./chain.js";
import type { Disk } from "./disk.js";
import { type BlockPosition, JournalError, type StoredBlock } from "./journal.js";
import { type TornWrite, tornOrDamaged } from "./journal-end.js";
import { proveJournalFolder } from "./journal-folder.js";
import { segmentPath } from "./segment.js";
import { SegmentReader } from "./segment-reader.js";

export interface VerifyJournalOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** The block up to which an image holds the state: the segments before that block's may be gone. */
  readonly coveredTo?: ChainStart | undefined;
  /** Hears of a torn write at the end, which nobody was told of and which the next start cuts. */
  readonly onTorn?: (torn: TornWrite) => void;
}

/**
 * Every block from the first that is kept to the end, proven, without changing anything on disk. It reads all bytes of all segments:
 * those after the last block of a segment must be zeros. Rejects with `damaged` where decision 2 says so.
 */
export async function* verifyJournal(options: VerifyJournalOptions): AsyncIterable<StoredBlock> {
  const { disk, folder } = options;
  const proven = await proveJournalFolder(disk, folder, options.coveredTo);
  if (proven === undefined) return;
  const { witness, segments } = proven;
  const chain = await Chain.open(disk, folder, "first kept block");
  try {
    let before: BlockPosition | undefined;
    for (let block = await chain.next(); block !== undefined; block = await chain.next()) {
      const { position } = block;
      if (before !== undefined && position.segment !== before.segment) await proveRest(disk, folder, before);
      if (witness.position?.block === position.block) assertSame(folder, witness.position, position);
      before = position;
      yield block;
    }
    const end = chain.end!;
    if ((witness.position?.block ?? 0) >= end.nextBlock) {
      throw brokenChain(folder, end, `WITNESS says that block ${witness.position?.block} is durable`);
    }
    const torn = await tornOrDamaged(disk, folder, { end, segments });
    if (torn === undefined) return;
    const wasStoppedHere = witness.isStopped && (witness.position?.block ?? 0) === end.nextBlock - 1;
    if (wasStoppedHere)
      throw stray(folder, torn.pieces[0]!, "though the journal was stopped and nothing was written since");
    options.onTorn?.(torn);
  } finally {
    await chain.close();
  }
}

/** After the last block of a segment that the chain has left there is nothing. */
async function proveRest(disk: Disk, folder: string, last: BlockPosition): Promise<void> {
  const { segment, endOffset: offset } = last;
  const reader = await SegmentReader.open(disk, folder, segment);
  try {
    const { later, endOfBytes } = await reader.search(offset, last.block + 1);
    if (later !== undefined)
      throw stray(folder, { segment, offset: later.offset }, "though the journal went on elsewhere");
    if (endOfBytes > offset)
      throw stray(folder, { segment, offset: endOfBytes - 1 }, "after the last block of the segment");
  } finally {
    await reader.close();
  }
}

function assertSame(folder: string, witness: BlockPosition, found: BlockPosition): void {
  if (witness.hash === found.hash && witness.segment === found.segment && witness.offset === found.offset) return;
  const { segment, offset, block } = found;
  const file = segmentPath(folder, segment);
  const message = `${file}, offset ${offset}: WITNESS names another block ${block} than stands here`;
  throw new JournalError("damaged", message, { file, offset, block });
}

function stray(folder: string, at: { readonly segment: number; readonly offset: number }, why: string): JournalError {
  const file = segmentPath(folder, at.segment);
  return new JournalError("damaged", `${file}, offset ${at.offset}: bytes stand here ${why}`, {
    file,
    offset: at.offset,
  });
}
