/**
 * Walks the chain of blocks over the segments from a known place, proving number, hash of the block before, and the sequences
 * of every partition (I8). It stops at the first place where no block follows, and says what stands there.
 */
import type { Disk } from "./disk.js";
import { type BlockPosition, JournalError, type StoredBlock } from "./journal.js";
import { listSegments, SEGMENT_START, segmentPath } from "./segment.js";
import { SegmentReader } from "./segment-reader.js";

export const NO_HASH = "0".repeat(32);

/** Where the chain ends: `free` is clean, `bad` may be a torn write or damage. */
export interface ChainEnd {
  readonly kind: "free" | "bad";
  readonly why: string;
  readonly segment: number;
  readonly offset: number;
  /** Number of the block that would come next. */
  readonly nextBlock: number;
}

export class Chain {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #segments: readonly number[];
  readonly #sequences = new Map<number, { epoch: number; last: number }>();
  #reader: SegmentReader | undefined;
  #head: BlockPosition | undefined;
  #end: ChainEnd | undefined;

  private constructor(disk: Disk, folder: string, segments: readonly number[], after: BlockPosition | undefined) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segments = segments;
    this.#head = after;
  }

  /** Begins after a block that is known, or at the first one. */
  static async open(disk: Disk, folder: string, after: BlockPosition | undefined): Promise<Chain> {
    const segments = await listSegments(disk, folder);
    segments.forEach((number, index) => {
      const expected = (segments[0] ?? 1) + index;
      if (number !== expected) throw missingSegment(folder, expected);
    });
    if (segments.length === 0 || (after === undefined && segments[0] !== 1)) throw missingSegment(folder, 1);
    return new Chain(disk, folder, segments, after);
  }

  get segments(): readonly number[] {
    return this.#segments;
  }

  /** The last block that was proven. */
  get head(): BlockPosition | undefined {
    return this.#head;
  }

  /** Where the chain ended; known once `next` has returned undefined. */
  get end(): ChainEnd | undefined {
    return this.#end;
  }

  /** The next block, or undefined at the end of the chain. Throws `damaged` where a valid block contradicts the chain. */
  async next(): Promise<StoredBlock | undefined> {
    const segment = this.#head?.segment ?? this.#segments[0]!;
    const offset = this.#head?.endOffset ?? SEGMENT_START;
    const nextBlock = (this.#head?.block ?? 0) + 1;
    const found = await (await this.#open(segment)).at(offset);
    if (found.kind === "block") return this.#take(found.block, found.previousHash);
    // Free space may mean that the block did not fit any more, and the chain goes on in the next segment.
    const next = found.kind === "free" && this.#segments.includes(segment + 1) ? segment + 1 : undefined;
    const first = next === undefined ? undefined : await (await this.#open(next)).at(SEGMENT_START);
    if (first?.kind === "block" && first.block.position.block === nextBlock) {
      return this.#take(first.block, first.previousHash);
    }
    if (found.kind === "bad") this.#end = { kind: "bad", why: found.why, segment, offset, nextBlock };
    else if (first?.kind === "bad") {
      this.#end = { kind: "bad", why: first.why, segment: segment + 1, offset: SEGMENT_START, nextBlock };
    } else this.#end = { kind: "free", why: "", segment, offset, nextBlock };
    return undefined;
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    this.#reader = undefined;
  }

  /** A segment's reader, opened where it is not the one in use. */
  async #open(number: number): Promise<SegmentReader> {
    if (this.#reader?.header.number === number) return this.#reader;
    await this.close();
    if (!this.#segments.includes(number)) throw missingSegment(this.#folder, number);
    this.#reader = await SegmentReader.open(this.#disk, this.#folder, number);
    return this.#reader;
  }

  #take(block: StoredBlock, previousHash: string): StoredBlock {
    const { position } = block;
    const expected = (this.#head?.block ?? 0) + 1;
    const damaged = (why: string) => {
      const file = segmentPath(this.#folder, position.segment);
      const message = `${file}, offset ${position.offset}, block ${position.block}: ${why}`;
      return new JournalError("damaged", message, { file, offset: position.offset, block: position.block });
    };
    if (position.block !== expected) throw damaged(`block ${expected} should stand here`);
    if (previousHash !== (this.#head?.hash ?? NO_HASH)) throw damaged("it does not follow from the block before");
    for (const span of block.spans) {
      const before = this.#sequences.get(span.partition);
      if (before !== undefined && (span.firstSequence !== before.last + 1 || span.epoch < before.epoch)) {
        throw damaged(`partition ${span.partition} goes on at ${before.last + 1}, not ${span.firstSequence}`);
      }
      this.#sequences.set(span.partition, { epoch: span.epoch, last: span.lastSequence });
    }
    this.#head = position;
    return block;
  }
}

function missingSegment(folder: string, number: number): JournalError {
  const file = segmentPath(folder, number);
  return new JournalError("damaged", `${file} is missing`, { file });
}
