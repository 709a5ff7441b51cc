/** Reads the blocks of one segment in order through a window of large reads, proving each before it is given out. */
import { align, BLOCK_ALIGNMENT, type BlockHeader, decodeContent, decodeHeader, HEADER_BYTES } from "./block.js";
import { type Disk, type DiskFile, readUpTo } from "./disk.js";
import type { StoredBlock } from "./journal.js";
import { openSegment, SEGMENT_START, type SegmentHeader } from "./segment.js";

const WINDOW_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(WINDOW_BYTES);
/** A header that claims more is not believed while scanning for later blocks. */
const SCAN_BLOCK_BYTES_MAX = 256 * 1024 * 1024;

/** What stands at an offset. `free` is all zeros from here to the end of the sector; `bad` is neither that nor a valid block. */
export type Found =
  | { readonly kind: "block"; readonly block: StoredBlock; readonly previousHash: string }
  | { readonly kind: "free" }
  | { readonly kind: "bad"; readonly why: string; readonly header: BlockHeader | undefined };

export class SegmentReader {
  readonly header: SegmentHeader;
  readonly #file: DiskFile;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  private constructor(header: SegmentHeader, file: DiskFile) {
    this.header = header;
    this.#file = file;
  }

  static async open(disk: Disk, folder: string, number: number): Promise<SegmentReader> {
    const { header, file } = await openSegment(disk, folder, number);
    return new SegmentReader(header, file);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** What stands at `offset`, whatever its place in the chain. */
  async at(offset: number): Promise<Found> {
    if (offset + BLOCK_ALIGNMENT > this.header.bytes) return { kind: "free" };
    const sector = await this.bytes(offset, BLOCK_ALIGNMENT);
    const header = decodeHeader(sector.subarray(0, HEADER_BYTES));
    if (header === undefined) {
      if (sector.every((byte) => byte === 0)) return { kind: "free" };
      return { kind: "bad", why: "the block header is not what was written", header: undefined };
    }
    if (!Buffer.from(header.salt).equals(this.header.salt)) {
      return { kind: "bad", why: "the block has another segment's salt", header: undefined };
    }
    if (header.segment !== this.header.number || header.totalBytes > SCAN_BLOCK_BYTES_MAX) {
      return { kind: "bad", why: "the block header names another place", header };
    }
    if (offset + header.totalBytes > this.header.bytes) {
      return { kind: "bad", why: "the block runs over the end of its segment", header };
    }
    const content = decodeContent(await this.bytes(offset, header.totalBytes), header);
    if (content === undefined) return { kind: "bad", why: "the block's hash is not that of its bytes", header };
    const { hash, ...rest } = content;
    const position = {
      block: header.block,
      segment: this.header.number,
      offset,
      endOffset: offset + align(header.totalBytes),
      hash: hash.toString("hex"),
    };
    const previousHash = Buffer.from(header.previousHash).toString("hex");
    return { kind: "block", block: { ...rest, position }, previousHash };
  }

  /** Offset of the first valid block of this segment numbered `block` or higher, from `offset` on; undefined when there is none. */
  async findLater(offset: number, block: number): Promise<number | undefined> {
    for await (const { start, bytes } of this.#filledChunks(Math.max(offset, SEGMENT_START))) {
      for (let at = 0; at + HEADER_BYTES <= bytes.length; at += BLOCK_ALIGNMENT) {
        if (decodeHeader(bytes.subarray(at, at + HEADER_BYTES)) === undefined) continue;
        const found = await this.at(start + at);
        if (found.kind === "block" && found.block.position.block >= block) return start + at;
      }
    }
    return undefined;
  }

  /** Offset after the last byte from `offset` on that is not zero; `offset` itself when all are. */
  async endOfBytes(offset: number): Promise<number> {
    let end = offset;
    for await (const { start, bytes } of this.#filledChunks(offset)) {
      let last = bytes.length - 1;
      while (bytes[last] === 0) last -= 1;
      end = start + last + 1;
    }
    return end;
  }

  /** Large pieces of the rest of the segment, without those that are all zeros. */
  async *#filledChunks(offset: number): AsyncGenerator<{ readonly start: number; readonly bytes: Buffer }> {
    for (let start = offset; start < this.header.bytes; start += WINDOW_BYTES) {
      const bytes = await this.bytes(start, Math.min(WINDOW_BYTES, this.header.bytes - start));
      if (!bytes.equals(ZEROS.subarray(0, bytes.length))) yield { start, bytes };
    }
  }

  /** `length` bytes at `offset`: a view that stays valid, as the window is replaced and never overwritten. */
  async bytes(offset: number, length: number): Promise<Buffer> {
    const windowEnd = this.#windowStart + this.#window.length;
    if (offset < this.#windowStart || offset + length > windowEnd) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.header.bytes - offset);
      this.#window = Buffer.from((await readUpTo(this.#file, wanted, offset)).buffer, 0, wanted);
      this.#windowStart = offset;
    }
    const start = offset - this.#windowStart;
    return this.#window.subarray(start, start + length);
  }
}
