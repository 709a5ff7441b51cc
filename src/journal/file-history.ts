/**
 * The past of a journal in files, read while it is appended to and while old segments are removed under it.
 *
 * 1. Only blocks up to the head are given out, each proven. What stands behind the head is never looked at twice: a window that was
 *    read before a block was written would show it torn.
 * 2. A segment that is gone when it is opened was removed for good: that is no damage, but an answer.
 */
import type { Disk } from "./disk.js";
import {
  type BlockPosition,
  type BlockStart,
  type HistoryReader,
  type Journal,
  JournalError,
  type JournalHistory,
  type StoredBlock,
} from "./journal.js";
import { namedSegments, SEGMENT_START, segmentPath } from "./segment.js";
import { SegmentReader } from "./segment-reader.js";

export class FileHistory implements JournalHistory {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #journal: Pick<Journal, "head">;

  constructor(disk: Disk, folder: string, journal: Pick<Journal, "head">) {
    this.#disk = disk;
    this.#folder = folder;
    this.#journal = journal;
  }

  async oldest(): Promise<BlockStart> {
    for (;;) {
      const [segment] = await namedSegments(this.#disk, this.#folder);
      if (segment === undefined) throw new JournalError("damaged", `${this.#folder} has no segment`);
      const nextBlock = (this.#journal.head?.block ?? 0) + 1;
      const reader = await SegmentReader.openIfThere(this.#disk, this.#folder, segment);
      // It was removed since it was listed.
      if (reader === undefined) continue;
      try {
        const found = await reader.at(SEGMENT_START);
        // An append may be under way where nothing is durable yet.
        const block = found.kind === "block" ? Math.min(found.block.position.block, nextBlock) : nextBlock;
        return { block, segment, offset: SEGMENT_START };
      } finally {
        await reader.close();
      }
    }
  }

  async open(start: BlockStart): Promise<HistoryReader | undefined> {
    const { head } = this.#journal;
    const newest = head?.block ?? 0;
    if (start.block > newest + 1) return undefined;
    if (start.block === newest + 1) return NOTHING;
    const reader = await SegmentReader.openIfThere(this.#disk, this.#folder, start.segment);
    if (reader === undefined) return undefined;
    const walk = new Walk(this.#disk, this.#folder, { reader, start, last: head! });
    if (await walk.stands()) return walk;
    await walk.close();
    return undefined;
  }
}

const NOTHING: HistoryReader = {
  next: async () => undefined,
  close: async () => {},
};

class Walk implements HistoryReader {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #last: BlockPosition;
  #reader: SegmentReader;
  /** The next block; its offset may be the end of what fitted into the segment. */
  #next: BlockStart;

  constructor(
    disk: Disk,
    folder: string,
    walk: { readonly reader: SegmentReader; readonly start: BlockStart; readonly last: BlockPosition },
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#reader = walk.reader;
    this.#next = walk.start;
    this.#last = walk.last;
  }

  /** Whether the block to begin with is there. Throws where bytes stand there that nobody wrote. */
  async stands(): Promise<boolean> {
    if (this.#next.offset < SEGMENT_START || this.#next.offset % SEGMENT_START !== 0) return false;
    const found = await this.#reader.at(this.#next.offset);
    return found.kind === "block" && found.block.position.block === this.#next.block;
  }

  async next(): Promise<StoredBlock | undefined> {
    if (this.#next.block > this.#last.block) return undefined;
    let found = await this.#reader.at(this.#next.offset);
    // It did not fit into this segment any more.
    if (found.kind === "free" && this.#next.segment < this.#last.segment) {
      if (!(await this.#enterNext())) return undefined;
      found = await this.#reader.at(SEGMENT_START);
    }
    const { block, offset, segment } = this.#next;
    if (found.kind !== "block" || found.block.position.block !== block) {
      const file = segmentPath(this.#folder, segment);
      const why = found.kind === "bad" ? found.why : "it does not stand there";
      throw new JournalError("damaged", `${file}, offset ${offset}, block ${block}: ${why}`, { file, offset, block });
    }
    this.#next = { block: block + 1, segment, offset: found.block.position.endOffset };
    return found.block;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** False where both this segment and the next were removed meanwhile: whoever opens the place again is told. */
  async #enterNext(): Promise<boolean> {
    const segment = this.#next.segment + 1;
    const reader = await SegmentReader.openIfThere(this.#disk, this.#folder, segment);
    if (reader === undefined) return false;
    const before = this.#reader;
    this.#reader = reader;
    this.#next = { block: this.#next.block, segment, offset: SEGMENT_START };
    await before.close();
    return true;
  }
}
