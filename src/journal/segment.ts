/**
 * Segment files: `segments/<8 digits>.seg`, preallocated by writing zeros, so that an append changes no metadata.
 * The first 512 bytes are the header: magic, format version u32, number u32, size u64, salt 16 bytes, CRC-32, zeros.
 * A segment appears under its name only when it is whole, so a short one is damage.
 */
import { crc32 } from "node:zlib";
import { align, BLOCK_ALIGNMENT, readUInt64, writeUInt64 } from "./block.js";
import { type Disk, type DiskFile, readUpTo, writeAll } from "./disk.js";
import { JournalError } from "./journal.js";
import { newerFormat } from "./newer-format.js";

export const SEGMENT_FORMAT = 1;
/** Where the first block stands. */
export const SEGMENT_START = BLOCK_ALIGNMENT;
const MAGIC = Buffer.from("HFSEGMT\n", "latin1");
const HEADER_BYTES = 44;
const ZEROS = Buffer.alloc(1024 * 1024);
/** Headers that are read at the same time when all are proven. */
const PROVEN_AT_ONCE = 16;

export interface SegmentHeader {
  readonly number: number;
  readonly bytes: number;
  readonly salt: Uint8Array;
}

export function segmentPath(folder: string, number: number): string {
  return `${folder}/segments/${String(number).padStart(8, "0")}.seg`;
}

/**
 * The numbers of the segments that are there, without a gap: a missing one is damage. A strange name is passed over.
 * The first ones may be gone once an image covers them; whether one does is the caller's to prove.
 */
export async function listSegments(disk: Disk, folder: string): Promise<readonly number[]> {
  const numbers = await namedSegments(disk, folder);
  numbers.forEach((number, index) => {
    if (number !== numbers[0]! + index) throw missingSegment(folder, numbers[0]! + index);
  });
  return numbers;
}

/** The numbers of the segments by their names, which may change while they are listed. */
export async function namedSegments(disk: Disk, folder: string): Promise<readonly number[]> {
  const names = await disk.list(`${folder}/segments`);
  return names
    .map((name) => /^(\d{8})\.seg$/.exec(name))
    .flatMap((match) => (match === null ? [] : [Number(match[1])]))
    .sort((a, b) => a - b);
}

export function missingSegment(folder: string, number: number): JournalError {
  const file = segmentPath(folder, number);
  return new JournalError("damaged", `${file} is missing`, { file });
}

/** Proves header and size of every segment, also of those that nothing is read from. */
export async function proveSegments(disk: Disk, folder: string, segments: readonly number[]): Promise<void> {
  for (let start = 0; start < segments.length; start += PROVEN_AT_ONCE) {
    await Promise.all(
      segments.slice(start, start + PROVEN_AT_ONCE).map(async (number) => {
        const { file } = await openSegment(disk, folder, number);
        await file.close();
      }),
    );
  }
}

/**
 * Makes a segment of at least `bytes`, zero-filled, synced, and in its place, which may be that of an older one.
 * With `pause` it goes piece by piece, each synced, so that appends to another file need not wait behind all of it.
 */
export async function createSegment(
  disk: Disk,
  folder: string,
  options: {
    readonly number: number;
    readonly bytes: number;
    readonly salt: Uint8Array;
    readonly pause?: () => Promise<void>;
  },
): Promise<SegmentHeader> {
  const header = { number: options.number, bytes: align(options.bytes), salt: options.salt };
  const path = segmentPath(folder, header.number);
  const file = await disk.create(`${path}.new`);
  try {
    for (let at = 0; at < header.bytes; at += ZEROS.length) {
      await writeAll(file, ZEROS, Math.min(ZEROS.length, header.bytes - at), at);
      if (options.pause === undefined || at + ZEROS.length >= header.bytes) continue;
      await file.sync();
      await options.pause();
    }
    await writeAll(file, encodeSegmentHeader(header), HEADER_BYTES, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.new`, path);
  await disk.syncFolder(`${folder}/segments`);
  return header;
}

/** Opens a segment for reading and proves its header and size. */
export async function openSegment(disk: Disk, folder: string, number: number): Promise<OpenSegment> {
  const opened = await openSegmentIfThere(disk, folder, number);
  if (opened === undefined) throw missingSegment(folder, number);
  return opened;
}

export interface OpenSegment {
  readonly header: SegmentHeader;
  readonly file: DiskFile;
}

/** The same where the segment may be gone: undefined then. */
export async function openSegmentIfThere(disk: Disk, folder: string, number: number): Promise<OpenSegment | undefined> {
  const path = segmentPath(folder, number);
  const file = await disk.open(path);
  if (file === undefined) return undefined;
  try {
    const header = decodeHeader(Buffer.from(await readUpTo(file, SEGMENT_START, 0)), path);
    const size = await file.size();
    if (header.number !== number) {
      throw new JournalError("damaged", `${path} says that it is segment ${header.number}`, { file: path, offset: 0 });
    }
    if (size !== header.bytes) {
      const message = `${path} has ${size} bytes; its header says ${header.bytes}`;
      throw new JournalError("damaged", message, { file: path, offset: Math.min(size, header.bytes) });
    }
    return { header, file };
  } catch (cause) {
    await file.close();
    throw cause;
  }
}

/** The first bytes of a segment's file; the rest up to SEGMENT_START is zeros. */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(SEGMENT_FORMAT, 8);
  bytes.writeUInt32LE(header.number, 12);
  writeUInt64(bytes, header.bytes, 16);
  bytes.set(header.salt, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 40)), 40);
  return bytes;
}

function decodeHeader(bytes: Buffer, path: string): SegmentHeader {
  const at = { file: path, offset: 0 };
  if (bytes.length < SEGMENT_START) {
    const message = `${path} is short: ${bytes.length} bytes`;
    throw new JournalError("damaged", message, { file: path, offset: bytes.length });
  }
  if (!bytes.subarray(0, 8).equals(MAGIC) || crc32(bytes.subarray(0, 40)) !== bytes.readUInt32LE(40)) {
    throw new JournalError("damaged", `${path}: the segment header at offset 0 is not what was written`, at);
  }
  const format = bytes.readUInt32LE(8);
  if (format > SEGMENT_FORMAT) throw newerFormat(path, { found: format, known: SEGMENT_FORMAT, ...at });
  const stray = bytes.findIndex((byte, index) => index >= HEADER_BYTES && byte !== 0);
  if (stray !== -1) {
    const message = `${path}: the byte at offset ${stray}, after the segment header, is not what was written`;
    throw new JournalError("damaged", message, { file: path, offset: stray });
  }
  return { number: bytes.readUInt32LE(12), bytes: readUInt64(bytes, 16), salt: bytes.subarray(24, 40) };
}
