/** Every ERP event through gRPC: what it does to the stock, to reservations, and what becomes an exception. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Availability } from "../../src/gen/holdfast/v1/availability_pb.js";
import { Disposition } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReleaseReason, ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { type EventBody, ServiceHarness } from "./service-harness.js";

const MAX = 2n ** 53n - 1n;
const warehouseId = "W1";

let service: ServiceHarness;
let tests = 0;
/** A SKU for each test. */
let sku = "";

beforeAll(async () => {
  service = await ServiceHarness.start({ erpQuantityMax: Number.MAX_SAFE_INTEGER });
  await service.receive("warehouse", 1);
});

beforeEach(() => {
  tests += 1;
  sku = `S${tests}`;
});

afterAll(() => service.stop());

type Kind = NonNullable<EventBody["case"]>;

function send(kind: Kind, value: object) {
  return service.erp({ case: kind, value: { warehouseId, sku, ...value } } as EventBody);
}

async function applied(kind: Kind, value: object): Promise<void> {
  expect(await send(kind, value)).toMatchObject({ disposition: Disposition.APPLIED, reason: "", missing: [] });
}

async function rejected(kind: Kind, value: object, reason: string): Promise<void> {
  const before = await service.figures(sku);
  expect(await send(kind, value)).toMatchObject({ disposition: Disposition.REJECTED, reason, missing: [] });
  expect(await service.figures(sku)).toEqual(before);
}

function counters({ onHand, unavailable, reserved, committed, allocatedElsewhere, availableToPromise }: Availability) {
  return { onHand, unavailable, reserved, committed, allocatedElsewhere, availableToPromise };
}

const NOTHING = { onHand: 0n, unavailable: 0n, reserved: 0n, committed: 0n, allocatedElsewhere: 0n };

async function figures() {
  return counters(await service.figures(sku));
}

async function exceptions() {
  const { exceptions } = await service.call(OperationsService.method.getStock, { warehouseId, sku });
  return exceptions.map(({ event, quantity, reason }) => ({ kind: event?.body.case, quantity, reason }));
}

describe("a movement", () => {
  test("received and returned raises on_hand; the first one makes the stock", async () => {
    expect(await service.figures(sku)).toMatchObject({ version: 0n, ...NOTHING, availableToPromise: 0n });
    await applied("stockReceived", { quantity: 7n });
    await applied("stockReturned", { quantity: 3n, orderId: "O9", dealerId: "D9" });
    expect(await service.figures(sku)).toMatchObject({ ...NOTHING, onHand: 10n, availableToPromise: 10n, version: 2n });
  });

  test("adjusts up and down, below zero too", async () => {
    await applied("stockAdjusted", { delta: 5n, reason: "found" });
    await applied("stockAdjusted", { delta: -8n });
    expect(await figures()).toEqual({ ...NOTHING, onHand: -3n, availableToPromise: 0n });
    expect(await service.figures(sku)).toMatchObject({ shortfall: 3n });
  });

  test("counted is absolute, and may be 0", async () => {
    await applied("stockReceived", { quantity: 7n });
    await applied("stockCounted", { onHand: 5n });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 5n, availableToPromise: 5n });
    await applied("stockCounted", { onHand: 0n });
    expect(await figures()).toEqual({ ...NOTHING, availableToPromise: 0n });
  });

  test("blocks and unblocks, never below 0", async () => {
    await applied("stockReceived", { quantity: 10n });
    await applied("stockBlocked", { delta: 4n });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 10n, unavailable: 4n, availableToPromise: 6n });
    await rejected("stockBlocked", { delta: -5n }, "BELOW_ZERO: unavailable");
    await applied("stockBlocked", { delta: -4n });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 10n, availableToPromise: 10n });
  });

  test("allocates elsewhere and gives back, never below 0", async () => {
    await applied("stockReceived", { quantity: 10n });
    await applied("demandAllocated", { delta: 4n, reference: "shop" });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 10n, allocatedElsewhere: 4n, availableToPromise: 6n });
    await rejected("demandAllocated", { delta: -5n }, "BELOW_ZERO: allocated_elsewhere");
    await applied("demandAllocated", { delta: -4n });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 10n, availableToPromise: 10n });
  });

  test("that would leave the range of exact numbers is rejected", async () => {
    await applied("stockReceived", { quantity: MAX });
    await rejected("stockReceived", { quantity: 1n }, "LIMIT_EXCEEDED: on_hand");
    await rejected("stockReturned", { quantity: MAX }, "LIMIT_EXCEEDED: on_hand");
    await applied("stockCounted", { onHand: 0n });
    await applied("stockAdjusted", { delta: -MAX });
    await rejected("orderDispatched", { quantity: 1n }, "LIMIT_EXCEEDED: on_hand");
    await rejected("demandAllocated", { delta: 1n }, "LIMIT_EXCEEDED: shortfall");
  });

  test("is listed in GetStock, newest first", async () => {
    await applied("stockReceived", { quantity: 2n, reference: "PO-1" });
    await rejected("stockBlocked", { delta: -5n }, "BELOW_ZERO: unavailable");
    await applied("stockAdjusted", { delta: -1n, reason: "broken", reference: "A-1" });
    const { lastEvents } = await service.call(OperationsService.method.getStock, { warehouseId, sku });
    expect(lastEvents).toMatchObject([
      {
        source: "erp",
        body: { case: "stockAdjusted", value: { warehouseId, sku, delta: -1n, reason: "broken", reference: "A-1" } },
      },
      { source: "erp", body: { case: "stockReceived", value: { warehouseId, sku, quantity: 2n, reference: "PO-1" } } },
    ]);
    expect(lastEvents[0]!.sequence).toBe(lastEvents[1]!.sequence + 2n);
  });
});

describe("a dispatch", () => {
  test("of neither a reservation nor an order takes stock that was never reserved", async () => {
    await applied("stockReceived", { quantity: 5n });
    const id = await service.hold(sku, 5, { commit: true });
    await applied("orderDispatched", { quantity: 2n });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 3n, committed: 5n, availableToPromise: 0n });
    expect(await service.get(id)).toMatchObject({ state: ReservationState.COMMITTED, atRisk: true });
    expect(await exceptions()).toEqual([]);
  });

  test("by reservation consumes its committed units in parts, up to FULFILLED", async () => {
    await applied("stockReceived", { quantity: 10n });
    const id = await service.hold(sku, 5, { commit: true });
    await applied("orderDispatched", { quantity: 2n, reservationId: id });
    expect(await service.get(id)).toMatchObject({
      state: ReservationState.COMMITTED,
      revision: 2n,
      lines: [{ committed: 3n, dispatched: 2n }],
    });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 8n, committed: 3n, availableToPromise: 5n });
    await applied("orderDispatched", { quantity: 4n, reservationId: id });
    expect(await service.get(id)).toMatchObject({
      state: ReservationState.FULFILLED,
      revision: 3n,
      lines: [{ committed: 0n, dispatched: 5n }],
    });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 4n, availableToPromise: 4n });
    expect(await exceptions()).toEqual([{ kind: "orderDispatched", quantity: 1n, reason: "QUANTITY_EXCEEDED" }]);
  });

  test("by order consumes oldest commit first, across its reservations", async () => {
    await applied("stockReceived", { quantity: 10n });
    const orderId = `order of ${sku}`;
    const younger = await service.hold(sku, 3, { orderId });
    const older = await service.hold(sku, 3, { orderId, commit: true });
    await service.commit(younger);
    await service.hold(sku, 3, { orderId: "another", commit: true });
    await applied("orderDispatched", { quantity: 4n, orderId });
    expect((await service.get(older)).lines).toMatchObject([{ committed: 0n, dispatched: 3n }]);
    expect((await service.get(younger)).lines).toMatchObject([{ committed: 2n, dispatched: 1n }]);
    await applied("orderDispatched", { quantity: 4n, orderId });
    expect((await service.get(younger)).state).toBe(ReservationState.FULFILLED);
    expect(await exceptions()).toEqual([{ kind: "orderDispatched", quantity: 2n, reason: "QUANTITY_EXCEEDED" }]);
    expect(await figures()).toMatchObject({ onHand: 2n, committed: 3n });
  });

  test("by an order of two dealers consumes nothing unless it names the dealer", async () => {
    await applied("stockReceived", { quantity: 10n });
    const orderId = `order of ${sku}`;
    const mine = await service.hold(sku, 3, { orderId, commit: true });
    const theirs = await service.hold(sku, 3, { orderId, dealerId: "D2", commit: true });
    await applied("orderDispatched", { quantity: 3n, orderId });
    expect(await exceptions()).toEqual([{ kind: "orderDispatched", quantity: 3n, reason: "DEALER_AMBIGUOUS" }]);
    await applied("orderDispatched", { quantity: 3n, orderId, dealerId: "D2" });
    expect((await service.get(theirs, "D2")).state).toBe(ReservationState.FULFILLED);
    expect((await service.get(mine)).state).toBe(ReservationState.COMMITTED);
    await applied("orderDispatched", { quantity: 3n, orderId });
    expect((await service.get(mine)).state).toBe(ReservationState.FULFILLED);
    expect(await figures()).toEqual({ ...NOTHING, onHand: 1n, availableToPromise: 1n });
  });

  test("is a fact: what it cannot be matched with is an exception, and on_hand falls", async () => {
    await applied("stockReceived", { quantity: 5n });
    const pending = await service.hold(sku, 1);
    const ended = await service.hold(sku, 1);
    await service.release(ended);
    const unmatched = [
      [{ reservationId: "nonsense" }, "RESERVATION_NOT_FOUND"],
      [{ reservationId: pending }, "RESERVATION_PENDING"],
      [{ reservationId: ended }, "RESERVATION_ENDED"],
      [{ reservationId: pending, dealerId: "D2" }, "DEALER_MISMATCH"],
      [{ orderId: "unknown" }, "ORDER_NOT_COMMITTED"],
      [{ orderId: "O1" }, "ORDER_NOT_COMMITTED"],
    ] as const;
    for (const [named] of unmatched) await applied("orderDispatched", { quantity: 2n, ...named });
    expect(await exceptions()).toEqual(
      unmatched.map(([, reason]) => ({ kind: "orderDispatched", quantity: 2n, reason })).reverse(),
    );
    expect(await figures()).toEqual({ ...NOTHING, onHand: -7n, reserved: 1n, availableToPromise: 0n });
    expect((await service.get(pending)).lines).toMatchObject([{ reserved: 1n, dispatched: 0n }]);
  });

  test("of a reservation's other SKU, or in another warehouse, consumes nothing of it", async () => {
    await applied("stockReceived", { quantity: 5n });
    const id = await service.hold(sku, 5, { commit: true });
    const other = { warehouseId, sku: `${sku} other`, quantity: 1n, reservationId: id };
    await service.erp({ case: "orderDispatched", value: other });
    await service.erp({ case: "orderDispatched", value: { ...other, sku, warehouseId: "W2" } });
    expect(await service.get(id)).toMatchObject({ revision: 1n, lines: [{ committed: 5n }] });
    expect(await service.figures(sku, "W2")).toMatchObject({ onHand: -1n });
  });
});

describe("an order that the ERP closes", () => {
  test("releases what is not dispatched, by reservation, and ends FULFILLED where something was", async () => {
    await applied("stockReceived", { quantity: 10n });
    const id = await service.hold(sku, 5, { commit: true });
    await applied("orderDispatched", { quantity: 2n, reservationId: id });
    await applied("orderClosed", { reservationId: id, reason: ReleaseReason.REJECTED });
    expect(await service.get(id)).toMatchObject({
      state: ReservationState.FULFILLED,
      revision: 3n,
      lines: [{ committed: 0n, dispatched: 2n, released: 3n }],
    });
    expect(await figures()).toEqual({ ...NOTHING, onHand: 8n, availableToPromise: 8n });
  });

  test("by order and without a SKU frees every line, holds included", async () => {
    await applied("stockReceived", { quantity: 10n });
    const orderId = `order of ${sku}`;
    const held = await service.hold(sku, 3, { orderId });
    const committed = await service.hold(sku, 3, { orderId, commit: true });
    const other = await service.hold(sku, 1);
    await service.erp({ case: "orderClosed", value: { warehouseId, orderId } });
    expect((await service.get(held)).state).toBe(ReservationState.RELEASED);
    expect((await service.get(committed)).state).toBe(ReservationState.RELEASED);
    expect((await service.get(other)).state).toBe(ReservationState.PENDING);
    expect(await figures()).toEqual({ ...NOTHING, onHand: 10n, reserved: 1n, availableToPromise: 9n });
  });

  test("of one SKU leaves the others open", async () => {
    const other = `${sku} other`;
    await applied("stockReceived", { quantity: 5n });
    await service.receive(other, 5);
    const lines = [sku, other].map((name) => ({ sku: name, quantity: 5n }));
    const { reservation } = await service.reserve({ lines, commit: true });
    await applied("orderClosed", { reservationId: reservation!.reservationId });
    expect(await service.get(reservation!.reservationId)).toMatchObject({
      state: ReservationState.COMMITTED,
      lines: [
        { sku, committed: 0n, released: 5n },
        { sku: other, committed: 5n, released: 0n },
      ],
    });
  });

  test("of two dealers is rejected unless the dealer is named; one that is not open is nothing to do", async () => {
    await applied("stockReceived", { quantity: 5n });
    const orderId = `order of ${sku}`;
    const mine = await service.hold(sku, 1, { orderId });
    const theirs = await service.hold(sku, 1, { orderId, dealerId: "D2" });
    await rejected("orderClosed", { orderId }, "DEALER_AMBIGUOUS: dealer_id");
    await applied("orderClosed", { orderId, dealerId: "D2" });
    expect((await service.get(theirs, "D2")).state).toBe(ReservationState.RELEASED);
    await applied("orderClosed", { orderId: "unknown" });
    await applied("orderClosed", { reservationId: mine, dealerId: "D2" });
    expect((await service.get(mine)).state).toBe(ReservationState.PENDING);
  });
});
