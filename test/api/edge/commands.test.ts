/** What of a request reaches the engine: each method's command, whole. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { refusal } from "../../../src/domain/refusal.js";
import { OperationsService } from "../../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { refusalOf, refusal as seenRefusal } from "../refusal-of.js";
import { EdgeHarness, reserveRequest } from "./edge-harness.js";

const MAX = Number.MAX_SAFE_INTEGER;

let edge: EdgeHarness;

beforeAll(async () => {
  edge = await EdgeHarness.start();
});

beforeEach(() => {
  edge.ports.taken.length = 0;
  edge.ports.onCommand = () => {};
});

afterAll(() => edge.stop());

describe("a request becomes the command", () => {
  const named = { requestId: "R1", dealerId: "D1", reservationId: "r1" };
  const lines = [
    { sku: "A", quantity: 1n },
    { sku: "A", quantity: BigInt(MAX) - 1n },
  ];
  const asked = [
    { sku: "A", quantity: 1 },
    { sku: "A", quantity: MAX - 1 },
  ];
  const reserved = {
    requestId: "R1",
    dealerId: "D1",
    orderId: "O1",
    warehouseId: "W1",
    lines: [{ sku: "A", quantity: 1 }],
  };
  const page = { pageSize: 100, pageToken: "" };
  test.each<[string, typeof ReservationService | typeof OperationsService, string, object, object]>([
    [
      "Reserve",
      ReservationService,
      "reserve",
      reserveRequest("R1"),
      { kind: "Reserve", ...reserved, partial: false, holdMs: 0, commit: false },
    ],
    [
      "Reserve, partial, with a hold rounded up to whole milliseconds",
      ReservationService,
      "reserve",
      reserveRequest("R1", { fillPolicy: 2, holdDuration: { seconds: 1n, nanos: 1 } }),
      { kind: "Reserve", ...reserved, partial: true, holdMs: 1_001, commit: false },
    ],
    [
      "Reserve with the longest hold, of the dealer's warehouse",
      ReservationService,
      "reserve",
      reserveRequest("R1", { fillPolicy: 1, warehouseId: "", holdDuration: { seconds: 366n * 86_400n } }),
      { kind: "Reserve", ...reserved, warehouseId: "", partial: false, holdMs: 366 * 86_400_000, commit: false },
    ],
    [
      "Reserve at once",
      ReservationService,
      "reserve",
      reserveRequest("R1", { commit: true, lines }),
      { kind: "Reserve", ...reserved, lines: asked, partial: false, holdMs: 0, commit: true },
    ],
    ["Commit", ReservationService, "commit", { ...named, lines }, { kind: "Commit", ...named, lines: asked }],
    ["Release", ReservationService, "release", named, { kind: "Release", ...named, lines: [], reason: "CANCELLED" }],
    [
      "Release for a reason",
      ReservationService,
      "release",
      { ...named, lines, reason: 3 },
      { kind: "Release", ...named, lines: asked, reason: "DISPATCH_FAILED" },
    ],
    ["Extend", ReservationService, "extend", named, { kind: "Extend", ...named, holdMs: 0 }],
    [
      "Extend by a nanosecond",
      ReservationService,
      "extend",
      { ...named, holdDuration: { nanos: 1 } },
      { kind: "Extend", ...named, holdMs: 1 },
    ],
    [
      "GetReservation",
      ReservationService,
      "getReservation",
      named,
      { kind: "GetReservation", dealerId: "D1", reservationId: "r1" },
    ],
    [
      "ListReservations, each state once",
      ReservationService,
      "listReservations",
      {
        dealerId: "D1",
        orderId: "O1",
        warehouseId: "W1",
        sku: "A",
        states: [1, 5, 1],
        pageSize: 1_001,
        pageToken: "t",
      },
      {
        kind: "ListReservations",
        dealerId: "D1",
        orderId: "O1",
        warehouseId: "W1",
        sku: "A",
        states: ["PENDING", "EXPIRED"],
        pageSize: 1_000,
        pageToken: "t",
      },
    ],
    [
      "GetStock",
      OperationsService,
      "getStock",
      { warehouseId: "W1", sku: "A", pageSize: 7 },
      { kind: "GetStock", warehouseId: "W1", sku: "A", ...page, pageSize: 7 },
    ],
    [
      "PutDealer",
      OperationsService,
      "putDealer",
      { dealer: { dealerId: "D1", warehouseId: "W1" }, actor: "me", reason: "moved" },
      {
        kind: "PutDealer",
        dealer: { dealerId: "D1", name: "", warehouseId: "W1" },
        attribution: { actor: "me", reason: "moved" },
      },
    ],
    [
      "PutPolicy, unset fields absent and zeros kept",
      OperationsService,
      "putPolicy",
      { policy: { safetyStock: 0n, openReservationsMax: BigInt(MAX), holdMax: { nanos: 1_000_001 } } },
      {
        kind: "PutPolicy",
        scope: { warehouseId: "", sku: "", dealerId: "" },
        fields: { safetyStock: 0, openReservationsMax: MAX, holdMaxMs: 2 },
        attribution: { actor: "", reason: "" },
      },
    ],
    [
      "GetPolicy",
      OperationsService,
      "getPolicy",
      { warehouseId: "W1", sku: "A" },
      { kind: "GetPolicy", scope: { warehouseId: "W1", sku: "A", dealerId: "" } },
    ],
  ])("%s", async (_, service, method, request, command) => {
    edge.ports.onCommand = (taken) => taken.refuse(refusal("SHUTTING_DOWN", "seen"));
    expect(await refusalOf(edge.call(service, method, request))).toEqual(seenRefusal("UNAVAILABLE", "SHUTTING_DOWN"));
    expect(edge.ports.taken.map((taken) => taken.command)).toEqual([command]);
  });
});
