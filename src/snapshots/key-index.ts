/**
 * From a key to its item's number: an open-addressing hash index in typed arrays, 12 bytes a key.
 * It keeps 32-bit hashes, not keys: the caller compares the item itself. The hashes by number are what is stored;
 * the slots are made anew at start-up.
 */
import type { PageSpace } from "./page-space.js";
import { SnapshotDamaged } from "./page-store.js";
import type { PageColumn } from "./page-table.js";

/** Hashes in one page. */
export const KEY_PAGE_HASHES = 4096;

export class KeyIndex {
  readonly #space: PageSpace;
  readonly #column: PageColumn;
  /** Hashes of the numbers from `#base + 1` on; what is before was let go in whole pages. */
  #hashes = new Uint32Array(KEY_PAGE_HASHES);
  #base = 0;
  /** Numbers by the hash of their key; numbers that are let go stay in their slots until the next rebuild. */
  #slots = new Uint32Array(KEY_PAGE_HASHES * 2);
  #slotsTaken = 0;
  #count = 0;
  /** Numbers below this are no longer found. */
  #first = 1;
  #firstDirty = 0;

  constructor(space: PageSpace, column: PageColumn) {
    this.#space = space;
    this.#column = column;
  }

  /** Takes `count` stored hashes, from number `first` on. */
  load(count: number, first: number): void {
    this.#base = startOfPage(first);
    let size = KEY_PAGE_HASHES;
    while (size < count - this.#base) size *= 2;
    this.#hashes = new Uint32Array(size);
    for (let page = this.#base / KEY_PAGE_HASHES; page * KEY_PAGE_HASHES < count; page++) {
      const bytes = this.#space.read(this.#column, page);
      const expected = Math.min(KEY_PAGE_HASHES, count - page * KEY_PAGE_HASHES) * 4;
      if (bytes === undefined || bytes.length < expected) throw new SnapshotDamaged(`key page ${page} is short`);
      const offset = (page * KEY_PAGE_HASHES - this.#base) * 4;
      new Uint8Array(this.#hashes.buffer, offset, expected).set(bytes.subarray(0, expected));
    }
    this.#count = count;
    this.#first = first;
    this.#firstDirty = count;
    this.#rebuild();
  }

  /** Adds the key of the next number. */
  add(hash: number): void {
    if (this.#count - this.#base === this.#hashes.length) this.#makeRoom();
    this.#hashes[this.#count - this.#base] = hash;
    this.#count += 1;
    if ((this.#slotsTaken + 1) * 2 > this.#slots.length) this.#rebuild();
    else this.#insert(this.#count);
  }

  /** The newest number with this hash for which `isIt` holds; 0 when there is none. */
  find(hash: number, isIt: (number: number) => boolean): number {
    const mask = this.#slots.length - 1;
    let found = 0;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      if (number === 0) return found;
      if (number > found && number >= this.#first && this.#hashOf(number) === hash && isIt(number)) found = number;
    }
  }

  /** Forgets the numbers below `first`, at no cost that grows with how many are kept. */
  dropBelow(first: number): void {
    const pagesNow = startOfPage(first) / KEY_PAGE_HASHES;
    for (let page = startOfPage(this.#first) / KEY_PAGE_HASHES; page < pagesNow; page++) {
      this.#space.drop(this.#column, page);
    }
    this.#first = first;
    this.#firstDirty = Math.max(this.#firstDirty, startOfPage(first));
  }

  /** Stages the pages that changed since the last checkpoint: only the end of the column does. */
  stage(): void {
    if (this.#firstDirty >= this.#count) return;
    for (let page = Math.floor(this.#firstDirty / KEY_PAGE_HASHES); page * KEY_PAGE_HASHES < this.#count; page++) {
      const end = Math.min((page + 1) * KEY_PAGE_HASHES, this.#count);
      const hashes = this.#hashes.slice(page * KEY_PAGE_HASHES - this.#base, end - this.#base);
      this.#space.stage(this.#column, page, new Uint8Array(hashes.buffer));
    }
    this.#firstDirty = this.#count;
  }

  #hashOf(number: number): number {
    return this.#hashes[number - 1 - this.#base]!;
  }

  /** Moves what is kept to the front where that is half of the room or more; otherwise doubles it. */
  #makeRoom(): void {
    const start = startOfPage(this.#first);
    const unused = start - this.#base;
    if (unused * 2 >= this.#hashes.length) {
      this.#hashes.copyWithin(0, unused);
      this.#base = start;
      return;
    }
    const hashes = new Uint32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  #insert(number: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashOf(number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number;
    this.#slotsTaken += 1;
  }

  #rebuild(): void {
    let size = KEY_PAGE_HASHES * 2;
    while (size < (this.#count - this.#first + 1) * 3) size *= 2;
    this.#slots = new Uint32Array(size);
    this.#slotsTaken = 0;
    for (let number = this.#first; number <= this.#count; number++) this.#insert(number);
  }
}

/** How many numbers come before the page of a number. */
function startOfPage(number: number): number {
  return Math.floor((number - 1) / KEY_PAGE_HASHES) * KEY_PAGE_HASHES;
}
