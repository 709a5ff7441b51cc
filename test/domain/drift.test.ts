/** When a difference is drift. */
import { expect, test } from "vitest";
import { isDrift } from "../../src/domain/drift.js";

const policy = (driftThresholdPercent: number, driftThresholdUnits = 0) =>
  ({ driftThresholdUnits, driftThresholdPercent, driftAction: "ASK" }) as const;

test("a difference of exactly the percentage is within it, one more unit is not", () => {
  for (const theirs of [10, 30, 70, 110, 1_230, Number.MAX_SAFE_INTEGER - 1]) {
    for (const percent of [1, 7, 10, 33, 100]) {
      const most = Number((BigInt(theirs) * BigInt(percent)) / 100n);
      expect(isDrift(theirs - most, theirs, policy(percent)), `${most} of ${theirs} at ${percent} %`).toBe(false);
      expect(isDrift(theirs - most - 1, theirs, policy(percent)), `${most + 1} of ${theirs}`).toBe(true);
    }
  }
});

test("a difference has to pass the units as well", () => {
  expect(isDrift(8, 10, policy(10, 2))).toBe(false);
  expect(isDrift(7, 10, policy(10, 2))).toBe(true);
});
