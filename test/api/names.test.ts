/** Whatever docs/api.md calls a name is one everywhere: also those that JavaScript objects have, and 128 astral characters. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { Disposition, ErpService } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { ReservationService, ReserveOutcome } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { ServiceHarness } from "./service-harness.js";

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "then",
  " ",
  "a b/c\\d'e\"f,g;h",
  "null",
  "0",
  "-1",
  "\u00fc\u0301\u200b\ufeff",
  "x".repeat(128),
  "\u{1f600}".repeat(128),
];

const operations = OperationsService.method;
const reservations = ReservationService.method;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

afterAll(() => service.stop());

describe.each(NAMES)("the name %j", (name) => {
  let reservationId: string;

  test("names a dealer, a warehouse, a SKU, a source and a policy's scopes", async () => {
    const dealer = { dealerId: name, name, warehouseId: name };
    const put = await service.call(operations.putDealer, { dealer, actor: name, reason: name });
    expect(put.dealer).toMatchObject(dealer);
    expect((await service.call(operations.getDealer, { dealerId: name })).dealer).toMatchObject(dealer);
    const body = {
      case: "stockReceived",
      value: { warehouseId: name, sku: name, quantity: 10n, reference: name },
    } as const;
    expect(await service.events([{ source: name, sequence: 1n, eventId: name, body }])).toMatchObject([
      { source: name, sequence: 1n, disposition: Disposition.APPLIED, reason: "" },
    ]);
    const status = await service.call(ErpService.method.getSourceStatus, { source: name });
    expect(status).toMatchObject({ appliedSequence: 1n, gaps: [] });
    for (const scope of [{ warehouseId: name }, { warehouseId: name, sku: name }]) {
      const { policy } = await service.call(operations.putPolicy, { policy: { ...scope, safetyStock: 1n } });
      expect(policy).toMatchObject({ ...scope, safetyStock: 1n });
      expect((await service.call(operations.getPolicy, scope)).policy).toMatchObject({ ...scope, safetyStock: 1n });
    }
    await service.call(operations.putPolicy, { policy: { dealerId: name, holdDefault: { seconds: 77n } } });
    const { effective } = await service.call(operations.getPolicy, { dealerId: name });
    expect(effective).toMatchObject({ dealerId: name, holdDefault: { seconds: 77n, nanos: 0 } });
  });

  test("names a request and an order, answered once", async () => {
    const request = { requestId: name, dealerId: name, orderId: name, lines: [{ sku: name, quantity: 3n }] };
    const first = await service.call(reservations.reserve, request);
    expect(first).toMatchObject({
      outcome: ReserveOutcome.RESERVED,
      reservation: { dealerId: name, orderId: name, warehouseId: name, lines: [{ sku: name, reserved: 3n }] },
    });
    expect(await service.call(reservations.reserve, request)).toEqual(first);
    reservationId = first.reservation!.reservationId;
    expect(reservationId.length).toBeLessThanOrEqual(40);
    await service.call(reservations.commit, { requestId: `${name.slice(0, 60)}2`, dealerId: name, reservationId });
    const listed = await service.call(reservations.listReservations, {
      dealerId: name,
      orderId: name,
      warehouseId: name,
      sku: name,
      states: [ReservationState.COMMITTED],
    });
    expect(listed.reservations).toMatchObject([{ reservationId, state: ReservationState.COMMITTED }]);
  });

  test("finds what it names in reads and ERP events", async () => {
    const body = {
      case: "orderDispatched",
      value: { warehouseId: name, sku: name, quantity: 3n, orderId: name, dealerId: name },
    } as const;
    expect(
      await service.events([{ source: name, sequence: 2n, eventId: `${name.slice(0, 60)}2`, body }]),
    ).toMatchObject([{ disposition: Disposition.APPLIED }]);
    const reservation = await service.get(reservationId, name);
    expect(reservation).toMatchObject({ state: ReservationState.FULFILLED, lines: [{ sku: name, dispatched: 3n }] });
    const { availability } = await service.call(AvailabilityService.method.getAvailability, {
      dealerId: name,
      skus: [name],
    });
    expect(availability).toMatchObject([{ warehouseId: name, sku: name, availableToPromise: 6n }]);
    const { stock, exceptions } = await service.call(operations.getStock, { warehouseId: name, sku: name });
    expect(stock).toMatchObject({ warehouseId: name, sku: name, onHand: 7n, safetyStock: 1n });
    expect(exceptions).toEqual([]);
  });
});

test("a restart remembers every name", async () => {
  const look = async () =>
    Promise.all(
      NAMES.map(async (name) => ({
        dealer: await service.call(operations.getDealer, { dealerId: name }),
        policy: await service.call(operations.getPolicy, { warehouseId: name, sku: name }),
        stock: await service.call(operations.getStock, { warehouseId: name, sku: name }),
        reservations: await service.call(reservations.listReservations, { dealerId: name }),
      })),
    );
  const before = await look();
  await service.restart();
  expect(await look()).toEqual(before);
});

test("a name that nobody gave is unknown, also one that every JavaScript object has", async () => {
  const { availability } = await service.call(AvailabilityService.method.getAvailability, {
    warehouseId: "0",
    skus: ["__defineGetter__", "isPrototypeOf"],
  });
  expect(availability).toMatchObject([
    { sku: "__defineGetter__", version: 0n, onHand: 0n },
    { sku: "isPrototypeOf", version: 0n, onHand: 0n },
  ]);
});
