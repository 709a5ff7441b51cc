import type { ImageFile } from "../../images/image-file.js";
import { IMAGE_GENERATION } from "../../images/image-index.js";
import { MemoryPageStore } from "../../snapshots/memory-page-store.js";
import { placeOfKey } from "../../snapshots/page-space.js";
import type { PageBatch, PageStore } from "../../snapshots/page-store.js";

/** The pages of a state that goes on from an image, kept in memory where they change: verifying writes nothing. */
export class BasePages implements PageStore {
  readonly #base: ImageFile | undefined;
  readonly #changed = new MemoryPageStore();

  constructor(base: ImageFile | undefined) {
    this.#base = base;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const changed = this.#changed.get(key);
    if (changed !== undefined) return changed;
    const { column, page, generation } = placeOfKey(key);
    return generation === IMAGE_GENERATION ? this.#base?.page(column, page) : undefined;
  }

  write(batch: PageBatch): Promise<void> {
    return this.#changed.write(batch);
  }

  async close(): Promise<void> {}
}
