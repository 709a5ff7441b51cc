import { expect, test } from "vitest";
import { zipfSkus } from "../../../scripts/bench/load/zipf-skus.js";

const CHOICES = 200_000;

test("the k-th SKU is chosen in proportion to 1 / k, and only SKUs of the range are", () => {
  const skus = zipfSkus({ first: 10, count: 100 });
  const chosen = new Map<number, number>();
  for (let choice = 0; choice < CHOICES; choice++) {
    const sku = skus.next();
    chosen.set(sku, (chosen.get(sku) ?? 0) + 1);
  }
  expect(Math.min(...chosen.keys())).toBe(10);
  expect(Math.max(...chosen.keys())).toBe(109);
  const harmonic = Array.from({ length: 100 }, (_, at) => 1 / (at + 1)).reduce((sum, share) => sum + share, 0);
  for (const rank of [1, 2, 5, 20]) {
    const expected = CHOICES / rank / harmonic;
    expect(chosen.get(9 + rank)! / expected, `rank ${rank}`).toBeCloseTo(1, 1);
  }
});

test("two choices of the same range make the same sequence", () => {
  const [one, other] = [zipfSkus({ first: 0, count: 50 }), zipfSkus({ first: 0, count: 50 })];
  for (let choice = 0; choice < 1_000; choice++) expect(one.next()).toBe(other.next());
});
