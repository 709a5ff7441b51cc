/** Commands about drift: what they send, and what they print. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { DriftCause, DriftResolution, DriftState } from "../../src/client/index.js";
import { refused } from "../client/scripted-server.js";
import { run, runAgainst } from "./command-line.js";

const SINCE = timestampFromMs(Date.UTC(2026, 0, 2, 3, 4, 5));

const RUN = {
  runId: "run-1",
  source: "erp",
  full: true,
  startTime: SINCE,
  endTime: SINCE,
  compared: 500n,
  drifted: 3n,
  healed: 1n,
  quarantined: 0n,
  deferred: 7n,
  incomparable: 2n,
  missingHere: 4n,
  missingThere: 5n,
  causes: [
    { cause: DriftCause.SKIPPED_GAP, count: 2n },
    { cause: DriftCause.UNKNOWN, count: 1n },
  ],
};

const FOUND = {
  number: 12n,
  runId: "run-1",
  warehouseId: "north",
  sku: "bolt",
  asOfSequence: 41n,
  ourOnHand: 100n,
  theirOnHand: 93n,
  ourUnavailable: 0n,
  theirUnavailable: 2n,
  cause: DriftCause.SKIPPED_GAP,
  causeDetail: "17-18",
  state: DriftState.OPEN,
  createTime: SINCE,
};

test("runs shows what each came to, and from what", async () => {
  const { server, out, exitCode } = await runAgainst(
    { listDriftRuns: () => ({ runs: [RUN], nextPageToken: "more" }) },
    ...["drift", "runs", "--source", "erp", "--page-size", "1"],
  );
  expect(exitCode).toBe(0);
  expect(server.requests.get("listDriftRuns")).toMatchObject([{ source: "erp", pageSize: 1 }]);
  expect(out).toMatch(
    /\n2026-01-02 03:04:05Z +erp +run-1 +full +500 +3 +1 +0 +7 +2 +4 here, 5 there +2 skipped gap, 1 unknown\n/,
  );
  expect(out).toContain("--page-token more");
  const none = await runAgainst({ listDriftRuns: () => ({}) }, "drift", "runs");
  expect(none.out).toBe("No runs.");
});

test("discrepancies shows both sides, the likely cause, and who decided", async () => {
  const decided = {
    ...FOUND,
    number: 11n,
    missingThere: true,
    cause: DriftCause.UNKNOWN,
    causeDetail: "",
    state: DriftState.DISMISSED,
    resolveTime: SINCE,
    resolveActor: "ann",
    resolveReason: "counted",
  };
  const { server, out } = await runAgainst(
    { listDiscrepancies: () => ({ discrepancies: [FOUND, decided] }) },
    ...["drift", "discrepancies", "north", "--run", "run-1", "--resolved"],
  );
  expect(server.requests.get("listDiscrepancies")).toMatchObject([
    { warehouseId: "north", runId: "run-1", includeResolved: true },
  ]);
  expect(out).toMatch(
    /\n +12 {2}OPEN +2026-01-02 03:04:05Z +north bolt +#41 +100 +93 \(2 unavailable\) +skipped gap: 17-18 +-\n/,
  );
  expect(out).toMatch(/\n +11 {2}DISMISSED .+ not told +unknown +ann: counted$/);
  const none = await runAgainst({ listDiscrepancies: () => ({}) }, "drift", "discrepancies", "north");
  expect(none.out).toBe("No discrepancies.");
});

test("ask sends what is wanted, and says under which name it comes", async () => {
  const { server, out } = await runAgainst(
    { requestPositions: () => ({ runId: "run-9" }) },
    ...["drift", "ask", "erp", "--full", "--warehouse", "north", "--actor", "ann"],
  );
  expect(server.requests.get("requestPositions")).toMatchObject([
    { source: "erp", full: true, warehouseId: "north", actor: "ann" },
  ]);
  expect(out).toContain("run-9");
});

test.each([
  ["heal", DriftResolution.HEAL],
  ["dismiss", DriftResolution.DISMISS],
  ["quarantine", DriftResolution.QUARANTINE],
])("%s sends the decision with who and why", async (command, resolution) => {
  const { server, out, exitCode } = await runAgainst(
    { resolveDrift: () => ({ discrepancy: FOUND }) },
    ...["drift", command, "north", "12", "--actor", "ann", "--reason", "checked"],
  );
  expect(exitCode).toBe(0);
  expect(server.requests.get("resolveDrift")).toMatchObject([
    { warehouseId: "north", number: 12n, resolution, actor: "ann", reason: "checked" },
  ]);
  expect(out).toContain("north bolt");
});

test("a healing that came too late is refused, and says why", async () => {
  const { exitCode, error } = await runAgainst(
    {
      resolveDrift: () => {
        throw refused({ code: status.FAILED_PRECONDITION, message: "outdated", reason: "DRIFT_OUTDATED" });
      },
    },
    ...["drift", "heal", "north", "12"],
  );
  expect(exitCode).toBe(3);
  expect(error).toContain("DRIFT_OUTDATED");
  expect(error).toContain("holdfast drift dismiss");
});

test("--help has examples, and a number that is none is a usage error", async () => {
  const help = await run("drift", "--help");
  expect(help.exitCode).toBe(0);
  expect(help.out).toContain("Examples:");
  const wrong = await run("drift", "heal", "north", "twelve");
  expect(wrong.exitCode).toBe(2);
  expect(wrong.error).toContain("whole number");
});
