/** The choice of SKUs as customers make it: a few are wanted by most. */
import type { SkuChoice } from "./reserve-message.js";

/** Choices are drawn from a table of this many places, a share of it for each SKU. */
const TABLE_SIZE = 2 ** 16;

/**
 * The k-th of `count` SKUs in proportion to 1 / k (Zipf with exponent 1), in an order that looks random and is the same
 * in every run.
 */
export function zipfSkus({ first, count }: { readonly first: number; readonly count: number }): SkuChoice {
  const table = zipfTable(count);
  let state = 1;
  return {
    first,
    count,
    next: () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return first + table[state >>> 16]!;
    },
  };
}

function zipfTable(count: number): Uint16Array {
  const table = new Uint16Array(TABLE_SIZE);
  const total = sumOfShares(count);
  let sum = 0;
  let at = 0;
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank;
    const end = Math.round((sum / total) * TABLE_SIZE);
    while (at < end) table[at++] = rank - 1;
  }
  return table;
}

function sumOfShares(count: number): number {
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) sum += 1 / rank;
  return sum;
}
