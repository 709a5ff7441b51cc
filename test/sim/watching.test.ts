/** Worlds in which availability is watched, held to the rest of the simulation too. They are seeds of their own: watching takes timers. */
import { expect, test } from "vitest";
import { WATCH_COUNTERS, type WatchCounts } from "./availability-viewers.js";
import { runWorld } from "./run-world.js";

const SEEDS = 30;
const STEPS = 400;

test(`whoever watches ${SEEDS} worlds is told in order, without a gap, and nothing that is lost`, {
  timeout: 300_000,
}, async () => {
  const watchCounts: WatchCounts = new Map();
  for (let seed = 1; seed <= SEEDS; seed++) await runWorld({ seed, steps: STEPS, watchCounts });
  expect(WATCH_COUNTERS.filter((counter) => !watchCounts.has(counter))).toEqual([]);
});

test("a watched world is the same each time", { timeout: 60_000 }, async () => {
  const first = await runWorld({ seed: 7, steps: STEPS, watchCounts: new Map() });
  const second = await runWorld({ seed: 7, steps: STEPS, watchCounts: new Map() });
  expect(second.digest).toBe(first.digest);
  expect(second.events).toBe(first.events);
});
