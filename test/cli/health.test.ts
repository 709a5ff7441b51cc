import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { HealthLevel, SourceState } from "../../src/client/index.js";
import { runAgainst } from "./command-line.js";

const ANSWER = {
  sources: [{ source: "erp", state: SourceState.STALE, appliedSequence: 7n }],
  receivedToApplied: {
    p99: durationFromMs(12),
    samples: 3n,
    amber: durationFromMs(250),
    red: durationFromMs(2_000),
    level: HealthLevel.GREEN,
  },
  erpResponse: { samples: 0n },
  accuracy: [
    {
      window: durationFromMs(3_600_000),
      fulfilledUnits: 97n,
      failedUnits: 3n,
      ratio: 0.97,
      amber: 0.995,
      red: 0.98,
      level: HealthLevel.RED,
    },
  ],
  deadLetters: { value: 2n, amber: 1n, red: 20n, level: HealthLevel.AMBER },
};

test("health shows each source, and each measure with its level and where that would change", async () => {
  const { server, exitCode, out } = await runAgainst(
    { getSyncHealth: () => ANSWER },
    "health",
    "--warehouse",
    "north",
    "--sku",
    "bolt",
  );
  expect(exitCode).toBe(0);
  expect(server.requests.get("getSyncHealth")).toMatchObject([{ warehouseId: "north", sku: "bolt" }]);
  expect(out).toMatch(/erp +STALE +never +7/);
  expect(out).toMatch(/received to applied, p99 +12ms +green +250ms +2s/);
  expect(out).toMatch(/ERP's answers, p99 +- +-/);
  expect(out).toMatch(/accuracy over 1h +97\.0 % of 100 +red +99\.5 % +98\.0 %/);
  expect(out).toMatch(/dead letters +2 +amber +1 +20/);
});
