/**
 * The journal port: the append-only record of every event, and with the last image the truth (P17, I5, I6, I8).
 * It knows nothing of what records mean; it must not assume a file (a later backend is a fenced table or stream).
 */

/** The span of one partition's records inside a block. Sequences run 1, 2, 3 ... per partition (I8). */
export interface PartitionSpan {
  readonly partition: number;
  readonly epoch: number;
  /** Sequence of the partition's first record in this block; one above its last record before. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** What one append makes durable, all or nothing. */
export interface BlockContent {
  /** Protobuf-encoded holdfast.journal.v1.BlockBody: the records of all partitions in the order of their decision. */
  readonly body: Uint8Array;
  readonly recordCount: number;
  readonly spans: readonly PartitionSpan[];
}

/** Where a block stands. Blocks number 1, 2, 3 ... without a gap over all segments. */
export interface BlockPosition {
  readonly block: number;
  readonly segment: number;
  /** Byte offset of the block in its segment file. */
  readonly offset: number;
  /** Offset of the byte after it, padding included: where the next block of the segment starts. */
  readonly endOffset: number;
  /** First 16 bytes of the block's SHA-256, in hex. */
  readonly hash: string;
}

export interface StoredBlock extends BlockContent {
  readonly position: BlockPosition;
}

export type JournalErrorKind =
  /** Another owner holds the partition: nothing was written, and this process must not try again. */
  | "fenced"
  /** Nothing was written. */
  | "failed"
  /** The block may or may not be durable; only opening the journal again tells. */
  | "unknown"
  /** What is stored contradicts itself; never served. The message names file, offset and what is wrong. */
  | "damaged"
  /** Written by a newer version; the message names both. */
  | "format";

export class JournalError extends Error {
  override readonly name = "JournalError";
  constructor(
    readonly kind: JournalErrorKind,
    message: string,
    options: { cause?: unknown; file?: string; offset?: number; block?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.file = options.file;
    this.offset = options.offset;
    this.block = options.block;
  }
  readonly file: string | undefined;
  readonly offset: number | undefined;
  readonly block: number | undefined;
}

export interface Journal {
  /** The last block that is durable; undefined in a new journal. */
  readonly head: BlockPosition | undefined;
  /**
   * Makes one block durable. One append at a time: calling again before the promise settled is a bug and throws.
   * Rejects with a JournalError; after any rejection every later append is refused as `failed` until the journal is opened again.
   */
  append(content: BlockContent): Promise<BlockPosition>;
  /** Says that the journal is durable up to its head even after a crash of the reader's memory of it (WITNESS); called at each checkpoint. */
  witness(): Promise<void>;
  /** Free bytes where the journal lives, and what one more segment needs. */
  space(): Promise<{ readonly freeBytes: number; readonly segmentBytes: number }>;
  /** Waits for the append in flight, writes the WITNESS, closes. */
  close(): Promise<void>;
}

/** Where a block begins: enough to find it again. */
export type BlockStart = Pick<BlockPosition, "block" | "segment" | "offset">;

/**
 * The past of a journal that is in use: blocks are appended, and old segments removed, while it is read. It gives out only what is
 * durable, holds nothing between two reads, and keeps nobody waiting.
 */
export interface JournalHistory {
  /** Where the oldest block stands that is still kept; in a journal without one, where the first will stand. */
  oldest(): Promise<BlockStart>;
  /** Begins to read with the block at `start`; undefined where it is no longer kept, or another stands there. */
  open(start: BlockStart): Promise<HistoryReader | undefined>;
}

export interface HistoryReader {
  /** The next block; undefined after the one that was the newest when it began, or where what follows was removed meanwhile. */
  next(): Promise<StoredBlock | undefined>;
  close(): Promise<void>;
}

/** Reads blocks in order from the one after `after` (from the first when undefined). Rejects with `damaged` at the first contradiction. */
export interface JournalReader {
  read(after: BlockPosition | undefined): AsyncIterable<StoredBlock>;
}
