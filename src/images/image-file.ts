/**
 * An image that was opened for reading: header, index and trailer are proven, each page is proven when it is read.
 * `proveAll` reads the rest, so that not one byte of the file is believed untested.
 */
import { createHash } from "node:crypto";
import { type Disk, type DiskFile, readUpTo, readUpToSync } from "../journal/disk.js";
import type { BlockPosition } from "../journal/journal.js";
import type { Checkpoint } from "../snapshots/checkpoint.js";
import { pageHash } from "../snapshots/page-space.js";
import { columnKey, type PageColumn } from "../snapshots/page-table.js";
import { ImageDamaged } from "./image-damaged.js";
import {
  decodeImageHeader,
  decodeImageTrailer,
  IMAGE_HEADER_BYTES,
  IMAGE_TRAILER_BYTES,
  type ImageHeader,
  type ImageTrailer,
} from "./image-format.js";
import { decodeIndex, type ImageColumn, type ImageIndex } from "./image-index.js";
import type { Pace } from "./pace.js";

export class ImageFile {
  readonly path: string;
  readonly bytes: number;
  readonly #file: DiskFile;
  readonly #header: ImageHeader;
  readonly #trailer: ImageTrailer;
  readonly #index: ImageIndex;
  readonly #columns: ReadonlyMap<number, ImageColumn>;

  private constructor(
    path: string,
    file: DiskFile,
    parts: { bytes: number; header: ImageHeader; trailer: ImageTrailer; index: ImageIndex },
  ) {
    this.path = path;
    this.bytes = parts.bytes;
    this.#file = file;
    this.#header = parts.header;
    this.#trailer = parts.trailer;
    this.#index = parts.index;
    this.#columns = new Map(parts.index.columns.map((column) => [columnKey(column), column]));
  }

  /** Rejects with ImageDamaged unless header, index and trailer are proven, and with `format` where they are newer. */
  static async open(disk: Disk, path: string): Promise<ImageFile> {
    const file = await disk.open(path);
    if (file === undefined) throw new ImageDamaged(path, 0, "the file is missing");
    try {
      return await readParts(path, file, (parts) => new ImageFile(path, file, parts));
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  /** The block whose state it is. */
  get position(): BlockPosition {
    return this.#header.position;
  }

  /** Service time of the last record in it, milliseconds. */
  get timeMs(): number {
    return this.#header.timeMs;
  }

  /** Of the journal that it is an image of. */
  get storeId(): string {
    return this.#header.storeId;
  }

  /** Heads and page table, as a checkpoint of generation 1 has them. */
  get checkpoint(): Checkpoint {
    return this.#index.checkpoint;
  }

  /** The bytes of a checkpoint file that says the same. */
  get checkpointBytes(): Uint8Array {
    return this.#index.checkpointBytes;
  }

  get pages(): number {
    return this.#index.pages;
  }

  /** Every page that there is, in the order of the file. */
  *places(): Generator<{ readonly column: PageColumn; readonly page: number }> {
    for (const column of this.#index.columns) {
      for (let page = 0; page < column.lengths.length; page++) if (column.lengths[page] !== 0) yield { column, page };
    }
  }

  /** A page's bytes, proven; undefined where the image has none. Throws ImageDamaged where they are not what was written. */
  page(column: PageColumn, page: number): Uint8Array | undefined {
    const known = this.#columns.get(columnKey(column));
    const length = known?.lengths[page] ?? 0;
    if (known === undefined || length === 0) return undefined;
    const offset = known.offsets[page]!;
    const bytes = readUpToSync(this.#file, length, offset);
    if (bytes.length !== length || !this.checkpoint.table.matches(column, page, pageHash(bytes))) {
      const what = `page ${page} of table ${column.table} of partition ${column.partition}`;
      throw new ImageDamaged(this.path, offset, `${what} is not what was written`);
    }
    return bytes;
  }

  /** Reads and proves every byte. */
  async proveAll(pace: Pace): Promise<void> {
    const hash = createHash("sha256");
    hash.update(await readUpTo(this.#file, IMAGE_HEADER_BYTES, 0));
    for (const { column, page } of this.places()) {
      const bytes = this.page(column, page)!;
      hash.update(bytes);
      await pace(bytes.length);
    }
    const { indexOffset, indexBytes, bodyDigest } = this.#trailer;
    hash.update(await readUpTo(this.#file, indexBytes, indexOffset));
    if (!hash.digest().equals(bodyDigest)) {
      throw new ImageDamaged(this.path, 0, "the hash of the whole file is not that of its bytes");
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readParts<T>(
  path: string,
  file: DiskFile,
  make: (parts: { bytes: number; header: ImageHeader; trailer: ImageTrailer; index: ImageIndex }) => T,
): Promise<T> {
  const bytes = await file.size();
  const header = decodeImageHeader(Buffer.from(await readUpTo(file, IMAGE_HEADER_BYTES, 0)), path);
  const trailerOffset = Math.max(0, bytes - IMAGE_TRAILER_BYTES);
  const trailerBytes = Buffer.from(await readUpTo(file, IMAGE_TRAILER_BYTES, trailerOffset));
  const trailer = decodeImageTrailer(trailerBytes, path, trailerOffset);
  const { indexOffset } = trailer;
  const indexBytes = Buffer.from(await readUpTo(file, trailer.indexBytes, indexOffset));
  if (!createHash("sha256").update(indexBytes).digest().equals(trailer.indexDigest)) {
    throw new ImageDamaged(path, indexOffset, "the index is not what was written");
  }
  const index = decodeIndex(indexBytes, path, indexOffset);
  assertAgree(path, { header, trailer, index });
  return make({ bytes, header, trailer, index });
}

/** Header, index and trailer say the same where they speak of the same. */
function assertAgree(
  path: string,
  { header, trailer, index }: { header: ImageHeader; trailer: ImageTrailer; index: ImageIndex },
): void {
  const { position } = index.checkpoint;
  const agree =
    position.block === header.position.block &&
    position.hash === header.position.hash &&
    position.segment === header.position.segment &&
    position.offset === header.position.offset &&
    position.endOffset === header.position.endOffset &&
    index.checkpoint.timeMs === header.timeMs &&
    index.pages === trailer.pages &&
    index.endOffset === trailer.indexOffset;
  if (!agree) throw new ImageDamaged(path, trailer.indexOffset, "header, index and trailer contradict each other");
}
