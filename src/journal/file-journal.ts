/**
 * The journal in files (decisions 6, 7, 10): preallocated segments, one write in flight, a block for each append.
 * An append is one write to a file opened for durable writes; after any failure the journal takes nothing more until it is opened again.
 */
import { align, blockBytes, encodeBlock } from "./block.js";
import { Chain } from "./chain.js";
import { type Disk, type DiskFile, readUpTo, writeAll } from "./disk.js";
import { readFormat, writeFormat } from "./format-file.js";
import {
  type BlockContent,
  type BlockPosition,
  type Journal,
  JournalError,
  type JournalReader,
  type StoredBlock,
} from "./journal.js";
import { findEnd, type JournalEnd, tornOrDamaged } from "./journal-end.js";
import { createSegment, listSegments, openSegment, SEGMENT_START, type SegmentHeader, segmentPath } from "./segment.js";
import { SequenceGuard } from "./sequence-guard.js";
import { readWitness, Witness } from "./witness.js";

/** How long the journal is idle before WITNESS names its last block. */
const WITNESS_IDLE_MS = 20;
const REWRITE_BYTES = 1024 * 1024;

export interface FileJournalOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly timers: { after(delayMs: number, callback: () => void): { cancel(): void } };
  readonly randomBytes: (count: number) => Uint8Array;
  readonly segmentBytes: number;
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
  readonly report: FileJournalReport;
}

/** Opens or makes the journal in a folder. Rejects with a JournalError that names file and offset where it cannot be proven. */
export async function openFileJournal(options: FileJournalOptions): Promise<OpenedJournal> {
  const { disk, folder } = options;
  await disk.makeFolder(`${folder}/segments`);
  const witness = await openWitness(options);
  try {
    const end = await findEnd(disk, folder, witness.position);
    const rewrittenBytes = await settleTail(disk, folder, witness.position, end);
    if (end.head !== undefined) await witness.write(end.head);
    const journal = await FileJournal.open(options, witness, end);
    const report = { block: end.head?.block ?? 0, rewrittenBytes, cutBytes: end.torn?.bytes ?? 0 };
    return { journal, reader: fileReader(disk, folder, () => journal.head), report };
  } catch (cause) {
    await witness.close();
    throw cause;
  }
}

/**
 * Every block from the first to the end, proven, without changing anything on disk. `onTorn` hears of a torn write at the end.
 * Rejects with `damaged` where decision 7 says so.
 */
export async function* verifyJournal(options: {
  readonly disk: Disk;
  readonly folder: string;
  readonly onTorn?: (torn: NonNullable<JournalEnd["torn"]>) => void;
}): AsyncIterable<StoredBlock> {
  const { disk, folder } = options;
  if (!(await readFormat(disk, folder))) throw new JournalError("damaged", `${folder}/FORMAT is missing`);
  const witness = await readWitness(disk, folder);
  if (witness === undefined) throw new JournalError("damaged", `${folder}/WITNESS is missing`);
  const chain = await Chain.open(disk, folder, undefined);
  try {
    for (let block = await chain.next(); block !== undefined; block = await chain.next()) {
      const { position } = witness;
      if (position?.block === block.position.block && position.hash !== block.position.hash) {
        throw new JournalError(
          "damaged",
          `${folder}/WITNESS names another block ${position.block} than the journal has`,
        );
      }
      yield block;
    }
    const end = chain.end!;
    if (witness.position !== undefined && witness.position.block >= end.nextBlock) {
      const file = segmentPath(folder, end.segment);
      const why = end.why === "" ? "the block is missing" : end.why;
      const message = `${file}, offset ${end.offset}, block ${end.nextBlock}: ${why}; WITNESS says that block ${witness.position.block} is durable`;
      throw new JournalError("damaged", message, { file, offset: end.offset, block: end.nextBlock });
    }
    const torn = await tornOrDamaged(disk, folder, end);
    if (torn !== undefined) options.onTorn?.(torn);
  } finally {
    await chain.close();
  }
}

/** FORMAT comes first, the first segment last: whatever a crash leaves of a journal being made can be told from damage. */
async function openWitness(options: FileJournalOptions): Promise<Witness> {
  const { disk, folder } = options;
  const segments = await listSegments(disk, folder);
  const witness = await readWitness(disk, folder);
  if (!(await readFormat(disk, folder))) {
    if (segments.length > 0 || witness !== undefined) {
      throw new JournalError("damaged", `${folder}/FORMAT is missing`, { file: `${folder}/FORMAT` });
    }
    await writeFormat(disk, folder, options.randomBytes(16));
  }
  if (witness === undefined && segments.length > 0) {
    throw new JournalError("damaged", `${folder}/WITNESS is missing`, { file: `${folder}/WITNESS` });
  }
  const opened = witness === undefined ? await Witness.create(disk, folder) : (await Witness.open(disk, folder))!;
  if (segments.length === 0) {
    if (opened.position !== undefined) {
      await opened.close();
      throw new JournalError("damaged", `${segmentPath(folder, 1)} is missing`, { file: segmentPath(folder, 1) });
    }
    await createSegment(disk, folder, { number: 1, bytes: options.segmentBytes, salt: options.randomBytes(16) });
  }
  return opened;
}

/**
 * Cuts a torn write, and writes again every block after WITNESS: what is read back after a failed sync or a crash
 * may not be on the disk (decision 10). Returns how many bytes were written again.
 */
async function settleTail(
  disk: Disk,
  folder: string,
  witness: BlockPosition | undefined,
  end: JournalEnd,
): Promise<number> {
  if (end.torn !== undefined) {
    const file = await disk.openDurable(segmentPath(folder, end.torn.segment));
    try {
      const zeros = new Uint8Array(align(end.torn.bytes));
      await writeAll(file, zeros, zeros.length, end.torn.offset);
    } finally {
      await file.close();
    }
  }
  if (end.head === undefined || end.head.block === (witness?.block ?? 0)) return 0;
  let rewritten = 0;
  const firstSegment = witness?.segment ?? end.segments[0]!;
  for (let segment = firstSegment; segment <= end.head.segment; segment++) {
    const from = segment === firstSegment ? (witness?.endOffset ?? SEGMENT_START) : SEGMENT_START;
    rewritten += await rewrite(
      disk,
      folder,
      segment,
      from,
      segment === end.head.segment ? end.head.endOffset : undefined,
    );
  }
  return rewritten;
}

async function rewrite(
  disk: Disk,
  folder: string,
  segment: number,
  from: number,
  end: number | undefined,
): Promise<number> {
  const file = await disk.openDurable(segmentPath(folder, segment));
  try {
    const stop = end ?? (await file.size());
    for (let at = from; at < stop; at += REWRITE_BYTES) {
      const bytes = await readUpTo(file, Math.min(REWRITE_BYTES, stop - at), at);
      await writeAll(file, bytes, bytes.length, at);
    }
    return stop - from;
  } finally {
    await file.close();
  }
}

function fileReader(disk: Disk, folder: string, head: () => BlockPosition | undefined): JournalReader {
  return {
    async *read(after) {
      const last = head()?.block ?? 0;
      if ((after?.block ?? 0) >= last) return;
      const chain = await Chain.open(disk, folder, after);
      try {
        while ((chain.head?.block ?? 0) < last) {
          const block = await chain.next();
          if (block === undefined) {
            const { segment, offset, nextBlock, why } = chain.end!;
            const file = segmentPath(folder, segment);
            const reason = why === "" ? "the block is missing" : why;
            const message = `${file}, offset ${offset}, block ${nextBlock}: ${reason}`;
            throw new JournalError("damaged", message, { file, offset, block: nextBlock });
          }
          yield block;
        }
      } finally {
        await chain.close();
      }
    },
  };
}

class FileJournal implements Journal {
  readonly #options: FileJournalOptions;
  readonly #witness: Witness;
  readonly #guard = new SequenceGuard();
  #segment: SegmentHeader;
  #file: DiskFile;
  #offset: number;
  #head: BlockPosition | undefined;
  #lastHash: Uint8Array;
  #buffer = Buffer.alloc(64 * 1024);
  #appending: Promise<unknown> | undefined;
  #failure: unknown;
  /** The segment after this one, being made ahead of need. */
  #prepared: Promise<SegmentHeader> | undefined;
  #timer: { cancel(): void } | undefined;
  #appends = 0;

  private constructor(
    options: FileJournalOptions,
    witness: Witness,
    segment: SegmentHeader,
    file: DiskFile,
    end: JournalEnd,
  ) {
    this.#options = options;
    this.#witness = witness;
    this.#segment = segment;
    this.#file = file;
    this.#head = end.head;
    this.#offset = end.head?.segment === segment.number ? end.head.endOffset : SEGMENT_START;
    this.#lastHash = Buffer.from(end.head?.hash ?? "00".repeat(16), "hex");
  }

  static async open(options: FileJournalOptions, witness: Witness, end: JournalEnd): Promise<FileJournal> {
    const { disk, folder } = options;
    let number = end.head?.segment ?? end.segments[0]!;
    const last = end.segments.at(-1)!;
    if (options.afterFailure === true) {
      number += 1;
      if (last < number) await createSegment(disk, folder, segmentOptions(options, number, 0));
    }
    const { header, file } = await openSegment(disk, folder, number);
    await file.close();
    const journal = new FileJournal(options, witness, header, await disk.openDurable(segmentPath(folder, number)), end);
    if (last > number) journal.#prepared = openSegment(disk, folder, number + 1).then(closeAfter);
    return journal;
  }

  get head(): BlockPosition | undefined {
    return this.#head;
  }

  async append(content: BlockContent): Promise<BlockPosition> {
    if (this.#failure !== undefined) {
      throw new JournalError("failed", "the journal failed before and takes nothing more", { cause: this.#failure });
    }
    if (this.#appending !== undefined) throw new Error("one append at a time");
    this.#guard.check(content.spans);
    const appending = this.#write(content);
    this.#appending = appending;
    try {
      return await appending;
    } catch (cause) {
      this.#failure = cause;
      throw cause;
    } finally {
      this.#appending = undefined;
    }
  }

  async witness(): Promise<void> {
    if (this.#head !== undefined) await this.#witness.write(this.#head);
  }

  async space() {
    const freeBytes = await this.#options.disk.freeBytes(this.#options.folder);
    return { freeBytes, segmentBytes: this.#options.segmentBytes };
  }

  async close(): Promise<void> {
    await Promise.resolve(this.#appending).catch(() => {});
    await Promise.resolve(this.#prepared).catch(() => {});
    this.#timer?.cancel();
    try {
      if (this.#failure === undefined) await this.witness();
    } finally {
      this.#failure ??= new Error("the journal is closed");
      await this.#witness.close();
      await this.#file.close();
    }
  }

  async #write(content: BlockContent): Promise<BlockPosition> {
    const bytes = blockBytes(content);
    if (this.#offset + bytes > this.#segment.bytes) await this.#roll(bytes);
    if (this.#buffer.length < bytes) this.#buffer = Buffer.alloc(align(bytes * 2));
    const block = (this.#head?.block ?? 0) + 1;
    const { number: segment, salt } = this.#segment;
    const hash = encodeBlock(this.#buffer, content, { segment, salt, block, previousHash: this.#lastHash });
    try {
      await writeAll(this.#file, this.#buffer, bytes, this.#offset);
    } catch (cause) {
      throw new JournalError("unknown", `${segmentPath(this.#options.folder, segment)} cannot be written`, { cause });
    }
    const offset = this.#offset;
    this.#offset += bytes;
    this.#lastHash = hash;
    this.#head = { block, segment, offset, endOffset: this.#offset, hash: Buffer.from(hash).toString("hex") };
    this.#guard.advance(content.spans);
    this.#appends += 1;
    this.#watchIdle();
    if (this.#prepared === undefined && this.#offset > this.#segment.bytes / 2) this.#prepare();
    return this.#head;
  }

  /** Goes on in the next segment; a block larger than a segment gets one of its own size. */
  async #roll(bytes: number): Promise<void> {
    const { disk, folder } = this.#options;
    try {
      let next = await (this.#prepared ?? this.#create(this.#segment.number + 1, bytes));
      if (SEGMENT_START + bytes > next.bytes) next = await this.#create(next.number, bytes);
      const file = await disk.openDurable(segmentPath(folder, next.number));
      await this.#file.close();
      this.#file = file;
      this.#segment = next;
      this.#offset = SEGMENT_START;
      this.#prepared = undefined;
    } catch (cause) {
      throw new JournalError("failed", `segment ${this.#segment.number + 1} cannot be made`, { cause });
    }
  }

  #prepare(): void {
    this.#prepared = this.#create(this.#segment.number + 1, 0);
    // Whoever needs it hears of a failure; nobody may need it.
    this.#prepared.catch(() => {});
  }

  #create(number: number, bytes: number): Promise<SegmentHeader> {
    return createSegment(this.#options.disk, this.#options.folder, segmentOptions(this.#options, number, bytes));
  }

  /** One timer, however many appends: it writes WITNESS when a whole period passed without any. */
  #watchIdle(): void {
    if (this.#timer !== undefined) return;
    const appends = this.#appends;
    this.#timer = this.#options.timers.after(WITNESS_IDLE_MS, () => {
      this.#timer = undefined;
      if (this.#failure !== undefined) return;
      if (this.#appends !== appends || this.#appending !== undefined) this.#watchIdle();
      else {
        this.witness().catch((cause) => {
          this.#failure ??= cause;
        });
      }
    });
  }
}

function segmentOptions(options: FileJournalOptions, number: number, blockSize: number) {
  const bytes = Math.max(options.segmentBytes, SEGMENT_START + blockSize);
  return { number, bytes, salt: options.randomBytes(16) };
}

async function closeAfter(opened: { readonly header: SegmentHeader; readonly file: DiskFile }): Promise<SegmentHeader> {
  await opened.file.close();
  return opened.header;
}
