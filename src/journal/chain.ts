/**
 * Walks the chain of blocks over the segments from a known place, proving number, hash of the block before, and the sequences
 * of every partition (I8). It stops at the first place where no block follows, and says what stands there.
 */
import type { Disk } from "./disk.js";
import { type BlockPosition, JournalError, type StoredBlock } from "./journal.js";
import { listSegments, missingSegment, SEGMENT_START, segmentPath } from "./segment.js";
import { SegmentReader } from "./segment-reader.js";
import { SequenceGuard } from "./sequence-guard.js";

const NO_HASH = "0".repeat(32);

/** Where the chain ends: `free` is clean, `bad` may be a torn write or damage. */
export interface ChainEnd {
  readonly kind: "free" | "bad";
  readonly why: string;
  readonly segment: number;
  readonly offset: number;
  /** Number of the block that would come next. */
  readonly nextBlock: number;
}

/** A block to go on after, and who says that it is there. */
export interface ChainStart {
  readonly position: BlockPosition;
  readonly saidBy: string;
}

/** Where a chain begins: after a block, which is proven first; at the first block ever; or at the first one that is kept. */
export type ChainOrigin = ChainStart | "first block" | "first kept block";

export class Chain {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #segments: readonly number[];
  /** What the blocks so far say of each partition. */
  readonly sequences: SequenceGuard;
  #reader: SegmentReader | undefined;
  #head: BlockPosition | undefined;
  #end: ChainEnd | undefined;
  /** The first block's number and the hash of the block before it are taken as they are. */
  readonly #isCut: boolean;

  private constructor(disk: Disk, folder: string, segments: readonly number[], origin: ChainOrigin) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segments = segments;
    const isWhole = origin === "first block" || (origin === "first kept block" && segments[0] === 1);
    this.#isCut = origin === "first kept block" && !isWhole;
    this.sequences = new SequenceGuard({ knowsAll: isWhole });
  }

  /** Throws `damaged` where the block to begin after is not there, or the first segment where nothing may be missing. */
  static async open(disk: Disk, folder: string, origin: ChainOrigin): Promise<Chain> {
    const segments = await listSegments(disk, folder);
    if (origin === "first block" && segments[0] !== 1) throw missingSegment(folder, 1);
    const chain = new Chain(disk, folder, segments, origin);
    if (typeof origin === "string") return chain;
    try {
      const block = await chain.#prove(origin);
      chain.sequences.advance(block.spans);
      chain.#head = block.position;
      return chain;
    } catch (cause) {
      await chain.close();
      throw cause;
    }
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
    } else this.#end = { kind: "free", why: "the block is missing", segment, offset, nextBlock };
    return undefined;
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }

  /** A segment's reader, opened where it is not the one in use. */
  async #open(number: number): Promise<SegmentReader> {
    if (this.#reader?.header.number === number) return this.#reader;
    await this.close();
    if (!this.#segments.includes(number)) throw missingSegment(this.#folder, number);
    this.#reader = await SegmentReader.open(this.#disk, this.#folder, number);
    return this.#reader;
  }

  async #prove({ position, saidBy }: ChainStart): Promise<StoredBlock> {
    const found = await (await this.#open(position.segment)).at(position.offset);
    const stands = found.kind === "block" ? found.block.position : undefined;
    if (found.kind === "block" && isSame(found.block.position, position)) return found.block;
    const why = found.kind === "bad" ? found.why : stands === undefined ? "none stands there" : "another stands there";
    const file = segmentPath(this.#folder, position.segment);
    const { offset, block } = position;
    const message = `${file}, offset ${offset}: ${saidBy} says that block ${block} is durable here, but ${why}`;
    throw new JournalError("damaged", message, { file, offset, block });
  }

  #take(block: StoredBlock, previousHash: string): StoredBlock {
    const { position } = block;
    if (this.#head !== undefined || !this.#isCut) {
      const expected = (this.#head?.block ?? 0) + 1;
      if (position.block !== expected) throw this.#damaged(position, `block ${expected} should stand here`);
      if (previousHash !== (this.#head?.hash ?? NO_HASH)) {
        throw this.#damaged(position, "it does not follow from the block before");
      }
    }
    const contradiction = this.sequences.contradiction(block.spans);
    if (contradiction !== undefined) throw this.#damaged(position, contradiction.why);
    this.sequences.advance(block.spans);
    this.#head = position;
    return block;
  }

  #damaged({ segment, offset, block }: BlockPosition, why: string): JournalError {
    const file = segmentPath(this.#folder, segment);
    return new JournalError("damaged", `${file}, offset ${offset}, block ${block}: ${why}`, { file, offset, block });
  }
}

/** The error for a chain that ended where it must not. */
export function brokenChain(folder: string, end: ChainEnd, why: string): JournalError {
  const file = segmentPath(folder, end.segment);
  const message = `${file}, offset ${end.offset}, block ${end.nextBlock}: ${end.why}; ${why}`;
  return new JournalError("damaged", message, { file, offset: end.offset, block: end.nextBlock });
}

/** The blocks after one, or from the first on, up to `last`. */
export async function* readBlocks(
  disk: Disk,
  folder: string,
  range: {
    readonly after: BlockPosition | undefined;
    readonly last: BlockPosition | undefined;
    /** Who names the block to read on after. */
    readonly saidBy?: string;
  },
): AsyncIterable<StoredBlock> {
  const { after, last, saidBy = "who reads on" } = range;
  if (last === undefined && after === undefined) return;
  const chain = await Chain.open(disk, folder, after === undefined ? "first block" : { position: after, saidBy });
  try {
    while ((chain.head?.block ?? 0) < (last?.block ?? 0)) {
      const block = await chain.next();
      if (block === undefined) throw brokenChain(folder, chain.end!, `the journal goes on to block ${last?.block}`);
      yield block;
    }
  } finally {
    await chain.close();
  }
}

function isSame(one: BlockPosition, other: BlockPosition): boolean {
  return one.block === other.block && one.hash === other.hash && one.endOffset === other.endOffset;
}
