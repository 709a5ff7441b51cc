import type { PageBatch, PageStore } from "./page-store.js";

/** Pages in a Map: for verify, tests and simulation. */
export class MemoryPageStore implements PageStore {
  readonly #values = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(Buffer.from(key).toString("latin1"));
  }

  async write(batch: PageBatch): Promise<void> {
    for (const { key, value } of batch.puts) {
      this.#values.set(Buffer.from(key).toString("latin1"), Uint8Array.prototype.slice.call(value));
    }
    for (const key of batch.deletes) this.#values.delete(Buffer.from(key).toString("latin1"));
  }

  async close(): Promise<void> {}
}
