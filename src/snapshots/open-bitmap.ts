/** One bit for each reservation ever made: is it open? What start-up reads to find the open ones without reading the rest. */
import type { PageSpace } from "./page-space.js";
import { SnapshotDamaged } from "./page-store.js";
import type { PageColumn } from "./page-table.js";

const PAGE_BYTES = 4096;

export class OpenBitmap {
  readonly #space: PageSpace;
  readonly #column: PageColumn;
  #bits = new Uint8Array(PAGE_BYTES);
  readonly #changed = new Set<number>();
  #lastChanged = 0;

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

  /** Remembers that a reservation was made or touched; whether it is open is looked at when a checkpoint begins. */
  changed(number: number): void {
    if (number === this.#lastChanged) return;
    this.#lastChanged = number;
    this.#changed.add(number);
  }

  /** Takes the changed reservations as they are now, and stages the pages of bits that differ. */
  freeze(isOpen: (number: number) => boolean): void {
    const pages = new Set<number>();
    for (const number of this.#changed) {
      this.#set(number, isOpen(number));
      pages.add(Math.floor(number / 8 / PAGE_BYTES));
    }
    this.#changed.clear();
    this.#lastChanged = 0;
    for (const page of pages) {
      this.#space.stage(this.#column, page, this.#bits.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    }
  }

  /** The numbers of the open reservations, rising. */
  *numbers(): Generator<number> {
    for (let byte = 0; byte < this.#bits.length; byte++) {
      const bits = this.#bits[byte]!;
      if (bits === 0) continue;
      for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) yield byte * 8 + bit;
    }
  }

  #set(number: number, open: boolean): void {
    const byte = number >> 3;
    if (byte >= this.#bits.length) {
      const bits = new Uint8Array(Math.max(this.#bits.length * 2, Math.ceil((byte + 1) / PAGE_BYTES) * PAGE_BYTES));
      bits.set(this.#bits);
      this.#bits = bits;
    }
    const bit = 1 << (number & 7);
    if (open) this.#bits[byte]! |= bit;
    else this.#bits[byte]! &= ~bit;
  }
}
