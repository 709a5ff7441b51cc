/**
 * The pages of a state that goes on from an image: what the image has is read there, what changed since lies in a spool file,
 * which nothing outlives. It is a page store like LevelDB's, without LevelDB.
 */
import { type Disk, type DiskFile, readUpToSync, writeAll } from "../journal/disk.js";
import { placeOfKey } from "../snapshots/page-space.js";
import type { PageBatch, PageStore } from "../snapshots/page-store.js";
import type { ImageFile } from "./image-file.js";
import { IMAGE_GENERATION } from "./image-index.js";

export class ImagePages implements PageStore {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #spool: DiskFile;
  readonly #base: ImageFile | undefined;
  readonly #places = new Map<string, { readonly offset: number; readonly length: number }>();
  #spooledBytes = 0;

  private constructor(disk: Disk, path: string, spool: DiskFile, base: ImageFile | undefined) {
    this.#disk = disk;
    this.#path = path;
    this.#spool = spool;
    this.#base = base;
  }

  /** `spoolPath`: a file that is made, and taken away by `close`. */
  static async open(disk: Disk, spoolPath: string, base: ImageFile | undefined): Promise<ImagePages> {
    return new ImagePages(disk, spoolPath, await disk.create(spoolPath), base);
  }

  /** Bytes of all versions of pages that were written. */
  get spooledBytes(): number {
    return this.#spooledBytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const spooled = this.#places.get(nameOf(key));
    if (spooled !== undefined) return readUpToSync(this.#spool, spooled.length, spooled.offset);
    const { column, page, generation } = placeOfKey(key);
    return generation === IMAGE_GENERATION ? this.#base?.page(column, page) : undefined;
  }

  async write({ puts, deletes }: PageBatch): Promise<void> {
    const bytes = Buffer.concat(puts.map(({ value }) => value));
    await writeAll(this.#spool, bytes, bytes.length, this.#spooledBytes);
    for (const { key, value } of puts) {
      this.#places.set(nameOf(key), { offset: this.#spooledBytes, length: value.length });
      this.#spooledBytes += value.length;
    }
    for (const key of deletes) this.#places.delete(nameOf(key));
  }

  async close(): Promise<void> {
    await this.#spool.close();
    await this.#disk.remove(this.#path);
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}
