/** Commands about the ERP side: what they send, and what they print. */
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { AtRiskResolution, DeadLetterState, GapPolicy, ReservationState, SourceState } from "../../src/client/index.js";
import { refused } from "../client/scripted-server.js";
import { run, runAgainst } from "./command-line.js";

const SINCE = timestampFromMs(Date.UTC(2026, 0, 2, 3, 4, 5));
const BY = ["--actor", "ann", "--reason", "checked"];

const SOURCE = {
  source: "erp",
  warehouseIds: ["north"],
  thresholds: { gapWait: durationFromMs(5_000) },
  effectiveThresholds: {
    laggingAfter: durationFromMs(60_000),
    staleAfter: durationFromMs(900_000),
    gapWait: durationFromMs(5_000),
    gapPolicy: GapPolicy.WAIT,
  },
  state: SourceState.LAGGING,
  appliedSequence: 41n,
  gaps: [
    { first: 42n, last: 42n },
    { first: 45n, last: 47n },
  ],
  gapSince: SINCE,
};

describe("source", () => {
  test("put sends warehouses and thresholds, and shows what is in effect", async () => {
    const { server, out, exitCode } = await runAgainst(
      { putSource: () => ({ source: SOURCE }) },
      ...["source", "put", "erp", "--warehouse", "north", "--warehouse", "south", "--gap-wait", "5s"],
      ...["--lagging-after", "1m", "--stale-after", "15m", "--gap-policy", "skip", ...BY],
    );
    expect(exitCode).toBe(0);
    expect(server.requests.get("putSource")).toMatchObject([
      {
        source: {
          source: "erp",
          warehouseIds: ["north", "south"],
          thresholds: {
            laggingAfter: durationFromMs(60_000),
            staleAfter: durationFromMs(900_000),
            gapWait: durationFromMs(5_000),
            gapPolicy: GapPolicy.SKIP,
          },
        },
        actor: "ann",
        reason: "checked",
      },
    ]);
    expect(out).toMatch(/\nstate +LAGGING\napplied +#41\nmissing +42, 45 to 47\nmissing since +2026-01-02 03:04:05Z\n/);
    expect(out).toMatch(/gap wait +5s +5s\ngap policy +- +wait$/);
  });

  test("put without options leaves everything as configured", async () => {
    const { server } = await runAgainst({ putSource: () => ({ source: SOURCE }) }, "source", "put", "erp");
    const [{ source }] = server.requests.get("putSource") ?? [];
    expect(source).toMatchObject({ source: "erp", warehouseIds: [] });
    const { laggingAfter, staleAfter, gapWait, gapPolicy } = source.thresholds;
    expect([laggingAfter, staleAfter, gapWait, gapPolicy]).toEqual([
      undefined,
      undefined,
      undefined,
      GapPolicy.UNSPECIFIED,
    ]);
  });

  test("get and list show how sources stand", async () => {
    const one = await runAgainst({ getSource: () => ({ source: SOURCE }) }, "source", "get", "erp");
    expect(one.server.requests.get("getSource")).toMatchObject([{ source: "erp" }]);
    expect(one.out).toMatch(/^source +erp\n/);
    const list = await runAgainst({ listSources: () => ({ sources: [SOURCE] }) }, "source", "list");
    expect(list.out).toMatch(/\nerp +LAGGING +41 {2}42, 45 to 47 {2}- +north$/);
    const none = await runAgainst({ listSources: () => ({}) }, "source", "list");
    expect(none.out).toBe("No sources.");
  });

  test("move names the stock, the new source and where it begins", async () => {
    const { server, out } = await runAgainst(
      { moveStockSource: () => ({ source: "wms", previousSource: "erp" }) },
      ...["source", "move", "north", "bolt", "--to", "wms", "--from-sequence", "7", ...BY],
    );
    const moved = { warehouseId: "north", sku: "bolt", source: "wms", fromSequence: 7n, actor: "ann" };
    expect(server.requests.get("moveStockSource")).toMatchObject([moved]);
    expect(out).toBe("north bolt: erp -> wms");
  });

  test("skip-gap says what was skipped, and what there is to do where nothing can be", async () => {
    const answer = { appliedSequence: 44n, skipped: { first: 42n, last: 42n } };
    const argv = ["source", "skip-gap", "erp", "--last", "42", ...BY];
    const { server, out } = await runAgainst({ skipGap: () => answer }, ...argv);
    expect(server.requests.get("skipGap")).toMatchObject([{ source: "erp", last: 42n, reason: "checked" }]);
    expect(out).toBe("erp: skipped #42 to #42, applied up to #44");
    const again = await runAgainst({ skipGap: () => ({ appliedSequence: 44n }) }, ...argv);
    expect(again.out).toBe("erp: nothing to skip, applied up to #44");
    const skipGap = (): never => {
      throw refused({ code: status.FAILED_PRECONDITION, message: "Nothing is missing.", reason: "NO_GAP" });
    };
    const { exitCode, error } = await runAgainst({ skipGap }, ...argv);
    expect(exitCode).toBe(3);
    expect(error).toContain("holdfast source get");
  });
});

describe("dead-letters", () => {
  const LETTER = {
    number: 7n,
    event: {
      source: "erp",
      sequence: 3n,
      body: { case: "stockBlocked", value: { warehouseId: "north", sku: "bolt", delta: -4n } },
    },
    reason: "BELOW_ZERO: unavailable",
    createTime: SINCE,
    state: DeadLetterState.OPEN,
  };

  test("list filters, and shows what each event said and why it was not taken", async () => {
    const { server, out } = await runAgainst(
      { listDeadLetters: () => ({ deadLetters: [LETTER], nextPageToken: "p2" }) },
      ...["dead-letters", "list", "--source", "erp", "--resolved", "--page-size", "1"],
    );
    expect(server.requests.get("listDeadLetters")).toMatchObject([
      { source: "erp", includeResolved: true, pageSize: 1 },
    ]);
    expect(out).toMatch(
      /\n +7 {2}OPEN +2026-01-02 03:04:05Z +erp #3 +north bolt +blocked -4 +BELOW_ZERO: unavailable\n/,
    );
    expect(out).toContain("--page-token p2");
  });

  test.each([
    ["replay", "replayDeadLetter", "REPLAYED"],
    ["drop", "dropDeadLetter", "DROPPED"],
  ] as const)("%s names the number, and who did it why", async (command, method, state) => {
    const script = { [method]: () => ({ deadLetter: { ...LETTER, state: DeadLetterState[state] } }) };
    const { server, out } = await runAgainst(script, "dead-letters", command, "7", ...BY);
    expect(server.requests.get(method)).toMatchObject([{ number: 7n, actor: "ann", reason: "checked" }]);
    expect(out).toContain(state);
  });
});

describe("exceptions", () => {
  const EXCEPTION = {
    number: 3n,
    event: {
      source: "erp",
      sequence: 9n,
      body: { case: "orderDispatched", value: { warehouseId: "north", sku: "bolt", quantity: 5n, orderId: "4711" } },
    },
    quantity: 5n,
    attached: 2n,
    reason: "ORDER_NOT_COMMITTED",
    createTime: SINCE,
  };

  test("list shows what was dispatched, and attach says whose it was", async () => {
    const list = await runAgainst(
      { listDispatchExceptions: () => ({ exceptions: [EXCEPTION] }) },
      ...["exceptions", "list", "north", "--sku", "bolt", "--resolved"],
    );
    expect(list.server.requests.get("listDispatchExceptions")).toMatchObject([
      { warehouseId: "north", sku: "bolt", includeResolved: true },
    ]);
    expect(list.out).toMatch(/erp #9 +north bolt +dispatched 5 of 4711 +5 +2 {2}ORDER_NOT_COMMITTED$/);
    const attach = await runAgainst(
      { attachDispatch: () => ({ exception: EXCEPTION }) },
      ...["exceptions", "attach", "north", "3", "r1.1", "--quantity", "2", ...BY],
    );
    expect(attach.server.requests.get("attachDispatch")).toMatchObject([
      { warehouseId: "north", exception: 3n, reservationId: "r1.1", quantity: 2n, actor: "ann", reason: "checked" },
    ]);
    expect(attach.out).toContain("ORDER_NOT_COMMITTED");
  });
});

describe("at-risk", () => {
  const LINE = {
    warehouseId: "north",
    sku: "bolt",
    reservationId: "r1.1",
    dealerId: "d1",
    orderId: "4711",
    state: ReservationState.COMMITTED,
    provisional: true,
    quantity: 9n,
    shortBy: 4n,
    since: SINCE,
    kept: true,
  };

  test("list shows who is short of what", async () => {
    const { server, out } = await runAgainst(
      { listAtRisk: () => ({ lines: [LINE] }) },
      ...["at-risk", "list", "--warehouse", "north", "--kept"],
    );
    expect(server.requests.get("listAtRisk")).toMatchObject([{ warehouseId: "north", includeKept: true }]);
    expect(out).toMatch(/\nnorth +bolt +r1\.1 +COMMITTED \(provisional, kept\) +d1 +4711 +9 +4 {2}2026-01-02/);
  });

  test.each(["release", "keep"] as const)(
    "%s sends the decision with its reason, and asks for one",
    async (command) => {
      const reservation = { reservationId: "r1.1", state: ReservationState.COMMITTED, atRisk: true };
      const { server, out } = await runAgainst(
        { resolveAtRisk: () => ({ reservation }) },
        "at-risk",
        command,
        "r1.1",
        ...BY,
      );
      const resolution = command === "release" ? AtRiskResolution.RELEASE : AtRiskResolution.KEEP;
      expect(server.requests.get("resolveAtRisk")).toMatchObject([
        { reservationId: "r1.1", resolution, actor: "ann", reason: "checked" },
      ]);
      expect(out).toContain("COMMITTED (at risk)");
      expect((await run("at-risk", command, "r1.1")).error).toContain("--reason");
    },
  );
});

test.each(["source", "dead-letters", "exceptions", "at-risk"])("%s --help has examples", async (command) => {
  const { exitCode, out } = await run(command, "--help");
  expect(exitCode).toBe(0);
  expect(out).toContain("Examples:");
});

test.each([
  [["source", "put", "erp", "--gap-policy", "hope"], "wait, skip"],
  [["source", "move", "north", "bolt", "--from-sequence", "1"], "--to"],
  [["source", "skip-gap", "erp"], "--last"],
  [["dead-letters", "replay", "seven"], "whole number"],
  [["exceptions", "attach", "north", "1"], "reservation"],
])("%j is a usage error that names what is wrong", async (argv, hint) => {
  const { exitCode, error } = await run(...argv);
  expect(exitCode).toBe(2);
  expect(error).toContain(hint);
});
