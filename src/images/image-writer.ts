/**
 * Writes an image beside its place in one pass, reads back and proves every byte, and only then gives it its name.
 * A crash at any moment leaves either no image or a whole one.
 */
import { createHash } from "node:crypto";
import { type Disk, type DiskFile, writeAll } from "../journal/disk.js";
import { pageHash } from "../snapshots/page-space.js";
import type { PageColumn, PageTable } from "../snapshots/page-table.js";
import { TABLES } from "../snapshots/tables.js";
import { ImageFile } from "./image-file.js";
import { imageFolder, imagePath } from "./image-folder.js";
import { encodeImageHeader, encodeImageTrailer } from "./image-format.js";
import { encodeIndex, type ImageHeads, sortedColumns, type WrittenColumn } from "./image-index.js";
import type { Pace } from "./pace.js";

const BUFFER_BYTES = 1024 * 1024;
/** How many bytes the disk is asked to make durable at once: an append to the journal may have to wait behind them. */
const SYNC_BYTES = 4 * BUFFER_BYTES;
const NO_HASH = new Uint8Array(16);

export interface ImageContent extends ImageHeads {
  readonly storeId: string;
  readonly table: PageTable;
  /** A page that the table names, proven. */
  readonly read: (column: PageColumn, page: number) => Uint8Array;
}

/** Makes the image of a state in `folder`; resolves with its path and bytes once it is durable and proven. */
export async function writeImage(
  disk: Disk,
  folder: string,
  content: ImageContent,
  pace: Pace,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const path = imagePath(folder, content.position.block);
  const aside = `${path}.new`;
  await disk.makeFolder(imageFolder(folder));
  try {
    const bytes = await writeAside(disk, aside, content, pace);
    await disk.rename(aside, path);
    await disk.syncFolder(imageFolder(folder));
    return { path, bytes };
  } catch (cause) {
    // The disk may be full; what is left of it is not needed.
    await disk.remove(aside).catch(() => {});
    throw cause;
  }
}

async function writeAside(disk: Disk, aside: string, content: ImageContent, pace: Pace): Promise<number> {
  const file = await disk.create(aside);
  try {
    await writeParts(new HashedFile(file, pace), content);
  } finally {
    await file.close();
  }
  const written = await ImageFile.open(disk, aside);
  try {
    await written.proveAll(pace);
    return written.bytes;
  } finally {
    await written.close();
  }
}

async function writeParts(out: HashedFile, content: ImageContent): Promise<void> {
  await out.append(encodeImageHeader(content));
  const columns: WrittenColumn[] = [];
  let pages = 0;
  for (const { pages: count, ...column } of sortedColumns(content.table)) {
    const lengths: number[] = [];
    const hashes: Uint8Array[] = [];
    for (let page = 0; page < count; page++) {
      const bytes = content.table.generation(column, page) === 0 ? undefined : content.read(column, page);
      const isThere = bytes !== undefined && !saysNothing(column, bytes);
      if (isThere) await out.append(bytes);
      pages += isThere ? 1 : 0;
      lengths.push(isThere ? bytes.length : 0);
      hashes.push(isThere ? pageHash(bytes) : NO_HASH);
    }
    columns.push({ column, lengths, hashes });
  }
  const index = encodeIndex(content, columns);
  const indexOffset = out.length;
  await out.append(index);
  const indexDigest = createHash("sha256").update(index).digest();
  await out.finish((bodyDigest) =>
    encodeImageTrailer({ indexOffset, indexBytes: index.length, pages, indexDigest, bodyDigest }),
  );
}

/**
 * A page of open reservations without any is the same as none. Whether there is one depends on when checkpoints were made,
 * and the image of a block must not.
 */
export function saysNothing(column: PageColumn, bytes: Uint8Array): boolean {
  return column.table === TABLES.openReservations.id && bytes.every((byte) => byte === 0);
}

/** A file written from its start to its end, with the hash of all of it; synced in pieces. */
class HashedFile {
  readonly #file: DiskFile;
  readonly #pace: Pace;
  readonly #hash = createHash("sha256");
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  #unsynced = 0;

  constructor(file: DiskFile, pace: Pace) {
    this.#file = file;
    this.#pace = pace;
  }

  get length(): number {
    return this.#written + this.#buffered;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const taken = Math.min(bytes.length - done, BUFFER_BYTES - this.#buffered);
      this.#buffer.set(bytes.subarray(done, done + taken), this.#buffered);
      this.#buffered += taken;
      done += taken;
      if (this.#buffered === BUFFER_BYTES) await this.#write();
    }
  }

  /** Writes what is left, then the trailer made of the hash, and syncs. */
  async finish(trailer: (digest: Uint8Array) => Uint8Array): Promise<void> {
    await this.#write();
    const last = trailer(this.#hash.digest());
    await writeAll(this.#file, last, last.length, this.#written);
    await this.#file.sync();
  }

  async #write(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    this.#hash.update(bytes);
    await writeAll(this.#file, bytes, bytes.length, this.#written);
    this.#written += bytes.length;
    this.#unsynced += bytes.length;
    this.#buffered = 0;
    if (this.#unsynced >= SYNC_BYTES) {
      await this.#file.sync();
      this.#unsynced = 0;
    }
    await this.#pace(bytes.length);
  }
}
