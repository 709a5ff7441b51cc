import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  AvailabilityLevel,
  AvailabilityPrecision,
  Disposition,
  FillPolicy,
  FreshnessState,
  ReleaseReason,
  ReservationState,
  ReserveOutcome,
  ShortageReason,
} from "../../src/client/index.js";
import type { StreamEventsRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { refused, type Script } from "../client/scripted-server.js";
import { run, runAgainst } from "./command-line.js";

const RESERVATION = {
  reservationId: "r1.1",
  dealerId: "d1",
  orderId: "4711",
  warehouseId: "north",
  state: ReservationState.PENDING,
  revision: 1n,
  lines: [{ sku: "bolt", requested: 5n, reserved: 5n }],
};

function reserveAnswers(answer: object): Script {
  return { reserve: () => answer };
}

describe("reserve", () => {
  const ARGV = ["reserve", "--dealer", "d1", "--order", "4711"];

  test("sends what was typed", async () => {
    const typed = [
      ...ARGV,
      "--warehouse",
      "north",
      "--hold",
      "15m",
      "--partial",
      "--request-id",
      "q1",
      "bolt=5",
      "nut=2",
    ];
    const { server, exitCode } = await runAgainst(
      reserveAnswers({ outcome: ReserveOutcome.RESERVED, reservation: RESERVATION }),
      ...typed,
    );
    expect(exitCode).toBe(0);
    expect(server.requests.get("reserve")).toMatchObject([
      {
        requestId: "q1",
        dealerId: "d1",
        orderId: "4711",
        warehouseId: "north",
        lines: [
          { sku: "bolt", quantity: 5n },
          { sku: "nut", quantity: 2n },
        ],
        fillPolicy: FillPolicy.PARTIAL,
        holdDuration: durationFromMs(900_000),
        commit: false,
      },
    ]);
  });

  test("prints the reservation as a table", async () => {
    const { out } = await runAgainst(
      reserveAnswers({ outcome: ReserveOutcome.RESERVED, reservation: RESERVATION }),
      ...ARGV,
      "bolt=5",
    );
    expect(out).toMatch(/^RESERVED\n\nreservation {2}r1\.1\nstate {8}PENDING\n/);
    expect(out).toMatch(/\nSKU {3}REQUESTED {2}RESERVED.*\nbolt {10}5 {9}5 /);
  });

  test("ends with 3 when the order is rejected, and says what is short", async () => {
    const shortages = [{ sku: "bolt", requested: 5n, available: 2n, reason: ShortageReason.INSUFFICIENT }];
    const { exitCode, out } = await runAgainst(
      reserveAnswers({ outcome: ReserveOutcome.REJECTED, shortages }),
      ...ARGV,
      "bolt=5",
    );
    expect(exitCode).toBe(3);
    expect(out).toMatch(/^REJECTED\n\nSHORT OF.*\nbolt +5 +2 {2}insufficient$/);
  });

  test("says so when the figures are not live", async () => {
    const freshness = { state: FreshnessState.LAGGING };
    const answer = { outcome: ReserveOutcome.RESERVED, reservation: RESERVATION, freshness };
    const { out } = await runAgainst(reserveAnswers(answer), ...ARGV, "bolt=5");
    expect(out).toContain("LAGGING");
  });

  test("--json prints the canonical JSON of the answer, zeros included, and ends with 3 all the same", async () => {
    const { exitCode, out } = await runAgainst(
      reserveAnswers({
        outcome: ReserveOutcome.REJECTED,
        shortages: [{ sku: "bolt", requested: 5n, reason: ShortageReason.INSUFFICIENT }],
      }),
      ...ARGV,
      "--json",
      "bolt=5",
    );
    expect(exitCode).toBe(3);
    expect(JSON.parse(out)).toEqual({
      outcome: "RESERVE_OUTCOME_REJECTED",
      shortages: [{ sku: "bolt", requested: "5", available: "0", reason: "SHORTAGE_REASON_INSUFFICIENT" }],
    });
  });
});

describe("how a command ends", () => {
  const GET = ["get", "--dealer", "d1", "r1.1"];

  test.each([
    [status.FAILED_PRECONDITION, 3],
    [status.NOT_FOUND, 3],
    [status.ALREADY_EXISTS, 3],
    [status.INVALID_ARGUMENT, 3],
    [status.RESOURCE_EXHAUSTED, 3],
    [status.INTERNAL, 1],
    [status.UNIMPLEMENTED, 1],
    [status.DEADLINE_EXCEEDED, 1],
  ])("code %d ends with %d", async (code, expected) => {
    const getReservation = (): never => {
      throw refused({ code, message: "no", reason: "SOME_REASON" });
    };
    expect((await runAgainst({ getReservation }, ...GET)).exitCode).toBe(expected);
  });

  test("a refusal prints reason, message, fields and advice, and no stack", async () => {
    const getReservation = (): never => {
      const message = "There is no such reservation.";
      throw refused({ code: status.NOT_FOUND, message, reason: "RESERVATION_NOT_FOUND", fields: ["reservation_id"] });
    };
    const { out, error } = await runAgainst({ getReservation }, ...GET);
    expect(out).toBe("");
    expect(error.split("\n")).toEqual([
      "Refused: RESERVATION_NOT_FOUND",
      "  There is no such reservation.",
      "  reservation_id: reservation_id is wrong",
      '  See what this dealer has with "holdfast list --dealer DEALER".',
    ]);
  });

  test("--json prints a failure as one JSON line on standard error", async () => {
    const commit = (): never => {
      throw refused({
        code: status.FAILED_PRECONDITION,
        message: "The hold ended.",
        reason: "RESERVATION_EXPIRED",
        metadata: { reservation_id: "r1.1" },
      });
    };
    const { out, error } = await runAgainst(
      { commit },
      "commit",
      "--json",
      "--dealer",
      "d1",
      "--request-id",
      "q1",
      "r1.1",
    );
    expect(out).toBe("");
    expect(JSON.parse(error)).toEqual({
      error: {
        code: "FAILED_PRECONDITION",
        reason: "RESERVATION_EXPIRED",
        message: "The hold ended.",
        metadata: { reservation_id: "r1.1" },
        fieldViolations: [],
        requestId: "q1",
      },
    });
  });

  test("a server that is not there ends with 1, says how to start it and how to find out what happened", async () => {
    const { server } = await runAgainst({}, "get");
    const { exitCode, error } = await run(
      "commit",
      "--dealer",
      "d1",
      "--request-id",
      "q1",
      "r1.1",
      "--server",
      server.address,
    );
    expect(exitCode).toBe(1);
    expect(error).toContain(`Nothing answers at ${server.address}`);
    expect(error).toContain("holdfast serve");
    expect(error).toContain("--request-id q1");
  });

  test.each([
    [["reserve", "--dealer", "d1", "--order", "1"], "SKU=QTY"],
    [["reserve", "--dealer", "d1", "bolt=1"], "--order"],
    [["reserve", "--dealer", "d1", "--order", "1", "bolt"], "SKU=QTY"],
    [["reserve", "--dealer", "d1", "--order", "1", "--hold", "soon", "bolt=1"], "15m"],
    [["get", "r1.1"], "--dealer"],
    [["get", "--dealer", "d1", "--server", "nowhere", "r1.1"], "HOST:PORT"],
    [["list", "--dealer", "d1", "--state", "pending,gone"], "pending, committed"],
    [["availability"], "--dealer or --warehouse"],
    [["availability", "--dealer", "d1", "--warehouse", "w1"], "--dealer or --warehouse"],
    [["replay"], "--orders"],
    [["replay", "--orders", "x.csv", "--embedded", "--server", "127.0.0.1:1"], "--server or --embedded"],
    [["release", "--dealer", "d1", "--reason", "mood", "r1.1"], "cancelled"],
    [["frobnicate"], "unknown command"],
  ])("%j is a usage error that names what is wrong", async (argv, hint) => {
    const { exitCode, error, out } = await run(...argv);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(error).toContain(hint);
  });

  test("help and version end with 0, and every command has examples", async () => {
    const help = await run("--help");
    expect(help.exitCode).toBe(0);
    const names = [...help.out.matchAll(/^ {2}([a-z]+)(?: \[options\]| {3,})/gm)].map(([, name]) => name as string);
    expect(names).toEqual(
      expect.arrayContaining(
        "serve reserve commit release extend get list availability receive stock dealers".split(" "),
      ),
    );
    expect(names).toEqual(expect.arrayContaining(["policy", "verify", "replay"]));
    for (const name of names.filter((each) => each !== "help")) {
      const { exitCode, out } = await run(name, "--help");
      expect({ name, exitCode }).toEqual({ name, exitCode: 0 });
      expect(out).toContain("Examples:");
    }
    expect(await run("--version")).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

describe("the other commands", () => {
  test("commit and release send the lines, and extend the duration", async () => {
    const answers: Script = {
      commit: () => ({ reservation: RESERVATION }),
      release: () => ({ reservation: RESERVATION }),
      extend: () => ({ reservation: RESERVATION }),
    };
    const commit = await runAgainst(answers, "commit", "--dealer", "d1", "r1.1", "bolt=3");
    expect(commit.server.requests.get("commit")).toMatchObject([
      { dealerId: "d1", reservationId: "r1.1", lines: [{ sku: "bolt", quantity: 3n }] },
    ]);
    const release = await runAgainst(answers, "release", "--dealer", "d1", "--reason", "dispatch-failed", "r1.1");
    expect(release.server.requests.get("release")).toMatchObject([
      { dealerId: "d1", reservationId: "r1.1", lines: [], reason: ReleaseReason.DISPATCH_FAILED },
    ]);
    const extend = await runAgainst(answers, "extend", "--dealer", "d1", "--hold", "30m", "r1.1");
    expect(extend.server.requests.get("extend")).toMatchObject([{ holdDuration: durationFromMs(1_800_000) }]);
  });

  test("list filters, says when there is more, and --all reads every page into one answer", async () => {
    const listReservations = ({ pageToken }: { pageToken: string }) =>
      pageToken === ""
        ? { reservations: [RESERVATION], nextPageToken: "p2" }
        : { reservations: [{ ...RESERVATION, reservationId: "r1.2" }] };
    const argv = ["list", "--dealer", "d1", "--state", "pending,committed", "--page-size", "1"];
    const one = await runAgainst({ listReservations }, ...argv);
    expect(one.out).toContain("r1.1");
    expect(one.out).toContain("--page-token p2");
    expect(one.server.requests.get("listReservations")).toMatchObject([
      { dealerId: "d1", states: [ReservationState.PENDING, ReservationState.COMMITTED], pageSize: 1 },
    ]);
    const all = await runAgainst({ listReservations }, ...argv, "--all", "--json");
    const { reservations, nextPageToken } = JSON.parse(all.out);
    expect(reservations.map(({ reservationId }: { reservationId: string }) => reservationId)).toEqual(["r1.1", "r1.2"]);
    expect(nextPageToken).toBe("");
  });

  test("availability shows every figure of a warehouse, and a dealer only what it may know", async () => {
    const row = {
      warehouseId: "north",
      sku: "bolt",
      availableToPromise: 7n,
      onHand: 1234n,
      level: AvailabilityLevel.LOW,
    };
    const getAvailability = () => ({ availability: [row], freshness: { state: FreshnessState.LIVE } });
    const warehouse = await runAgainst({ getAvailability }, "availability", "--warehouse", "north", "bolt");
    expect(warehouse.out).toMatch(/ON HAND.*\nbolt +7 +1234 /);
    const dealer = await runAgainst({ getAvailability }, "availability", "--dealer", "d1");
    expect(dealer.out).toMatch(/^WAREHOUSE {2}SKU {3}AVAILABLE {2}LEVEL\nnorth {6}bolt {10}7 {2}LOW\n/);
    expect(dealer.out).not.toContain("1234");
    const stocks = [row, { ...row, capped: true }, { ...row, capped: true, availableToPromise: 0n }];
    const vaguely = await runAgainst(
      { getAvailability: () => ({ availability: stocks }) },
      "availability",
      "--dealer",
      "d1",
    );
    expect(vaguely.out.split("\n").slice(1, 4)).toEqual([
      expect.stringMatching(/ 7 {2}LOW$/),
      expect.stringMatching(/ 7\+ {2}LOW$/),
      expect.stringMatching(/ some {2}LOW$/),
    ]);
  });

  test("stock, dealers and policy print their tables", async () => {
    const stock = await runAgainst(
      {
        getStock: () => ({
          stock: { sku: "bolt", onHand: 9n },
          reservations: [RESERVATION],
          lastEvents: [{ source: "erp", sequence: 3n, body: { case: "stockReceived", value: { quantity: 9n } } }],
          exceptions: [{ event: { source: "erp", sequence: 2n }, quantity: 4n, reason: "NOT_COMMITTED" }],
        }),
      },
      "stock",
      "north",
      "bolt",
    );
    expect(stock.out).toMatch(/r1\.1 +PENDING +d1 +4711 +5 +0/);
    expect(stock.out).toMatch(/erp #3 +- +received 9/);
    expect(stock.out).toMatch(/erp #2 +4 {2}NOT_COMMITTED/);

    const dealer = { dealerId: "d1", warehouseId: "north", name: "One" };
    const put = await runAgainst(
      { putDealer: () => ({ dealer }) },
      ...["dealers", "put", "d1", "--warehouse", "north", "--name", "One", "--actor", "me", "--reason", "new"],
    );
    expect(put.out).toMatch(/\nd1 +north +One$/);
    expect(put.server.requests.get("putDealer")).toMatchObject([{ dealer, actor: "me", reason: "new" }]);

    const policy = await runAgainst(
      { putPolicy: () => ({ policy: { safetyStock: 7n }, effective: { safetyStock: 7n, lowAt: 10n } }) },
      ...["policy", "put", "--warehouse", "north", "--sku", "bolt", "--safety-stock", "7", "--hold-max", "2d"],
    );
    expect(policy.out).toMatch(/safety stock +7 +7\nlow at +- +10\n/);
    const [sent] = policy.server.requests.get("putPolicy") ?? [];
    expect(sent.policy).toMatchObject({
      warehouseId: "north",
      sku: "bolt",
      safetyStock: 7n,
      holdMax: durationFromMs(172_800_000),
    });
    expect(sent.policy.lowAt).toBeUndefined();
  });

  test("how exactly dealers are told is put by name, and shown by it", async () => {
    const { CAPPED, LEVEL } = AvailabilityPrecision;
    const put = { availabilityPrecision: CAPPED, availabilityCap: 20n };
    const { out, server } = await runAgainst(
      { putPolicy: () => ({ policy: put, effective: { ...put, warehouseId: "north" } }) },
      ...["policy", "put", "--warehouse", "north", "--availability-precision", "capped", "--availability-cap", "20"],
    );
    expect(server.requests.get("putPolicy")).toMatchObject([{ policy: { warehouseId: "north", ...put } }]);
    expect(out).toMatch(/\ndealers are told +capped +capped\nthe cap, where that is capped +20 +20$/);

    const stocks = await runAgainst(
      { getPolicy: () => ({ policy: {}, effective: { sku: "bolt", availabilityPrecision: LEVEL } }) },
      ...["policy", "get", "--warehouse", "north", "--sku", "bolt"],
    );
    expect(stocks.out).not.toContain("dealers are told");
  });

  test.each([
    ["--availability-precision", "vague", "Allowed choices are exact, capped, level"],
    ["--availability-cap", "some", "whole number"],
  ])("no policy is put with %s %s", async (option, value, told) => {
    const { exitCode, error, server } = await runAgainst({ putPolicy: () => ({}) }, "policy", "put", option, value);
    expect([exitCode, error]).toEqual([2, expect.stringContaining(told)]);
    expect(server.requests.get("putPolicy")).toBeUndefined();
  });
});

describe("receive", () => {
  const ARGV = ["receive", "--warehouse", "north", "--source", "wms", "--reference", "note-1", "bolt=100", "nut=5"];

  function erpWith(disposition: Disposition, sent: StreamEventsRequest[], gaps: object[] = []): Script {
    return {
      getSourceStatus: () => ({ appliedSequence: 41n, gaps }),
      streamEvents: (call: Parameters<Extract<Script[string], (call: never) => void>>[0]) => {
        call.on("data", (request: StreamEventsRequest) => {
          sent.push(request);
          call.write({ source: "wms", sequence: request.event?.sequence, disposition, reason: "WHY" });
        });
        call.on("end", () => call.end());
      },
    };
  }

  test("books one event for each line, numbered on from where the source stands", async () => {
    const sent: StreamEventsRequest[] = [];
    const { exitCode, out } = await runAgainst(erpWith(Disposition.APPLIED, sent), ...ARGV);
    expect(exitCode).toBe(0);
    expect(sent.map(({ event }) => [event?.sequence, event?.body.value])).toMatchObject([
      [42n, { warehouseId: "north", sku: "bolt", quantity: 100n, reference: "note-1" }],
      [43n, { warehouseId: "north", sku: "nut", quantity: 5n, reference: "note-1" }],
    ]);
    expect(new Set(sent.map(({ event }) => event?.eventId)).size).toBe(2);
    expect(out).toBe("bolt +100  booked as wms #42\nnut +5  booked as wms #43");
  });

  test("ends with 3 when an event is rejected", async () => {
    const { exitCode, out } = await runAgainst(erpWith(Disposition.REJECTED, []), ...ARGV);
    expect(exitCode).toBe(3);
    expect(out).toContain("refused as wms #42: WHY");
  });

  test("ends with 1 when another program numbers the same source", async () => {
    const { exitCode } = await runAgainst(erpWith(Disposition.BUFFERED, []), ...ARGV);
    expect(exitCode).toBe(1);
  });

  test("sends nothing when the source has a gap that its connector must fill", async () => {
    const sent: StreamEventsRequest[] = [];
    const { exitCode, error } = await runAgainst(
      erpWith(Disposition.APPLIED, sent, [{ first: 42n, last: 43n }]),
      ...ARGV,
    );
    expect({ exitCode, sent }).toEqual({ exitCode: 1, sent: [] });
    expect(error).toContain("42 to 43");
  });
});
