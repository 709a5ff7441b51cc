/** Plays worlds of many seeds one after the other, and counts what they met together. */
import { Coverage } from "./coverage.js";
import { runWorld } from "./run-world.js";
import type { Seams } from "./world.js";

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  readonly steps: number;
  readonly seams?: Seams;
}

/** Rejects with the RunFailed of the first seed that finds something. */
export async function playSeeds({ first, count, ...how }: SeedRange): Promise<Coverage> {
  const coverage = new Coverage();
  for (let seed = first; seed < first + count; seed++) {
    coverage.add((await runWorld({ seed, ...how })).coverage);
    // Lets the test runner breathe; no world is under way.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return coverage;
}
