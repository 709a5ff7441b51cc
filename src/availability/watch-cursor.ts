/**
 * A watcher's place in what is told of a warehouse, opaque to it: 67 bytes in base64url.
 *
 * | at | bytes | big endian |
 * |---|---|---|
 * | 0 | 1 | format |
 * | 1 | 4 | epoch |
 * | 5 | 4 | CRC-32 of the epoch's nonce: two restores of one backup begin the same epoch |
 * | 9 | 4 | CRC-32 of the filter: a cursor belongs to the question that it was given for |
 * | 13 | 4 | partition |
 * | 17 | 4 | CRC-32 of the precision with which it was told |
 * | 21 | 8 | the process, at random |
 * | 29 | 8 | place in that process's log of changes |
 * | 37 | 8 | service time of the newest change that it was told |
 * | 45 | 8 | version of what the stocks inherit |
 * | 53 | 2 | a snapshot is under way (1) or not (0) |
 * | 55 | 8 | where that goes on |
 * | 63 | 4 | CRC-32 of the bytes before |
 */
import { crc32 } from "node:zlib";

const FORMAT = 1;
const CURSOR_BYTES = 67;
const TEXT = /^[A-Za-z0-9_-]{90}$/;

/** Everything up to here was told. In the process that gave it the place counts; in another the time, which is a little more. */
export interface WatchPlace {
  readonly process: bigint;
  readonly place: number;
  readonly timeMs: number;
  readonly inheritedVersion: number;
}

export interface WatchCursor {
  readonly partition: number;
  readonly precision: string;
  readonly place: WatchPlace;
  /** What a snapshot under way has told: everything before this, as of `place` or later; undefined when it is complete. */
  readonly snapshotNext: number | undefined;
}

/** Where cursors are good: in an epoch of one data folder, for one question. */
export interface WatchScope {
  readonly epoch: number;
  readonly nonce: string;
  readonly filter: string;
}

/** What a cursor says. `foreign`: of another question; `past`: from before a restored backup, or of another installation. */
export type ReadWatchCursor =
  | (Omit<WatchCursor, "precision"> & { readonly kind: "place"; readonly hasPrecision: (precision: string) => boolean })
  | { readonly kind: "malformed" }
  | { readonly kind: "foreign" }
  | { readonly kind: "past" };

export function writeWatchCursor(cursor: WatchCursor, scope: WatchScope): string {
  const { place, snapshotNext } = cursor;
  const bytes = Buffer.alloc(CURSOR_BYTES);
  bytes.writeUInt8(FORMAT, 0);
  bytes.writeUInt32BE(scope.epoch, 1);
  bytes.writeUInt32BE(crc32(scope.nonce), 5);
  bytes.writeUInt32BE(crc32(scope.filter), 9);
  bytes.writeUInt32BE(cursor.partition, 13);
  bytes.writeUInt32BE(crc32(cursor.precision), 17);
  bytes.writeBigUInt64BE(place.process, 21);
  bytes.writeDoubleBE(place.place, 29);
  bytes.writeDoubleBE(place.timeMs, 37);
  bytes.writeDoubleBE(place.inheritedVersion, 45);
  bytes.writeUInt16BE(snapshotNext === undefined ? 0 : 1, 53);
  bytes.writeDoubleBE(snapshotNext ?? 0, 55);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 63)), 63);
  return bytes.toString("base64url");
}

export function readWatchCursor(text: string, scope: WatchScope): ReadWatchCursor {
  const bytes = Buffer.from(TEXT.test(text) ? text : "", "base64url");
  const isWhole =
    bytes.length === CURSOR_BYTES &&
    bytes.readUInt8(0) === FORMAT &&
    crc32(bytes.subarray(0, 63)) === bytes.readUInt32BE(63);
  if (!isWhole) return { kind: "malformed" };
  const numbers = [29, 37, 45, 55].map((at) => bytes.readDoubleBE(at));
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return { kind: "malformed" };
  const [place, timeMs, inheritedVersion, next] = numbers as [number, number, number, number];
  if (bytes.readUInt32BE(9) !== crc32(scope.filter)) return { kind: "foreign" };
  if (bytes.readUInt32BE(1) !== scope.epoch || bytes.readUInt32BE(5) !== crc32(scope.nonce)) return { kind: "past" };
  return {
    kind: "place",
    partition: bytes.readUInt32BE(13),
    hasPrecision: (precision) => bytes.readUInt32BE(17) === crc32(precision),
    place: { process: bytes.readBigUInt64BE(21), place, timeMs, inheritedVersion },
    snapshotNext: bytes.readUInt16BE(53) === 0 ? undefined : next,
  };
}
