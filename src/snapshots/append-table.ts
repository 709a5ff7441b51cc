/**
 * A table of items that never change once they are added: their bytes go straight into the page they will stand in,
 * so an item costs its bytes until a checkpoint takes the page, and nothing is put to bytes twice.
 */
import { assert } from "../domain/assertion.js";
import { WireReader, WireWriter } from "../journal/records/wire.js";
import type { ItemCodec } from "./item-codec.js";
import { buildPage, slotBytes } from "./page.js";
import type { PageSpace } from "./page-space.js";
import { SnapshotDamaged } from "./page-store.js";
import type { PageColumn } from "./page-table.js";

/** A page that is not yet in a checkpoint: the bytes of its items one after the other, and where each ends. */
interface GrowingPage {
  bytes: Buffer;
  length: number;
  readonly ends: number[];
}

export interface AppendTableOptions<T> {
  readonly space: PageSpace;
  readonly column: PageColumn;
  readonly codec: ItemCodec<T>;
  readonly pageItems: number;
  readonly count: number;
}

const writer = new WireWriter(4096);

export class AppendTable<T extends { readonly number: number }> {
  readonly #options: AppendTableOptions<T>;
  #count: number;
  /** Pages with items that no checkpoint has begun to take, and those that the checkpoint under way takes. */
  #growing = new Map<number, GrowingPage>();
  #frozen = new Map<number, GrowingPage>();

  constructor(options: AppendTableOptions<T>) {
    this.#options = options;
    this.#count = options.count;
  }

  get count(): number {
    return this.#count;
  }

  /** Nothing of it is kept as objects. */
  get residentCount(): number {
    return 0;
  }

  get dirtyPages(): number {
    return this.#growing.size;
  }

  get(number: number): T | undefined {
    if (number < 1 || number > this.#count) return undefined;
    const { pageItems, column, codec } = this.#options;
    const page = Math.floor((number - 1) / pageItems);
    const bytes = this.#slot(page, (number - 1) % pageItems);
    if (bytes === undefined || bytes.length === 0) {
      throw new SnapshotDamaged(`item ${number} of table ${column.table} of partition ${column.partition} is missing`);
    }
    return codec.read(new WireReader(bytes), number);
  }

  add(item: T): void {
    assert(item.number === this.#count + 1, `item ${item.number} follows ${this.#count}`);
    const page = this.#pageFor(item.number);
    writer.reset();
    this.#options.codec.write(writer, item);
    const { length } = writer;
    if (page.length + length > page.bytes.length) {
      const grown = Buffer.allocUnsafe((page.length + length) * 2);
      page.bytes.copy(grown, 0, 0, page.length);
      page.bytes = grown;
    }
    page.bytes.set(writer.bytes(), page.length);
    page.length += length;
    page.ends.push(page.length);
    this.#count = item.number;
  }

  freeze(): void {
    assert(this.#frozen.size === 0, "one checkpoint at a time");
    this.#frozen = this.#growing;
    this.#growing = new Map();
  }

  stageFrozen(pagesMax: number): number {
    let done = 0;
    for (const [number, page] of this.#frozen) {
      if (done === pagesMax) break;
      this.#stage(number, page);
      done++;
    }
    return done;
  }

  /** Lets go of pages that hold only items below `first`. Called before `freeze`, for pages that a checkpoint has. */
  dropBelow(first: number): void {
    const { space, column, pageItems } = this.#options;
    for (let page = Math.floor((first - 1) / pageItems) - 1; page >= 0; page--) {
      const wasGrowing = this.#growing.delete(page);
      if (!wasGrowing && space.table.generation(column, page) === 0) return;
      space.drop(column, page);
    }
  }

  /** The page that the next item goes to; its earlier items come along. */
  #pageFor(number: number): GrowingPage {
    const index = Math.floor((number - 1) / this.#options.pageItems);
    const known = this.#growing.get(index);
    if (known !== undefined) return known;
    const frozen = this.#frozen.get(index);
    if (frozen !== undefined) this.#stage(index, frozen);
    const page: GrowingPage = { bytes: Buffer.allocUnsafe(8192), length: 0, ends: [] };
    const before = this.#options.space.read(this.#options.column, index);
    for (let slot = 0; slot < (number - 1) % this.#options.pageItems; slot++) {
      const bytes = slotBytes(before!, slot);
      page.bytes = Buffer.concat([page.bytes.subarray(0, page.length), bytes, Buffer.allocUnsafe(4096)]);
      page.length += bytes.length;
      page.ends.push(page.length);
    }
    this.#growing.set(index, page);
    return page;
  }

  #slot(index: number, slot: number): Uint8Array | undefined {
    const page = this.#growing.get(index) ?? this.#frozen.get(index);
    if (page !== undefined) return page.bytes.subarray(slot === 0 ? 0 : page.ends[slot - 1]!, page.ends[slot]!);
    const stored = this.#options.space.read(this.#options.column, index);
    return stored === undefined ? undefined : slotBytes(stored, slot);
  }

  #stage(index: number, page: GrowingPage): void {
    this.#options.space.stage(this.#options.column, index, buildPage(page.bytes.subarray(0, page.length), page.ends));
    this.#frozen.delete(index);
  }
}
