/** The oracle and the service agree on every answer of random histories. */
import { describe, expect, test } from "vitest";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { NodeHarness, SETTINGS } from "../node/node-harness.js";
import { ServiceMatch } from "./oracle/service-match.js";

const HISTORIES = Number(process.env.HISTORIES ?? 6);
const STEPS = 2_500;
/** So little memory that most stocks, reservations and dealers are read back, and a checkpoint every few steps. */
const SMALL = { stocksResidentMax: 1, reservationsResidentMax: 1, checkpointRecordsMax: 40 };

describe("the oracle agrees with the service", () => {
  const first = chosenSeed();
  for (let history = 0; history < HISTORIES; history += 1) {
    const seed = (first + history) % 4294967296;
    test(`on every answer of a random history (seed ${seed})`, { timeout: 120_000 }, async () => {
      const node = await NodeHarness.start(history % 2 === 0 ? SETTINGS : { ...SETTINGS, ...SMALL });
      const match = new ServiceMatch(node, new SeededRandom(seed));
      await match.play(STEPS);
      if (match.wrong.length === 0) await match.checkAtRest();
      if (process.env.TALLY)
        console.log(
          [...match.tally]
            .sort()
            .map(([k, v]) => `${v} ${k}`)
            .join("\n"),
        );
      expect(match.wrong).toEqual([]);
      expect(node.failures).toEqual([]);
    });
  }
});
