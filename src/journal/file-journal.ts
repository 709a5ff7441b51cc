/**
 * The journal in files (decisions 2 and 11): preallocated segments, one write in flight, a block for each append.
 * An append is one write to a file opened for durable writes; after any failure the journal takes nothing more until it is opened again.
 */
import { assert } from "../domain/assertion.js";
import { align, BLOCK_BYTES_MAX, blockBytes, encodeBlock } from "./block.js";
import { Chain, readBlocks } from "./chain.js";
import { type DiskFile, writeAll } from "./disk.js";
import { FileHistory } from "./file-history.js";
import {
  type BlockContent,
  type BlockPosition,
  type Journal,
  JournalError,
  type JournalHistory,
  type JournalReader,
  type StoredBlock,
} from "./journal.js";
import { findEnd, type JournalEnd, lastDurable } from "./journal-end.js";
import { type JournalFolderOptions, openJournalFolder } from "./journal-folder.js";
import { createSegment, openSegment, SEGMENT_START, type SegmentHeader, segmentPath } from "./segment.js";
import type { SequenceGuard } from "./sequence-guard.js";
import { settleTail } from "./settle-tail.js";
import type { Witness } from "./witness.js";

export { verifyJournal } from "./verify-journal.js";

/** How often an idle journal is looked for: WITNESS names its last block after two to three of these, within 20 ms. */
const IDLE_LOOK_MS = 6;
/** A segment of 64 MiB made ahead takes about two seconds so; the half that is left to fill then takes longer at any rate seen. */
const PREPARE_PAUSE_MS = 20;

export interface FileJournalOptions extends JournalFolderOptions {
  readonly timers: { after(delayMs: number, callback: () => void): { cancel(): void } };
  /** The journal before this one failed to write: go on in a new segment. */
  readonly afterFailure?: boolean;
}

/** What opening found and did. */
export interface FileJournalReport {
  /** The last block; 0 in a new journal. */
  readonly block: number;
  /** Blocks after WITNESS, which were written and synced again. */
  readonly rewrittenBytes: number;
  /** Bytes of a torn write that were cut. */
  readonly cutBytes: number;
}

export interface OpenedJournal {
  readonly journal: Journal;
  readonly reader: JournalReader;
  readonly history: JournalHistory;
  readonly report: FileJournalReport;
}

/** Opens or makes the journal in a folder. Rejects with a JournalError that names file and offset where it cannot be proven. */
export async function openFileJournal(options: FileJournalOptions): Promise<OpenedJournal> {
  const { disk, folder } = options;
  const witness = await openJournalFolder(options);
  try {
    const known = { witness: witness.says, coveredTo: options.coveredTo };
    // The state before it may come from the image alone, so the block that joins the two must be there.
    if (options.coveredTo !== undefined) await (await Chain.open(disk, folder, options.coveredTo)).close();
    const end = await findEnd(disk, folder, known);
    const rewrittenBytes = await settleTail(disk, folder, { durable: lastDurable(known)?.position, end });
    await witness.write(end.head);
    const journal = await FileJournal.open(options, witness, end);
    const report = { block: end.head?.block ?? 0, rewrittenBytes, cutBytes: end.torn?.bytes ?? 0 };
    return { journal, reader: journal, history: new FileHistory(disk, folder, journal), report };
  } catch (cause) {
    await witness.close();
    throw cause;
  }
}

class FileJournal implements Journal, JournalReader {
  readonly #options: FileJournalOptions;
  readonly #witness: Witness;
  readonly #guard: SequenceGuard;
  #segment: SegmentHeader;
  #file: DiskFile;
  #offset: number;
  #head: BlockPosition | undefined;
  #lastHash: Uint8Array;
  #buffer = Buffer.alloc(64 * 1024);
  #appending: Promise<unknown> | undefined;
  /** Why it takes nothing more. */
  #failure: unknown;
  #closing: Promise<void> | undefined;
  /** The segment after this one, being made ahead of need; undefined where that failed. */
  #prepared: Promise<SegmentHeader | undefined> | undefined;
  #isHurried = false;
  #endPause: () => void = () => {};
  #timer: { cancel(): void } | undefined;
  #appends = 0;

  private constructor(
    options: FileJournalOptions,
    witness: Witness,
    place: { readonly end: JournalEnd; readonly segment: SegmentHeader; readonly file: DiskFile },
  ) {
    const { end, segment, file } = place;
    this.#options = options;
    this.#witness = witness;
    this.#guard = end.sequences;
    this.#segment = segment;
    this.#file = file;
    this.#head = end.head;
    this.#offset = end.head?.segment === segment.number ? end.head.endOffset : SEGMENT_START;
    this.#lastHash = Buffer.from(end.head?.hash ?? "00".repeat(16), "hex");
  }

  static async open(options: FileJournalOptions, witness: Witness, end: JournalEnd): Promise<FileJournal> {
    const { disk, folder } = options;
    let number = end.head?.segment ?? end.segments[0]!;
    if (options.afterFailure === true) {
      // A segment of that number may be there, prepared or failed in before: it holds no block and is replaced.
      number += 1;
      await createSegment(disk, folder, segmentOptions(options, number, 0));
    }
    const segment = await readHeader(options, number);
    const file = await disk.openDurable(segmentPath(folder, number));
    const journal = new FileJournal(options, witness, { end, segment, file });
    if (end.segments.includes(number + 1)) journal.#prepare(readHeader(options, number + 1));
    return journal;
  }

  get head(): BlockPosition | undefined {
    return this.#head;
  }

  async append(content: BlockContent): Promise<BlockPosition> {
    this.#assertTaking();
    assert(this.#appending === undefined, "one append at a time");
    const appending = this.#write(content);
    this.#appending = appending;
    try {
      return await appending;
    } catch (cause) {
      throw this.#fail(cause);
    } finally {
      this.#appending = undefined;
    }
  }

  async *read(after: BlockPosition | undefined): AsyncIterable<StoredBlock> {
    this.#assertOpen();
    const { disk, folder } = this.#options;
    yield* readBlocks(disk, folder, { after, last: this.#head });
  }

  async witness(): Promise<void> {
    this.#assertTaking();
    try {
      await this.#witness.write(this.#head);
    } catch (cause) {
      throw this.#fail(new JournalError("failed", "WITNESS cannot be written", { cause }));
    }
  }

  async space() {
    this.#assertOpen();
    const freeBytes = await this.#options.disk.freeBytes(this.#options.folder);
    return { freeBytes, segmentBytes: this.#options.segmentBytes };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.resolve(this.#appending).catch(() => {});
    this.#resume();
    await this.#prepared;
    this.#timer?.cancel();
    try {
      if (this.#failure === undefined) await this.#witness.writeStopped(this.#head);
    } finally {
      await this.#witness.close();
      await this.#file.close();
    }
  }

  async #write(content: BlockContent): Promise<BlockPosition> {
    const contradiction = this.#guard.contradiction(content.spans);
    if (contradiction !== undefined) throw new JournalError(contradiction.kind, contradiction.why);
    const bytes = blockBytes(content);
    if (bytes > BLOCK_BYTES_MAX) throw new JournalError("failed", `a block of ${bytes} bytes is too large`);
    if (this.#offset + bytes > this.#segment.bytes) await this.#roll(bytes);
    const position = await this.#writeBlock(content, bytes);
    this.#guard.advance(content.spans);
    this.#appends += 1;
    this.#watchIdle();
    if (this.#prepared === undefined && this.#offset > this.#segment.bytes / 2) {
      this.#prepare(this.#create(this.#segment.number + 1, 0, () => this.#pause()));
    }
    return position;
  }

  async #writeBlock(content: BlockContent, bytes: number): Promise<BlockPosition> {
    if (this.#buffer.length < bytes) this.#buffer = Buffer.alloc(align(bytes * 2));
    const block = (this.#head?.block ?? 0) + 1;
    const { number: segment, salt } = this.#segment;
    const offset = this.#offset;
    const hash = encodeBlock(this.#buffer, content, { segment, salt, block, previousHash: this.#lastHash });
    try {
      await writeAll(this.#file, this.#buffer, bytes, offset);
    } catch (cause) {
      const file = segmentPath(this.#options.folder, segment);
      const message = `block ${block} cannot be written to ${file} at offset ${offset}`;
      throw new JournalError("unknown", message, { cause, file, offset, block });
    }
    this.#offset += bytes;
    this.#lastHash = hash;
    this.#head = { block, segment, offset, endOffset: this.#offset, hash: Buffer.from(hash).toString("hex") };
    return this.#head;
  }

  /** Goes on in the next segment; a block larger than a segment gets one of its own size. */
  async #roll(bytes: number): Promise<void> {
    const { folder } = this.#options;
    // An empty segment is replaced by a larger one: passed over, it would break the chain.
    const isEmpty = this.#offset === SEGMENT_START;
    const number = isEmpty ? this.#segment.number : this.#segment.number + 1;
    try {
      // What could not be prepared is tried again now that it is needed: nothing relied on it yet.
      this.#resume();
      let next = isEmpty ? undefined : await this.#prepared;
      if (next === undefined || SEGMENT_START + bytes > next.bytes) next = await this.#create(number, bytes);
      await this.#enter(next);
      if (!isEmpty) this.#prepared = undefined;
      this.#isHurried = false;
    } catch (cause) {
      const file = segmentPath(folder, number);
      throw new JournalError("failed", `${file} cannot be made`, { cause, file });
    }
  }

  async #enter(segment: SegmentHeader): Promise<void> {
    const before = this.#file;
    this.#file = await this.#options.disk.openDurable(segmentPath(this.#options.folder, segment.number));
    this.#segment = segment;
    this.#offset = SEGMENT_START;
    await before.close();
  }

  #prepare(next: Promise<SegmentHeader>): void {
    this.#prepared = next.catch(() => undefined);
  }

  #create(number: number, blockSize: number, pause?: () => Promise<void>): Promise<SegmentHeader> {
    const options = { ...segmentOptions(this.#options, number, blockSize), ...(pause === undefined ? {} : { pause }) };
    return createSegment(this.#options.disk, this.#options.folder, options);
  }

  /** Between the pieces of a segment that is made ahead of need; ends at once when it is needed. */
  #pause(): Promise<void> {
    if (this.#isHurried) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.timers.after(PREPARE_PAUSE_MS, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** The segment that is being made is needed now. */
  #resume(): void {
    this.#isHurried = true;
    this.#endPause();
  }

  /**
   * One timer, however many appends: it writes WITNESS when it looked twice and nothing was appended since the look before.
   * Once would not do: the timers of a busy event loop fire early by as much as a round of it takes.
   */
  #watchIdle(idleLooks = 0): void {
    if (this.#timer !== undefined) return;
    const appends = this.#appends;
    this.#timer = this.#options.timers.after(IDLE_LOOK_MS, () => {
      this.#timer = undefined;
      if (this.#failure !== undefined || this.#closing !== undefined) return;
      if (this.#appends !== appends || this.#appending !== undefined) this.#watchIdle();
      else if (idleLooks === 0) this.#watchIdle(1);
      // A failure ends the journal; the next append tells of it.
      else this.witness().catch(() => {});
    });
  }

  #fail(cause: unknown): JournalError {
    const error =
      cause instanceof JournalError ? cause : new JournalError("failed", "the block cannot be made", { cause });
    this.#failure ??= error;
    return error;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new JournalError("failed", "the journal is closed");
  }

  #assertTaking(): void {
    this.#assertOpen();
    if (this.#failure !== undefined) {
      throw new JournalError("failed", "the journal failed before and takes nothing more", { cause: this.#failure });
    }
  }
}

function segmentOptions(options: FileJournalOptions, number: number, blockSize: number) {
  const bytes = Math.max(options.segmentBytes, SEGMENT_START + blockSize);
  return { number, bytes, salt: options.randomBytes(16) };
}

async function readHeader({ disk, folder }: FileJournalOptions, number: number): Promise<SegmentHeader> {
  const { header, file } = await openSegment(disk, folder, number);
  await file.close();
  return header;
}
