/**
 * A consumer's place in the stream of order events, opaque to it: 41 bytes in base64url.
 *
 * | at | bytes | big endian |
 * |---|---|---|
 * | 0 | 1 | format |
 * | 1 | 4 | epoch |
 * | 5 | 4 | CRC-32 of the epoch's nonce: two restores of one backup begin the same epoch |
 * | 9 | 4 | CRC-32 of the filter: a cursor belongs to the question that it was given for |
 * | 13 | 4 | segment |
 * | 17 | 8 | block |
 * | 25 | 8 | offset of the block |
 * | 33 | 4 | outcomes of the block that are dealt with |
 * | 37 | 4 | CRC-32 of the bytes before |
 */
import { crc32 } from "node:zlib";
import type { BlockStart } from "../journal/journal.js";

const FORMAT = 1;
const CURSOR_BYTES = 41;
const TEXT = /^[A-Za-z0-9_-]{55}$/;

/** In the place of a number of outcomes: all that the block has. */
export const ALL_OF_BLOCK = 0xffffffff;

/** Up to where a consumer has dealt with everything. */
export interface Place extends BlockStart {
  /** Outcomes of the block, whosever they are. */
  readonly taken: number;
}

/** Where cursors are good: in an epoch of one data folder, for one question. */
export interface CursorScope {
  readonly epoch: number;
  readonly nonce: string;
  readonly filter: string;
}

/** What a cursor says. `foreign`: of another filter; `past`: from before a restored backup, or of another installation. */
export type ReadCursor =
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "malformed" }
  | { readonly kind: "foreign" }
  | { readonly kind: "past" };

export function writeCursor({ segment, block, offset, taken }: Place, scope: CursorScope): string {
  const bytes = Buffer.alloc(CURSOR_BYTES);
  bytes.writeUInt8(FORMAT, 0);
  bytes.writeUInt32BE(scope.epoch, 1);
  bytes.writeUInt32BE(crc32(scope.nonce), 5);
  bytes.writeUInt32BE(crc32(scope.filter), 9);
  bytes.writeUInt32BE(segment, 13);
  bytes.writeBigUInt64BE(BigInt(block), 17);
  bytes.writeBigUInt64BE(BigInt(offset), 25);
  bytes.writeUInt32BE(taken, 33);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 37)), 37);
  return bytes.toString("base64url");
}

export function readCursor(cursor: string, scope: CursorScope): ReadCursor {
  const bytes = Buffer.from(TEXT.test(cursor) ? cursor : "", "base64url");
  const isWhole =
    bytes.length === CURSOR_BYTES &&
    bytes.readUInt8(0) === FORMAT &&
    crc32(bytes.subarray(0, 37)) === bytes.readUInt32BE(37);
  const block = isWhole ? Number(bytes.readBigUInt64BE(17)) : 0;
  const offset = isWhole ? Number(bytes.readBigUInt64BE(25)) : 0;
  if (!Number.isSafeInteger(block) || !Number.isSafeInteger(offset) || block === 0) return { kind: "malformed" };
  if (bytes.readUInt32BE(9) !== crc32(scope.filter)) return { kind: "foreign" };
  if (bytes.readUInt32BE(1) !== scope.epoch || bytes.readUInt32BE(5) !== crc32(scope.nonce)) return { kind: "past" };
  return { kind: "place", place: { segment: bytes.readUInt32BE(13), block, offset, taken: bytes.readUInt32BE(33) } };
}
