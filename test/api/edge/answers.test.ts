/** What callers are shown of the engine's answers, field by field. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Answers } from "../../../src/domain/command.js";
import type { DealerPrecision } from "../../../src/domain/dealer-precision.js";
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import { SHIPPED_POLICY } from "../../../src/domain/policy.js";
import { AvailabilityService } from "../../../src/gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { EdgeHarness, reserveRequest } from "./edge-harness.js";
import {
  CREATED_AT_MS,
  FIGURES,
  LIVE,
  sampleChanged,
  sampleLine,
  sampleReservation,
  sampleReserved,
} from "./sample-answers.js";
import type { TakenCommand } from "./scripted-ports.js";

const CREATED = { seconds: BigInt(Math.floor(CREATED_AT_MS / 1000)), nanos: 123_000_000 };
const MAX = Number.MAX_SAFE_INTEGER;

let edge: EdgeHarness;

beforeAll(async () => {
  edge = await EdgeHarness.start();
});

beforeEach(() => {
  edge.ports.taken.length = 0;
  edge.ports.queries.length = 0;
  edge.ports.onCommand = () => {};
});

afterAll(() => edge.stop());

/** Answers the next commands, whatever they are, with this. */
function answerWith(answer: Answers[keyof Answers]): void {
  edge.ports.onCommand = (taken) => taken.answer(answer);
}

describe("a reservation is shown", () => {
  const shown = async (change: Parameters<typeof sampleReservation>[0]) => {
    answerWith(sampleChanged(change));
    const { reservation } = await edge.call(ReservationService, "getReservation", {
      dealerId: "D1",
      reservationId: "r1",
    });
    return reservation;
  };
  const line = { sku: "A", requested: 5n, reserved: 0n, committed: 0n, dispatched: 0n, released: 1n };

  test("PENDING with what it holds and until when", async () => {
    expect(await shown({ provisional: true, atRisk: true, revision: 3, reopenedFrom: "r0" })).toEqual({
      $typeName: "holdfast.v1.Reservation",
      reservationId: "r1.1.1.00000000",
      dealerId: "D1",
      orderId: "O1",
      warehouseId: "W1",
      state: 1,
      lines: [{ $typeName: "holdfast.v1.ReservationLine", ...line, reserved: 4n }],
      createTime: { $typeName: "google.protobuf.Timestamp", ...CREATED },
      updateTime: { $typeName: "google.protobuf.Timestamp", ...CREATED, nanos: 124_000_000 },
      expireTime: { $typeName: "google.protobuf.Timestamp", ...CREATED, seconds: CREATED.seconds + 900n },
      provisional: true,
      atRisk: true,
      revision: 3n,
      reopenedFrom: "r0",
    });
  });

  test("COMMITTED with what is confirmed, and no deadline", async () => {
    const reservation = await shown({ state: "COMMITTED", lines: [sampleLine({ dispatched: 2, open: 2 })] });
    expect(reservation).toMatchObject({ state: 2, lines: [{ ...line, committed: 2n, dispatched: 2n }] });
    expect(reservation.expireTime).toBeUndefined();
  });

  test.each([
    ["FULFILLED", 3],
    ["RELEASED", 4],
    ["EXPIRED", 5],
  ] as const)("%s with nothing open", async (state, number) => {
    const reservation = await shown({ state, lines: [sampleLine({ open: 0, released: MAX })] });
    expect(reservation).toMatchObject({ state: number, lines: [{ ...line, released: BigInt(MAX) }] });
    expect(reservation.expireTime).toBeUndefined();
  });

  test.each(["commit", "release", "extend"])(
    "in the answer of %s, as it is in the turn and not later",
    async (method) => {
      const live = sampleReservation();
      let waiting: TakenCommand | undefined;
      edge.ports.onCommand = (taken) => {
        waiting = taken;
        taken.answer({ reservation: live, freshness: LIVE });
        live.revision = 99;
      };
      const request = { requestId: "R1", dealerId: "D1", reservationId: "r1" };
      expect(await edge.call(ReservationService, method, request)).toMatchObject({ reservation: { revision: 1n } });
      expect(waiting?.command.kind.toLowerCase()).toBe(method);
    },
  );

  test("in lists, with where the next page begins", async () => {
    answerWith({ reservations: [sampleReservation(), sampleReservation({ id: "r2" })], nextPageToken: "next" });
    const answer = await edge.call(ReservationService, "listReservations", { dealerId: "D1" });
    expect(answer).toMatchObject({
      reservations: [{ reservationId: "r1.1.1.00000000" }, { reservationId: "r2" }],
      nextPageToken: "next",
    });
  });
});

describe("a reserve is answered", () => {
  const reserve = () => edge.call(ReservationService, "reserve", reserveRequest("R1"));

  test("REJECTED without a reservation, with every shortage", async () => {
    const reasons = ["INSUFFICIENT", "SHORTFALL", "QUARANTINED", "UNKNOWN_SKU"] as const;
    const shortages = reasons.map((reason, index) => ({ sku: `S${index}`, requested: MAX, available: index, reason }));
    answerWith({ outcome: "REJECTED", reservation: undefined, shortages, freshness: LIVE });
    const answer = await reserve();
    expect(answer).toMatchObject({
      outcome: 3,
      shortages: reasons.map((_, index) => ({
        sku: `S${index}`,
        requested: BigInt(MAX),
        available: BigInt(index),
        reason: index + 1,
      })),
    });
    expect(answer.reservation).toBeUndefined();
  });

  test.each([
    ["LIVE", 1],
    ["LAGGING", 2],
    ["STALE", 3],
  ] as const)("with freshness %s, since when and for how long", async (state, number) => {
    answerWith({ ...sampleReserved(), freshness: { state, asOfMs: CREATED_AT_MS, ageMs: 61_001 } });
    expect((await reserve()).freshness).toMatchObject({
      state: number,
      asOf: CREATED,
      age: { seconds: 61n, nanos: 1_000_000 },
    });
  });

  test("with a freshness that has no time where no source ever spoke", async () => {
    answerWith({ ...sampleReserved(), freshness: { state: "LIVE", asOfMs: 0, ageMs: 0 } });
    const { freshness } = await reserve();
    expect([freshness.state, freshness.asOf, freshness.age]).toEqual([1, undefined, undefined]);
  });
});

describe("availability shows", () => {
  const page = {
    warehouseId: "W1",
    precision: undefined,
    figures: [FIGURES],
    freshness: LIVE,
    nextPageToken: "next",
  };
  const toDealer = (precision: DealerPrecision["precision"], cap: number) => ({
    ...page,
    precision: { precision, cap },
  });
  const ofDealer = {
    warehouseId: "W1",
    sku: "A",
    availableToPromise: 18n,
    level: 2,
    capped: false,
    version: 20n,
    updateTime: { $typeName: "google.protobuf.Timestamp", ...CREATED },
  };
  const hidden = [
    "onHand",
    "unavailable",
    "reserved",
    "committed",
    "allocatedElsewhere",
    "safetyStock",
    "degradedBuffer",
    "shortfall",
  ];
  const all = {
    onHand: -11n,
    unavailable: 12n,
    reserved: 13n,
    committed: 14n,
    allocatedElsewhere: 15n,
    safetyStock: 16n,
    degradedBuffer: 17n,
    shortfall: 19n,
  };

  test("every figure to one who asks by warehouse", async () => {
    edge.ports.page = page;
    const answer = await edge.call(AvailabilityService, "getAvailability", { warehouseId: "W1", skus: ["A"] });
    expect(answer.availability).toEqual([{ $typeName: "holdfast.v1.Availability", ...ofDealer, ...all }]);
    expect(answer).toMatchObject({ nextPageToken: "next", freshness: { state: 1 } });
    expect(edge.ports.queries).toEqual([
      { dealerId: "", warehouseId: "W1", skus: ["A"], pageSize: 100, pageToken: "" },
    ]);
  });

  test("to a dealer exactly what a dealer may know", async () => {
    edge.ports.page = toDealer("EXACT", 1);
    const answer = await edge.call(AvailabilityService, "getAvailability", {
      dealerId: "D1",
      pageSize: 5,
      pageToken: "t",
    });
    const unset = Object.fromEntries(hidden.map((field) => [field, 0n]));
    expect(answer.availability).toEqual([{ $typeName: "holdfast.v1.Availability", ...ofDealer, ...unset }]);
    expect(edge.ports.queries).toEqual([{ dealerId: "D1", warehouseId: "", skus: [], pageSize: 5, pageToken: "t" }]);
  });

  test.each([
    ["CAPPED", 17, { availableToPromise: 17n, capped: true }],
    ["CAPPED", 18, { availableToPromise: 18n, capped: false }],
    ["LEVEL", 50, { availableToPromise: 0n, capped: true }],
  ] as const)("to a dealer no more than %s at %i says", async (precision, cap, told) => {
    edge.ports.page = toDealer(precision, cap);
    const answer = await edge.call(AvailabilityService, "getAvailability", { dealerId: "D1" });
    const unset = Object.fromEntries(hidden.map((field) => [field, 0n]));
    expect(answer.availability).toEqual([{ $typeName: "holdfast.v1.Availability", ...ofDealer, ...unset, ...told }]);
  });

  test("no time for a SKU that was never seen", async () => {
    edge.ports.page = { ...page, figures: [{ ...FIGURES, version: 0, updatedAtMs: 0 }] };
    const answer = await edge.call(AvailabilityService, "getAvailability", { warehouseId: "W1", skus: ["A"] });
    expect(answer.availability[0].updateTime).toBeUndefined();
  });
});

describe("operations show", () => {
  test("an ERP event of each kind as its source sent it, and what a dispatch could not match", async () => {
    const stock = { warehouseId: "W1", sku: "A" };
    const order = { reservationId: "", orderId: "O1", dealerId: "D1" };
    const bodies: ErpBody[] = [
      { kind: "StockReceived", ...stock, quantity: 1, reference: "ref" },
      { kind: "StockAdjusted", ...stock, delta: -2, reason: "broken", reference: "ref" },
      { kind: "StockCounted", ...stock, onHand: 0 },
      { kind: "StockBlocked", ...stock, delta: -MAX },
      { kind: "DemandAllocated", ...stock, delta: 5, reference: "ref" },
      { kind: "OrderDispatched", ...stock, quantity: 6, ...order },
      { kind: "OrderClosed", ...stock, ...order, reason: "DISPATCH_FAILED" },
      { kind: "StockReturned", ...stock, quantity: 8, orderId: "O1", dealerId: "D1" },
    ];
    const lastEvents = bodies.map((body, index): ErpEvent => {
      return { source: "erp", sequence: index + 1, eventId: `e${index}`, occurredAtMs: index * 1_000, body };
    });
    const stored = { number: 4, stock: 1, createdAtMs: 5_000, attached: 2, attachments: [], previousOfStock: 0 };
    const dispatched = { ...stored, event: lastEvents[5]!, quantity: 3, reason: "NOTHING_COMMITTED" };
    answerWith({
      warehouseId: "W1",
      figures: FIGURES,
      reservations: [sampleReservation()],
      lastEvents,
      exceptions: [dispatched],
      nextPageToken: "n",
    });
    const answer = await edge.call(OperationsService, "getStock", { warehouseId: "W1", sku: "A" });
    expect(answer.lastEvents.map((event: { body: object }) => event.body)).toMatchObject([
      { case: "stockReceived", value: { ...stock, quantity: 1n, reference: "ref" } },
      { case: "stockAdjusted", value: { ...stock, delta: -2n, reason: "broken", reference: "ref" } },
      { case: "stockCounted", value: { ...stock, onHand: 0n } },
      { case: "stockBlocked", value: { ...stock, delta: -BigInt(MAX) } },
      { case: "demandAllocated", value: { ...stock, delta: 5n, reference: "ref" } },
      { case: "orderDispatched", value: { ...stock, quantity: 6n, ...order } },
      { case: "orderClosed", value: { ...stock, ...order, reason: 3 } },
      { case: "stockReturned", value: { ...stock, quantity: 8n, orderId: "O1", dealerId: "D1" } },
    ]);
    expect(answer.lastEvents[0].occurTime).toBeUndefined();
    expect(answer.lastEvents[1]).toMatchObject({
      source: "erp",
      sequence: 2n,
      eventId: "e1",
      occurTime: { seconds: 1n },
    });
    expect(answer).toMatchObject({
      stock: { warehouseId: "W1", onHand: -11n, shortfall: 19n },
      reservations: [{ reservationId: "r1.1.1.00000000" }],
      exceptions: [
        {
          number: 4n,
          event: { sequence: 6n },
          quantity: 3n,
          reason: "NOTHING_COMMITTED",
          attached: 2n,
          createTime: { seconds: 5n },
        },
      ],
      nextPageToken: "n",
    });
  });

  test.each(["putPolicy", "getPolicy"])("what was put and what applies, in the answer of %s", async (method) => {
    const scope = { warehouseId: "W1", sku: "", dealerId: "" };
    const holdDefaultMs = 61_001;
    answerWith({ scope, fields: { safetyStock: 0, holdDefaultMs }, effective: { ...SHIPPED_POLICY, holdDefaultMs } });
    const request = method === "putPolicy" ? { policy: scope } : scope;
    const { policy, effective } = await edge.call(OperationsService, method, request);
    expect(policy).toMatchObject({
      warehouseId: "W1",
      safetyStock: 0n,
      holdDefault: { seconds: 61n, nanos: 1_000_000 },
    });
    expect([policy.lowAt, policy.openReservationsMax, policy.holdMax]).toEqual([undefined, undefined, undefined]);
    expect(effective).toMatchObject({
      safetyStock: 0n,
      lowAt: 10n,
      holdDefault: { seconds: 61n },
      holdMax: { seconds: 86_400n },
    });
    expect(effective.openReservationsMax).toBeUndefined();
  });

  test("dealers", async () => {
    const dealer = { dealerId: "D1", name: "One", warehouseId: "W1" };
    answerWith(dealer);
    edge.ports.dealer = dealer;
    edge.ports.dealersPage = { dealers: [dealer], nextPageToken: "n" };
    expect(await edge.call(OperationsService, "putDealer", { dealer })).toMatchObject({ dealer });
    expect(await edge.call(OperationsService, "getDealer", { dealerId: "D1" })).toMatchObject({ dealer });
    expect(await edge.call(OperationsService, "listDealers", {})).toMatchObject({
      dealers: [dealer],
      nextPageToken: "n",
    });
  });

  test.each(["LIVE", "LAGGING", "STALE", "CATCHING_UP", "RECONCILING"] as const)(
    "a source that is %s",
    async (state) => {
      const gaps = [{ first: 4, last: MAX }];
      edge.ports.status = { kind: "answered", value: { appliedSequence: 3, gaps, lastEventAtMs: 1_000, state } };
      expect(await edge.call(ErpService, "getSourceStatus", { source: "erp" })).toMatchObject({
        appliedSequence: 3n,
        gaps: [{ first: 4n, last: BigInt(MAX) }],
        lastEventTime: { seconds: 1n, nanos: 0 },
        state: ["LIVE", "LAGGING", "STALE", "CATCHING_UP", "RECONCILING"].indexOf(state) + 1,
      });
    },
  );
});
