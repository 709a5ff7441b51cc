/**
 * The bytes of an image: the whole state at one block of the journal (decision 15), in one file that is written once and never changed.
 *
 * | part | bytes |
 * |---|---|
 * | header | magic, format u32, 0 u32, store id 16, block u64, segment u32, 0 u32, offset u64, end offset u64, block hash 16, service time u64, zeros, CRC-32 |
 * | pages | the pages of every column in the order of table, partition, page; the same bytes as in the snapshot, one after the other |
 * | index | length u32 of a checkpoint, the checkpoint (holdfast.journal.v1.Checkpoint as in its file: heads, hash of each page), and of each page its length u32 |
 * | trailer | magic, index offset u64, index bytes u64, pages u64, SHA-256 of the index, SHA-256 of everything before the trailer, CRC-32 |
 *
 * All numbers are little endian. Not one byte is left unproven, and a page can be proven without reading the others.
 */
import { crc32 } from "node:zlib";
import { readUInt64, writeUInt64 } from "../journal/block.js";
import type { BlockPosition } from "../journal/journal.js";
import { newerFormat } from "../journal/newer-format.js";
import { ImageDamaged } from "./image-damaged.js";

export const IMAGE_FORMAT = 1;
export const IMAGE_HEADER_BYTES = 128;
export const IMAGE_TRAILER_BYTES = 100;
export const DIGEST_BYTES = 32;
const MAGIC = Buffer.from("HFIMAGE\n", "latin1");
const END_MAGIC = Buffer.from("HFIMEND\n", "latin1");
const HASH_AT = 64;
const HASH_BYTES = 16;

/** What an image says of itself first. */
export interface ImageHeader {
  /** Of the journal that it is an image of: what FORMAT says, in hex. */
  readonly storeId: string;
  /** The block whose state it is. */
  readonly position: BlockPosition;
  /** Service time of the last record in it, milliseconds. */
  readonly timeMs: number;
}

export interface ImageTrailer {
  readonly indexOffset: number;
  readonly indexBytes: number;
  readonly pages: number;
  readonly indexDigest: Uint8Array;
  readonly bodyDigest: Uint8Array;
}

export function encodeImageHeader({ storeId, position, timeMs }: ImageHeader): Buffer {
  const bytes = Buffer.alloc(IMAGE_HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(IMAGE_FORMAT, 8);
  bytes.write(storeId, 16, "hex");
  writeUInt64(bytes, position.block, 32);
  bytes.writeUInt32LE(position.segment, 40);
  writeUInt64(bytes, position.offset, 48);
  writeUInt64(bytes, position.endOffset, 56);
  bytes.write(position.hash, HASH_AT, "hex");
  writeUInt64(bytes, timeMs, 80);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, IMAGE_HEADER_BYTES - 4)), IMAGE_HEADER_BYTES - 4);
  return bytes;
}

/** Throws ImageDamaged unless every byte is proven, and `format` where a newer version wrote it. */
export function decodeImageHeader(bytes: Buffer, file: string): ImageHeader {
  const isWhole =
    bytes.length === IMAGE_HEADER_BYTES &&
    MAGIC.equals(bytes.subarray(0, 8)) &&
    crc32(bytes.subarray(0, IMAGE_HEADER_BYTES - 4)) === bytes.readUInt32LE(IMAGE_HEADER_BYTES - 4);
  if (!isWhole) throw new ImageDamaged(file, 0, "the header is not what was written");
  const found = bytes.readUInt32LE(8);
  if (found > IMAGE_FORMAT) throw newerFormat(file, { found, known: IMAGE_FORMAT, file, offset: 8 });
  return {
    storeId: bytes.toString("hex", 16, 32),
    position: {
      block: readUInt64(bytes, 32),
      segment: bytes.readUInt32LE(40),
      offset: readUInt64(bytes, 48),
      endOffset: readUInt64(bytes, 56),
      hash: bytes.toString("hex", HASH_AT, HASH_AT + HASH_BYTES),
    },
    timeMs: readUInt64(bytes, 80),
  };
}

export function encodeImageTrailer(trailer: ImageTrailer): Buffer {
  const bytes = Buffer.alloc(IMAGE_TRAILER_BYTES);
  END_MAGIC.copy(bytes, 0);
  writeUInt64(bytes, trailer.indexOffset, 8);
  writeUInt64(bytes, trailer.indexBytes, 16);
  writeUInt64(bytes, trailer.pages, 24);
  bytes.set(trailer.indexDigest, 32);
  bytes.set(trailer.bodyDigest, 32 + DIGEST_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, IMAGE_TRAILER_BYTES - 4)), IMAGE_TRAILER_BYTES - 4);
  return bytes;
}

export function decodeImageTrailer(bytes: Buffer, file: string, offset: number): ImageTrailer {
  const isWhole =
    bytes.length === IMAGE_TRAILER_BYTES &&
    END_MAGIC.equals(bytes.subarray(0, 8)) &&
    crc32(bytes.subarray(0, IMAGE_TRAILER_BYTES - 4)) === bytes.readUInt32LE(IMAGE_TRAILER_BYTES - 4);
  if (!isWhole) throw new ImageDamaged(file, offset, "the trailer is not what was written");
  const trailer = {
    indexOffset: readUInt64(bytes, 8),
    indexBytes: readUInt64(bytes, 16),
    pages: readUInt64(bytes, 24),
    indexDigest: bytes.subarray(32, 32 + DIGEST_BYTES),
    bodyDigest: bytes.subarray(32 + DIGEST_BYTES, 32 + 2 * DIGEST_BYTES),
  };
  if (trailer.indexOffset + trailer.indexBytes !== offset) {
    throw new ImageDamaged(file, offset, "the file is not as long as its trailer says");
  }
  return trailer;
}
