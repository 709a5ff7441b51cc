/**
 * The bytes of a block: what one append makes durable, all or nothing.
 *
 * | at | bytes | little endian |
 * |---|---|---|
 * | 0 | 4 | magic HFBK |
 * | 4 | 2 | format version |
 * | 6 | 2 | partition spans |
 * | 8 | 4 | segment number |
 * | 12 | 4 | records |
 * | 16 | 8 | block number |
 * | 24 | 4 | body length |
 * | 28 | 4 | 0 |
 * | 32 | 16 | the segment's salt: blocks of an older file under this one never look valid |
 * | 48 | 16 | hash of the block before |
 * | 64 | 4 | CRC-32 of the bytes before |
 * | 68 | 24 each | spans: partition u32, epoch u32, first sequence u64, last sequence u64 |
 * | .. | body length | protobuf BlockBody |
 * | .. | 16 | hash: the first bytes of the SHA-256 of everything before |
 * | .. | 4 | magic HFBE |
 *
 * Blocks begin at multiples of 512 bytes, so that an append never writes to a sector that holds an acknowledged block.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { BlockContent, PartitionSpan } from "./journal.js";

export const BLOCK_FORMAT = 1;
export const BLOCK_ALIGNMENT = 512;
export const HEADER_BYTES = 68;
const SPAN_BYTES = 24;
const TRAILER_BYTES = 20;
export const HASH_BYTES = 16;
const MAGIC = 0x4b424648;
const END_MAGIC = 0x45424648;
const TWO_32 = 4294967296;
/** No larger block is written, and a header that claims one is not believed. */
export const BLOCK_BYTES_MAX = 256 * 1024 * 1024;

/** Where in the chain a block stands. */
export interface BlockPlace {
  readonly segment: number;
  readonly salt: Uint8Array;
  readonly block: number;
  readonly previousHash: Uint8Array;
}

/** Bytes that a block takes in its segment, padding included. */
export function blockBytes(content: BlockContent): number {
  return align(HEADER_BYTES + content.spans.length * SPAN_BYTES + content.body.length + TRAILER_BYTES);
}

export function align(bytes: number): number {
  return Math.ceil(bytes / BLOCK_ALIGNMENT) * BLOCK_ALIGNMENT;
}

/** Writes a block at the start of `into`, which has room for blockBytes(content); returns its hash. */
export function encodeBlock(into: Buffer, content: BlockContent, place: BlockPlace): Uint8Array {
  into.writeUInt32LE(MAGIC, 0);
  into.writeUInt16LE(BLOCK_FORMAT, 4);
  into.writeUInt16LE(content.spans.length, 6);
  into.writeUInt32LE(place.segment, 8);
  into.writeUInt32LE(content.recordCount, 12);
  writeUInt64(into, place.block, 16);
  into.writeUInt32LE(content.body.length, 24);
  into.writeUInt32LE(0, 28);
  into.set(place.salt, 32);
  into.set(place.previousHash, 48);
  into.writeUInt32LE(crc32(into.subarray(0, 64)), 64);
  let at = HEADER_BYTES;
  for (const span of content.spans) {
    into.writeUInt32LE(span.partition, at);
    into.writeUInt32LE(span.epoch, at + 4);
    writeUInt64(into, span.firstSequence, at + 8);
    writeUInt64(into, span.lastSequence, at + 16);
    at += SPAN_BYTES;
  }
  into.set(content.body, at);
  at += content.body.length;
  const hash = createHash("sha256").update(into.subarray(0, at)).digest().subarray(0, HASH_BYTES);
  into.set(hash, at);
  into.writeUInt32LE(END_MAGIC, at + HASH_BYTES);
  at += TRAILER_BYTES;
  into.fill(0, at, align(at));
  return hash;
}

/** What a header says, once its checksum is right. */
export interface BlockHeader {
  readonly format: number;
  readonly segment: number;
  readonly block: number;
  readonly recordCount: number;
  readonly spanCount: number;
  readonly bodyBytes: number;
  readonly salt: Uint8Array;
  readonly previousHash: Uint8Array;
  /** From the header's first byte to the trailer's last. */
  readonly totalBytes: number;
}

/** The header at the start of `bytes`; undefined where there is none with a right checksum. */
export function decodeHeader(bytes: Buffer): BlockHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  if (crc32(bytes.subarray(0, 64)) !== bytes.readUInt32LE(64)) return undefined;
  const spanCount = bytes.readUInt16LE(6);
  const bodyBytes = bytes.readUInt32LE(24);
  return {
    format: bytes.readUInt16LE(4),
    segment: bytes.readUInt32LE(8),
    block: readUInt64(bytes, 16),
    recordCount: bytes.readUInt32LE(12),
    spanCount,
    bodyBytes,
    salt: bytes.subarray(32, 48),
    previousHash: bytes.subarray(48, 64),
    totalBytes: HEADER_BYTES + spanCount * SPAN_BYTES + bodyBytes + TRAILER_BYTES,
  };
}

/** The whole block behind a header, `bytes` holding totalBytes of it; undefined unless its hash is right. */
export function decodeContent(
  bytes: Buffer,
  header: BlockHeader,
): (BlockContent & { readonly hash: Buffer }) | undefined {
  if (bytes.length < header.totalBytes) return undefined;
  const bodyStart = HEADER_BYTES + header.spanCount * SPAN_BYTES;
  const bodyEnd = bodyStart + header.bodyBytes;
  const hash = bytes.subarray(bodyEnd, bodyEnd + HASH_BYTES);
  if (bytes.readUInt32LE(bodyEnd + HASH_BYTES) !== END_MAGIC) return undefined;
  const expected = createHash("sha256").update(bytes.subarray(0, bodyEnd)).digest();
  if (!expected.subarray(0, HASH_BYTES).equals(hash)) return undefined;
  const spans: PartitionSpan[] = [];
  for (let at = HEADER_BYTES; at < bodyStart; at += SPAN_BYTES) {
    spans.push({
      partition: bytes.readUInt32LE(at),
      epoch: bytes.readUInt32LE(at + 4),
      firstSequence: readUInt64(bytes, at + 8),
      lastSequence: readUInt64(bytes, at + 16),
    });
  }
  return { body: bytes.subarray(bodyStart, bodyEnd), recordCount: header.recordCount, spans, hash };
}

export function writeUInt64(into: Buffer, value: number, at: number): void {
  into.writeUInt32LE(value % TWO_32, at);
  into.writeUInt32LE(Math.floor(value / TWO_32), at + 4);
}

export function readUInt64(from: Buffer, at: number): number {
  return from.readUInt32LE(at) + from.readUInt32LE(at + 4) * TWO_32;
}
