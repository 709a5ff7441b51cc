/** Small bounds for a small world, so that a short run comes to each of them. */
import type { LogNodeSettings } from "../../src/compose/log-node.js";
import type { SeededRandom } from "../journal/seeded-random.js";

/** So few remembered answers that a run comes to the bound. */
export const ANSWERS_FEW = 60;

export function drawSettings(random: SeededRandom): LogNodeSettings {
  return {
    requireKnown: random.chance(0.2),
    sourceThresholds: {
      laggingAfterMs: random.pick([500, 1_500, 60_000]),
      staleAfterMs: random.pick([2_000, 6_000, 20_000, 365 * 24 * 3_600_000]),
      gapWaitMs: random.pick([30, 1_000, 30_000]),
      gapPolicy: random.pick(["WAIT", "SKIP"]),
    },
    // Most of what comes in is 20 at most.
    erpQuantityMax: random.pick([20, 25]),
    watch: { conflateMs: 50, heartbeatMs: 10_000, unreadMaxMs: 60_000 },
    stocksResidentMax: random.pick([8, 1_000]),
    reservationsResidentMax: random.pick([8, 1_000]),
    answersMax: random.pick([ANSWERS_FEW, 100_000, 100_000, 100_000]),
    answerRetentionMs: 7 * 24 * 3_600_000,
    inboxCommandsMax: random.pick([4, 1_000, 1_000]),
    checkpointRecordsMax: random.pick([10, 60, 60, 100_000]),
    checkpointBytesMax: 1_000_000_000,
  };
}
