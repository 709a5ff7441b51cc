/** Reads the blocks of one segment in order through a window of large reads, proving each before it is given out. */
import {
  align,
  BLOCK_ALIGNMENT,
  BLOCK_BYTES_MAX,
  BLOCK_FORMAT,
  type BlockHeader,
  decodeContent,
  decodeHeader,
  HEADER_BYTES,
} from "./block.js";
import { type Disk, type DiskFile, readUpTo } from "./disk.js";
import type { StoredBlock } from "./journal.js";
import { newerFormat } from "./newer-format.js";
import { openSegment, openSegmentIfThere, SEGMENT_START, type SegmentHeader, segmentPath } from "./segment.js";

const WINDOW_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(WINDOW_BYTES);

/** What stands at an offset. `free` is all zeros from here to the end of the sector; `bad` is neither that nor a valid block. */
export type Found =
  | { readonly kind: "block"; readonly block: StoredBlock; readonly previousHash: string }
  | { readonly kind: "free" }
  | { readonly kind: "bad"; readonly why: string };

/** What a search found from an offset on. */
export interface SearchResult {
  /** A block that can only have been written after the one that was searched for. */
  readonly later: { readonly block: number; readonly offset: number } | undefined;
  /** Offset after the last byte that is not zero; where the search began when all are. */
  readonly endOfBytes: number;
}

export class SegmentReader {
  readonly header: SegmentHeader;
  readonly #path: string;
  readonly #file: DiskFile;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  private constructor(header: SegmentHeader, path: string, file: DiskFile) {
    this.header = header;
    this.#path = path;
    this.#file = file;
  }

  static async open(disk: Disk, folder: string, number: number): Promise<SegmentReader> {
    const { header, file } = await openSegment(disk, folder, number);
    return new SegmentReader(header, segmentPath(folder, number), file);
  }

  /** The same where the segment may be gone: undefined then. */
  static async openIfThere(disk: Disk, folder: string, number: number): Promise<SegmentReader | undefined> {
    const opened = await openSegmentIfThere(disk, folder, number);
    return opened && new SegmentReader(opened.header, segmentPath(folder, number), opened.file);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** What stands at `offset`, whatever its place in the chain. Throws `format` where it is a block of a newer version. */
  async at(offset: number): Promise<Found> {
    if (offset % BLOCK_ALIGNMENT !== 0) return { kind: "bad", why: "no block begins within a sector" };
    if (offset + BLOCK_ALIGNMENT > this.header.bytes) return { kind: "free" };
    const sector = await this.#bytes(offset, BLOCK_ALIGNMENT);
    const header = decodeHeader(sector.subarray(0, HEADER_BYTES));
    if (header === undefined) {
      if (isZero(sector)) return { kind: "free" };
      return { kind: "bad", why: "the block header is not what was written" };
    }
    const foreign = this.#foreign(header, offset);
    if (foreign !== undefined) return { kind: "bad", why: foreign };
    const bytes = await this.#bytes(offset, align(header.totalBytes));
    const content = decodeContent(bytes, header);
    if (content === undefined) return { kind: "bad", why: "the block's hash is not that of its bytes" };
    if (!isZero(bytes.subarray(header.totalBytes))) {
      return { kind: "bad", why: "the rest of the block's last sector is not what was written" };
    }
    const { hash, ...rest } = content;
    const position = {
      block: header.block,
      segment: this.header.number,
      offset,
      endOffset: offset + bytes.length,
      hash: hash.toString("hex"),
    };
    const previousHash = Buffer.from(header.previousHash).toString("hex");
    return { kind: "block", block: { ...rest, position }, previousHash };
  }

  /** Searches the rest of the segment for anything that was written after block `block`, which should stand at `offset`. */
  async search(offset: number, block: number): Promise<SearchResult> {
    let endOfBytes = offset;
    for (let start = Math.max(offset, SEGMENT_START); start < this.header.bytes; start += WINDOW_BYTES) {
      const bytes = await this.#bytes(start, Math.min(WINDOW_BYTES, this.header.bytes - start));
      if (isZero(bytes)) continue;
      for (let at = 0; at + HEADER_BYTES <= bytes.length; at += BLOCK_ALIGNMENT) {
        const header = decodeHeader(bytes.subarray(at, at + HEADER_BYTES));
        if (header === undefined || this.#foreign(header, start + at) !== undefined) continue;
        // The torn block itself may have kept its header; where it is whole, it stands in a wrong place.
        const isLater = header.block > block || (await this.at(start + at)).kind === "block";
        if (isLater && header.block >= block) {
          return { later: { block: header.block, offset: start + at }, endOfBytes: start + bytes.length };
        }
      }
      endOfBytes = start + endOfContent(bytes);
    }
    return { later: undefined, endOfBytes };
  }

  /** Why a header with a right checksum cannot be of a block that was written here. Throws `format` where it is newer. */
  #foreign(header: BlockHeader, offset: number): string | undefined {
    if (!Buffer.from(header.salt).equals(this.header.salt)) return "the block has another segment's salt";
    if (header.format > BLOCK_FORMAT) {
      throw newerFormat(`${this.#path}, offset ${offset}: the block`, {
        found: header.format,
        known: BLOCK_FORMAT,
        file: this.#path,
        offset,
      });
    }
    if (header.segment !== this.header.number) return "the block header names another segment";
    if (header.totalBytes > BLOCK_BYTES_MAX) return "the block header names an impossible size";
    if (offset + header.totalBytes > this.header.bytes) return "the block runs over the end of its segment";
    return undefined;
  }

  /** `length` bytes at `offset`: a view that stays valid, as the window is replaced and never overwritten. */
  async #bytes(offset: number, length: number): Promise<Buffer> {
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

function isZero(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const piece = bytes.subarray(start, start + ZEROS.length);
    if (!piece.equals(ZEROS.subarray(0, piece.length))) return false;
  }
  return true;
}

function endOfContent(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}
