/** The same seed gives the same history: nothing in a world depends on real time, real I/O, or the run before it. */
import { expect, test } from "vitest";
import { runWorld } from "./run-world.js";

test.each([1, 2, 3])("seed %i twice in a row gives the same digest", async (seed) => {
  const first = await runWorld({ seed, steps: 600 });
  const second = await runWorld({ seed, steps: 600 });
  expect(second.digest).toBe(first.digest);
  expect(second.events).toBe(first.events);
  expect(first.decisions).toBeGreaterThan(100);
});

test("other seeds give other histories", async () => {
  const digests = new Set<string>();
  for (const seed of [1, 2, 3]) digests.add((await runWorld({ seed, steps: 200 })).digest);
  expect(digests.size).toBe(3);
});
