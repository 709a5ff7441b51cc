/**
 * A table of items numbered 1, 2, 3 ..., resident while in use and kept in pages of neighbours (decision 4).
 * Residency is bounded; items of changed pages stay resident until a checkpoint has taken them.
 * A checkpoint freezes the changed pages: each is put to bytes as it stood at the freeze, at leisure, or at once when it is about to change.
 */
import { assert } from "../domain/assertion.js";
import type { Table } from "../domain/partition-state.js";
import { WireReader, WireWriter } from "../journal/records/wire.js";
import type { ItemCodec } from "./item-codec.js";
import { buildPage, slotBytes } from "./page.js";
import type { PageSpace } from "./page-space.js";
import { SnapshotDamaged } from "./page-store.js";
import type { PageColumn } from "./page-table.js";

export interface NumberedTableOptions<T> {
  readonly space: PageSpace;
  readonly column: PageColumn;
  readonly codec: ItemCodec<T>;
  /** Items a page, a power of two. */
  readonly pageItems: number;
  /** Items kept in memory now, beside those that a checkpoint has yet to take. */
  readonly residentMax: () => number;
  readonly count: number;
  /** Called with each item that comes into memory from its page, and with the number of each that leaves. */
  readonly onLoad?: (item: T) => void;
  readonly onEvict?: (number: number) => void;
  /** Called with each item in memory that a checkpoint takes, as it was when the checkpoint began. */
  readonly onStage?: (item: T) => void;
}

/** What a checkpoint needs of a table, whatever its items are. */
export type CheckpointedTable = Pick<
  NumberedTable<{ readonly number: number }>,
  "dirtyPages" | "residentCount" | "freeze" | "stageFrozen"
>;

const writer = new WireWriter(65536);

export class NumberedTable<T extends { readonly number: number }> implements Table<T> {
  readonly #options: NumberedTableOptions<T>;
  readonly #shift: number;
  #count: number;
  /** Two generations: what was used lately, and what was used before; the older is dropped whole. */
  #recent = new Map<number, T>();
  #older = new Map<number, T>();
  #dirty = new Set<number>();
  #frozen = new Set<number>();
  #lastDirty = -1;
  /** Size of the younger generation at which the older is dropped. */
  #rotateAt: number;

  constructor(options: NumberedTableOptions<T>) {
    this.#options = options;
    this.#shift = Math.log2(options.pageItems);
    assert(Number.isInteger(this.#shift), "pageItems is a power of two");
    this.#count = options.count;
    this.#rotateAt = options.residentMax() / 2;
  }

  get count(): number {
    return this.#count;
  }

  get residentCount(): number {
    return this.#recent.size + this.#older.size;
  }

  get dirtyPages(): number {
    return this.#dirty.size;
  }

  get(number: number): T | undefined {
    const recent = this.#recent.get(number);
    if (recent !== undefined) return recent;
    if (number < 1 || number > this.#count) return undefined;
    const item = this.resident(number) ?? this.#load(number);
    if (item !== undefined) this.#use(number, item);
    return item;
  }

  /** The item if it is in memory. */
  resident(number: number): T | undefined {
    return this.#recent.get(number) ?? this.#older.get(number);
  }

  /** Every item that is in memory. */
  *residents(): Generator<T> {
    yield* this.#older.values();
    yield* this.#recent.values();
  }

  /** The item without bringing it into memory: for scans that would push out what is in use. */
  peek(number: number): T | undefined {
    if (number < 1 || number > this.#count) return undefined;
    return this.resident(number) ?? this.#decode(number);
  }

  touch(number: number): T {
    const item = this.get(number);
    assert(item !== undefined, `item ${number} of table ${this.#options.column.table} exists`);
    this.#markDirty(number);
    return item;
  }

  add(item: T): void {
    assert(item.number === this.#count + 1, `item ${item.number} follows ${this.#count}`);
    this.#markDirty(item.number);
    this.#count = item.number;
    this.#use(item.number, item);
  }

  /** Begins a checkpoint: what changed up to now is what it takes. */
  freeze(): void {
    assert(this.#frozen.size === 0, "one checkpoint at a time");
    this.#frozen = this.#dirty;
    this.#dirty = new Set();
    this.#lastDirty = -1;
  }

  /** Puts up to `pagesMax` frozen pages to bytes; returns how many it did. */
  stageFrozen(pagesMax: number): number {
    let done = 0;
    for (const page of this.#frozen) {
      if (done === pagesMax) break;
      this.#stage(page);
      done++;
    }
    return done;
  }

  #use(number: number, item: T): void {
    this.#recent.set(number, item);
    if (this.#recent.size > this.#rotateAt) this.#rotate();
  }

  #rotate(): void {
    const dropped = this.#older;
    this.#older = this.#recent;
    this.#recent = new Map();
    let pinned = 0;
    for (const [number, item] of dropped) {
      if (this.#older.has(number)) continue;
      const page = (number - 1) >> this.#shift;
      if (this.#dirty.has(page) || this.#frozen.has(page)) {
        this.#older.set(number, item);
        pinned += 1;
      } else this.#options.onEvict?.(number);
    }
    // What a checkpoint has yet to take is carried over; waiting for as many new items again keeps that cheap.
    this.#rotateAt = Math.max(this.#options.residentMax() / 2, pinned);
  }

  #markDirty(number: number): void {
    const page = (number - 1) >> this.#shift;
    if (page === this.#lastDirty) return;
    if (this.#frozen.has(page)) this.#stage(page);
    this.#dirty.add(page);
    this.#lastDirty = page;
  }

  #load(number: number): T | undefined {
    const item = this.#decode(number);
    if (item !== undefined) this.#options.onLoad?.(item);
    return item;
  }

  #decode(number: number): T | undefined {
    const page = (number - 1) >> this.#shift;
    const bytes = this.#options.space.read(this.#options.column, page);
    const slot = (number - 1) & (this.#options.pageItems - 1);
    const item = bytes === undefined ? undefined : slotBytes(bytes, slot);
    if (item === undefined || item.length === 0) {
      const { table, partition } = this.#options.column;
      throw new SnapshotDamaged(`item ${number} of table ${table} of partition ${partition} is missing`);
    }
    return this.#options.codec.read(new WireReader(item), number);
  }

  #stage(page: number): void {
    const { space, column, codec, pageItems } = this.#options;
    const before = space.read(column, page);
    const first = page * pageItems + 1;
    const ends: number[] = [];
    writer.reset();
    for (let slot = 0; slot < pageItems && first + slot <= this.#count; slot++) {
      const item = this.resident(first + slot);
      if (item !== undefined) {
        codec.write(writer, item);
        this.#options.onStage?.(item);
      } else if (before !== undefined) writer.append(slotBytes(before, slot));
      ends.push(writer.length);
    }
    space.stage(column, page, buildPage(writer.bytes(), ends));
    this.#frozen.delete(page);
  }
}
