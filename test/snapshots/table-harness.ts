/** Pages in memory with a checkpoint made step by step, for the tables that live on them. */
import type { ItemCodec } from "../../src/snapshots/item-codec.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import { PageSpace } from "../../src/snapshots/page-space.js";

export interface Item {
  readonly number: number;
  value: number;
}

/** A value and as many bytes of filling, so that items differ in length and one is never empty. */
export const itemCodec: ItemCodec<Item> = {
  write(writer, item) {
    writer.int(1, item.value + 1);
    writer.string(2, "x".repeat(item.value % 50));
  },
  read(reader, number) {
    let value = 0;
    while (reader.next()) {
      if (reader.field === 1) value = reader.int() - 1;
      else reader.skip();
    }
    return { number, value };
  },
};

export const COLUMN = { table: 1, partition: 1 };

export class Pages {
  readonly store = new MemoryPageStore();
  space = new PageSpace(this.store);
  generation = 0;

  /** Writes what is staged, as a checkpoint does. */
  async write(): Promise<void> {
    this.generation += 1;
    await this.space.flush(this.generation);
    this.space.settle();
  }

  /** As a start-up sees them: what is written, and nothing of memory. */
  asStored(): PageSpace {
    return new PageSpace(this.store, this.space.table, this.space.obsolete);
  }

  /** As after a restart. */
  reopen(): PageSpace {
    this.space = this.asStored();
    return this.space;
  }
}
