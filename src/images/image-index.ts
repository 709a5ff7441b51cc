/**
 * The index of an image: the heads and the page table, as a checkpoint file has them, and where each page lies.
 * Pages lie in the order of table, partition and page, so their lengths say where they begin.
 */
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../snapshots/checkpoint.js";
import { columnKey, HASH_BYTES, type PageColumn, PageTable } from "../snapshots/page-table.js";
import { ImageDamaged } from "./image-damaged.js";
import { IMAGE_HEADER_BYTES } from "./image-format.js";

/** All pages of an image count as written by the first checkpoint. */
export const IMAGE_GENERATION = 1;

/** One column: what each of its pages takes, and where it begins; a length of 0 means that there is no such page. */
export interface ImageColumn extends PageColumn {
  readonly lengths: Uint32Array;
  readonly offsets: Float64Array;
}

export interface ImageIndex {
  readonly checkpoint: Checkpoint;
  readonly checkpointBytes: Uint8Array;
  readonly columns: readonly ImageColumn[];
  readonly pages: number;
  /** Where the last page ends. */
  readonly endOffset: number;
}

/** Every column of a table in the order of an image. */
export function sortedColumns(table: PageTable): (PageColumn & { readonly pages: number })[] {
  return [...table.columns()]
    .map(({ table: id, partition, generations }) => ({ table: id, partition, pages: generations.length / 4 }))
    .sort((one, other) => columnKey(one) - columnKey(other));
}

export type ImageHeads = Pick<Checkpoint, "position" | "timeMs" | "system" | "partitions">;

/** What the writer noted of one column. */
export interface WrittenColumn {
  readonly column: PageColumn;
  /** Bytes of each page; 0 where there is none. */
  readonly lengths: readonly number[];
  readonly hashes: readonly Uint8Array[];
}

export function encodeIndex(heads: ImageHeads, columns: readonly WrittenColumn[]): Uint8Array {
  const table = new PageTable();
  for (const { column, lengths, hashes } of columns) {
    const generations = Uint32Array.from(lengths, (length) => (length === 0 ? 0 : IMAGE_GENERATION));
    table.load(column, new Uint8Array(generations.buffer), Buffer.concat(hashes, lengths.length * HASH_BYTES));
  }
  const partitions = [...heads.partitions].sort((one, other) => one.partition - other.partition);
  const { position, timeMs, system } = heads;
  const generation = IMAGE_GENERATION;
  const checkpoint = encodeCheckpoint({ generation, position, timeMs, system, partitions, table, obsolete: [] });
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(checkpoint.length);
  const lengths = columns.map((column) => new Uint8Array(Uint32Array.from(column.lengths).buffer));
  return Buffer.concat([prefix, checkpoint, ...lengths]);
}

/** Reads an index whose digest was proven. */
export function decodeIndex(bytes: Buffer, file: string, offset: number): ImageIndex {
  try {
    const end = 4 + bytes.readUInt32LE(0);
    const checkpointBytes = bytes.subarray(4, end);
    const checkpoint = decodeCheckpoint(checkpointBytes);
    return { checkpoint, checkpointBytes, ...readLengths(checkpoint.table, bytes.subarray(end)) };
  } catch (cause) {
    throw new ImageDamaged(file, offset, `the index cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function readLengths(table: PageTable, bytes: Buffer): Omit<ImageIndex, "checkpoint" | "checkpointBytes"> {
  let at = 0;
  let pages = 0;
  let endOffset = IMAGE_HEADER_BYTES;
  const columns = sortedColumns(table).map(({ table: id, partition, pages: count }) => {
    const lengths = new Uint32Array(count);
    const offsets = new Float64Array(count);
    for (let page = 0; page < count; page++) {
      const length = bytes.readUInt32LE(at);
      at += 4;
      lengths[page] = length;
      offsets[page] = endOffset;
      endOffset += length;
      if (length > 0) pages += 1;
    }
    return { table: id, partition, lengths, offsets };
  });
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes are left over`);
  return { columns, pages, endOffset };
}
