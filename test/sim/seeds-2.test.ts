/** Half of the seeds that every change is held to; the other half runs beside it. `npm run soak` goes on from there. */
import { expect, test } from "vitest";
import { playSeeds } from "./play-seeds.js";

const SEEDS = { first: 161, count: 160, steps: 500 };

test("160 worlds find nothing, and meet every fault and every rare event", { timeout: 600_000 }, async () => {
  const coverage = await playSeeds(SEEDS);
  expect(coverage.missing).toEqual([]);
});
