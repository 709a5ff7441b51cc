import { hashKey } from "../domain/hash.js";
import type { KeyedTable } from "../domain/partition-state.js";
import type { KeyIndex } from "./key-index.js";
import { NumberedTable, type NumberedTableOptions } from "./numbered-table.js";

/** A numbered table whose items are also found by a key of theirs. */
export class KeyedNumberedTable<T extends { readonly number: number }>
  extends NumberedTable<T>
  implements KeyedTable<T>
{
  readonly #index: KeyIndex;
  readonly #keyOf: (item: T) => string;
  readonly #seed: number;

  constructor(
    options: NumberedTableOptions<T>,
    index: KeyIndex,
    key: { readonly seed: number; readonly of: (item: T) => string },
  ) {
    super(options);
    this.#index = index;
    this.#keyOf = key.of;
    this.#seed = key.seed;
  }

  find(key: string): T | undefined {
    return this.#find(key, (number) => this.get(number)!);
  }

  glance(key: string): T | undefined {
    return this.#find(key, (number) => this.peek(number)!);
  }

  #find(key: string, read: (number: number) => T): T | undefined {
    let found: T | undefined;
    this.#index.find(hashKey(this.#seed, key), (number) => {
      const item = read(number);
      if (this.#keyOf(item) !== key) return false;
      found = item;
      return true;
    });
    return found;
  }

  override add(item: T): void {
    this.#index.add(hashKey(this.#seed, this.#keyOf(item)));
    super.add(item);
  }
}
