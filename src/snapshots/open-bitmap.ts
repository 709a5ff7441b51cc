/** One bit for each reservation ever made: is it open? What start-up reads to find the open ones without reading the rest. */
import type { PageSpace } from "./page-space.js";
import { SnapshotDamaged } from "./page-store.js";
import type { PageColumn } from "./page-table.js";

const PAGE_BYTES = 4096;

export class OpenBitmap {
  readonly #space: PageSpace;
  readonly #column: PageColumn;
  #bits = new Uint8Array(PAGE_BYTES);
  readonly #changedPages = new Set<number>();

  constructor(space: PageSpace, column: PageColumn) {
    this.#space = space;
    this.#column = column;
  }

  /** Takes the stored bits of reservations 1 to `count`. */
  load(count: number): void {
    const pages = Math.ceil((count + 1) / (PAGE_BYTES * 8));
    this.#bits = new Uint8Array(Math.max(1, pages) * PAGE_BYTES);
    for (let page = 0; page < pages; page++) {
      const bytes = this.#space.read(this.#column, page);
      if (bytes === undefined) continue;
      if (bytes.length !== PAGE_BYTES) throw new SnapshotDamaged(`open page ${page} is short`);
      this.#bits.set(bytes, page * PAGE_BYTES);
    }
  }

  /** Whether a reservation is open as the checkpoint under way takes it. */
  set(number: number, isOpen: boolean): void {
    const byte = number >> 3;
    if (byte >= this.#bits.length) {
      const bits = new Uint8Array(Math.max(this.#bits.length * 2, Math.ceil((byte + 1) / PAGE_BYTES) * PAGE_BYTES));
      bits.set(this.#bits);
      this.#bits = bits;
    }
    const before = this.#bits[byte]!;
    const bit = 1 << (number & 7);
    const after = isOpen ? before | bit : before & ~bit;
    if (after === before) return;
    this.#bits[byte] = after;
    this.#changedPages.add(Math.floor(byte / PAGE_BYTES));
  }

  /** Stages the pages of bits that were set differently. Called once every reservation of the checkpoint was set. */
  stage(): void {
    for (const page of this.#changedPages) {
      this.#space.stage(this.#column, page, this.#bits.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    }
    this.#changedPages.clear();
  }

  /** The numbers of the open reservations, rising. */
  *numbers(): Generator<number> {
    for (let byte = 0; byte < this.#bits.length; byte++) {
      const bits = this.#bits[byte]!;
      if (bits === 0) continue;
      for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) yield byte * 8 + bit;
    }
  }
}
