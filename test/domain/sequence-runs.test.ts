import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SequenceRange, SequenceRuns } from "../../src/domain/sequence-runs.js";
import { chosenSeed } from "../journal/seeded-random.js";

const RANGES_MAX = 5;

function missingOf(kept: ReadonlySet<number>, first: number, last: number): readonly SequenceRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (let sequence = first; sequence <= Math.max(last, ...kept); sequence++) {
    if (kept.has(sequence)) continue;
    const open = ranges.at(-1);
    if (open?.last === sequence - 1) open.last = sequence;
    else ranges.push({ first: sequence, last: sequence });
  }
  return ranges.slice(0, RANGES_MAX);
}

describe("runs of sequences", () => {
  test("name what is missing as a look at each sequence would", () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 1, arbitrary: fc.record({ dropThrough: fc.integer({ min: 1, max: 60 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 70 }), (steps, last) => {
        const runs = new SequenceRuns();
        const kept = new Set<number>();
        let first = 1;
        for (const { add, dropThrough } of steps as { add?: number; dropThrough?: number }[]) {
          if (add !== undefined && add >= first) {
            runs.add(add);
            kept.add(add);
          }
          if (dropThrough !== undefined && dropThrough >= first) {
            runs.dropThrough(dropThrough);
            for (const sequence of kept) if (sequence <= dropThrough) kept.delete(sequence);
            first = dropThrough + 1;
          }
          expect(runs.missing(first, last, RANGES_MAX)).toEqual(missingOf(kept, first, last));
        }
      }),
      { seed: chosenSeed() | 0 },
    );
  });

  test("stay few where the holes are few", () => {
    const runs = new SequenceRuns();
    for (let sequence = 10_000; sequence > 2; sequence--) runs.add(sequence);
    expect(runs.missing(2, 10_001, RANGES_MAX)).toEqual([
      { first: 2, last: 2 },
      { first: 10_001, last: 10_001 },
    ]);
  });
});
