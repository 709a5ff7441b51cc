import fc from "fast-check";
import { expect, test } from "vitest";
import { lowestNumbers } from "../../src/operations/lowest-numbers.js";

test("are those that sorting the whole set would give", () => {
  const set = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 300 });
  fc.assert(
    fc.property(set, fc.integer({ min: 0, max: 510 }), fc.integer({ min: 1, max: 40 }), (numbers, from, count) => {
      const sorted = numbers.filter((number) => number >= from).sort((a, b) => a - b);
      expect(lowestNumbers(new Set(numbers), from, count)).toEqual(sorted.slice(0, count));
    }),
  );
});
