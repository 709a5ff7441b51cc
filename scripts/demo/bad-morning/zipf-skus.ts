import type { SeededRandom } from "../../../test/journal/seeded-random.js";

/** SKUs as dealers ask for them: a few all the time, most of them now and then. */
export class ZipfSkus {
  readonly #skus: readonly string[];
  readonly #random: SeededRandom;
  /** Sums of the shares, ascending to 1. */
  readonly #sums: readonly number[];

  constructor(skus: readonly string[], random: SeededRandom, exponent = 0.8) {
    this.#skus = skus;
    this.#random = random;
    const weights = skus.map((_, rank) => 1 / (rank + 1) ** exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    this.#sums = weights.map((weight) => {
      sum += weight / total;
      return sum;
    });
  }

  next(): string {
    const wanted = this.#random.next();
    const index = this.#sums.findIndex((sum) => sum >= wanted);
    return this.#skus[index === -1 ? this.#skus.length - 1 : index]!;
  }
}
