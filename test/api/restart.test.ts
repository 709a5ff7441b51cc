/** What every read shows before a restart, it shows after it: from the snapshot, and from the journal alone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import {
  FillPolicy,
  ReservationService,
  type ReserveRequestSchema,
} from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { type EventBody, type Init, ServiceHarness } from "./service-harness.js";

const DEALERS = ["D1", "D2", "D3"];
const SKUS = ["A", "B", "C"];
const WAREHOUSES = ["W1", "W2"];

let service: ServiceHarness;

beforeAll(async () => {
  // Few stay in memory, so that reads go to pages as well.
  service = await ServiceHarness.start({ stocksResidentMax: 2, reservationsResidentMax: 3, checkpointRecordsMax: 20 });
});

afterAll(() => service.stop());

/** Every kind of change there is, on a few stocks. */
async function live(): Promise<Init<typeof ReserveRequestSchema>[]> {
  const { method } = OperationsService;
  for (const dealerId of DEALERS) {
    await service.call(method.putDealer, { dealer: { dealerId, name: dealerId, warehouseId: "W1" } });
  }
  await service.call(method.putDealer, { dealer: { dealerId: "D3", name: "moved", warehouseId: "W2" } });
  await service.call(method.putPolicy, {
    policy: { warehouseId: "W1", safetyStock: 1n, holdDefault: { seconds: 3_600n } },
  });
  await service.call(method.putPolicy, { policy: { warehouseId: "W1", sku: "A", lowAt: 50n } });
  await service.call(method.putPolicy, { policy: { dealerId: "D2", openReservationsMax: 100n } });
  for (const warehouseId of WAREHOUSES) for (const sku of SKUS) await service.receive(sku, 100, warehouseId);
  const requests: Init<typeof ReserveRequestSchema>[] = [];
  const ids: { readonly id: string; readonly dealerId: string; readonly warehouseId: string }[] = [];
  for (let index = 0; index < 60; index++) {
    const dealerId = DEALERS[index % 3]!;
    const warehouseId = dealerId === "D3" ? "W2" : "W1";
    const request = {
      requestId: `life-${index}`,
      dealerId,
      orderId: `order-${index % 7}`,
      warehouseId,
      lines: SKUS.slice(index % 2).map((sku) => ({ sku, quantity: BigInt(1 + (index % 4)) })),
      fillPolicy: FillPolicy.PARTIAL,
      commit: index % 5 === 0,
    };
    requests.push(request);
    const { reservation } = await service.reserve(request);
    if (reservation !== undefined) ids.push({ id: reservation.reservationId, dealerId, warehouseId });
  }
  for (const [index, { id, dealerId, warehouseId }] of ids.entries()) {
    if (index % 3 === 0) await service.commit(id, dealerId).catch(() => {});
    if (index % 4 === 1) await service.release(id, dealerId);
    const value = { warehouseId, sku: "C", quantity: 2n, reservationId: id };
    if (index % 6 === 0) await service.erp({ case: "orderDispatched", value });
  }
  const odd: EventBody[] = [
    { case: "orderDispatched", value: { warehouseId: "W1", sku: "A", quantity: 3n, orderId: "unknown" } },
    { case: "orderClosed", value: { warehouseId: "W1", orderId: "order-2", dealerId: "D1" } },
    { case: "stockCounted", value: { warehouseId: "W1", sku: "B", onHand: 7n } },
    { case: "stockBlocked", value: { warehouseId: "W2", sku: "B", delta: 2n } },
    { case: "demandAllocated", value: { warehouseId: "W2", sku: "C", delta: 90n } },
    { case: undefined },
  ];
  for (const body of odd) await service.erp(body);
  await service.events([{ source: "gap", sequence: 3n, eventId: "g3", body: odd[2]! }]);
  return requests;
}

/** All that can be read, but for ages, which pass. */
async function everything() {
  const { method } = OperationsService;
  const stocks = WAREHOUSES.flatMap((warehouseId) => SKUS.map((sku) => ({ warehouseId, sku })));
  const read = <T>(calls: Promise<T>[]) => Promise.all(calls);
  return {
    dealers: await service.call(method.listDealers, {}),
    policies: await read(stocks.map((scope) => service.call(method.getPolicy, { ...scope, dealerId: "D2" }))),
    stocks: await read(stocks.map((stock) => service.call(method.getStock, stock))),
    availability: await read(
      WAREHOUSES.map(async (warehouseId) => {
        const { getAvailability } = AvailabilityService.method;
        const { availability, freshness } = await service.call(getAvailability, { warehouseId });
        return { availability, state: freshness?.state };
      }),
    ),
    reservations: await read(
      DEALERS.map((dealerId) => service.call(ReservationService.method.listReservations, { dealerId })),
    ),
    sources: await read(["erp", "gap"].map((source) => service.call(ErpService.method.getSourceStatus, { source }))),
  };
}

test("a restart, with and without the snapshot, changes nothing that can be read or repeated", async () => {
  const requests = await live();
  const before = await everything();
  const states = new Set(before.reservations.flatMap((list) => list.reservations.map(({ state }) => state)));
  const { PENDING, COMMITTED, FULFILLED, RELEASED } = ReservationState;
  expect(states).toEqual(new Set([PENDING, COMMITTED, FULFILLED, RELEASED]));
  expect(before.stocks.some(({ stock }) => stock!.shortfall > 0n)).toBe(true);
  expect(before.stocks.some(({ exceptions }) => exceptions.length > 0)).toBe(true);
  const answers = await Promise.all(requests.map((request) => service.reserve(request)));
  for (const withoutSnapshots of [false, true, false]) {
    await service.restart({ withoutSnapshots });
    expect(await everything()).toEqual(before);
    expect(await Promise.all(requests.map((request) => service.reserve(request)))).toEqual(answers);
  }
});

test("a hold that is due while the service is down is expired when it is up, once", async () => {
  await service.receive("short", 10, "W3");
  const dealerId = "unregistered";
  const holdDuration = { seconds: 0n, nanos: 200_000_000 };
  const id = await service.hold("short", 4, { dealerId, warehouseId: "W3", holdDuration });
  await service.restart();
  const deadline = (await service.get(id, dealerId)).expireTime;
  // No wait: until the deadline it must be PENDING, after it EXPIRED, and nothing in between.
  for (;;) {
    const reservation = await service.get(id, dealerId);
    if (reservation.state === ReservationState.EXPIRED) break;
    expect(reservation).toMatchObject({ state: ReservationState.PENDING, revision: 1n, expireTime: deadline });
  }
  expect(await service.get(id, dealerId)).toMatchObject({
    revision: 2n,
    lines: [{ requested: 4n, reserved: 0n, released: 4n }],
  });
  expect(await service.figures("short", "W3")).toMatchObject({ reserved: 0n, version: 3n });
});

test("ids go on after a restart: none is issued twice", async () => {
  await service.receive("ids", 100);
  const ids = new Set<string>();
  for (let index = 0; index < 12; index++) {
    if (index % 4 === 0) await service.restart({ withoutSnapshots: index === 8 });
    ids.add(await service.hold("ids", 1, { dealerId: "D1" }));
  }
  expect(ids.size).toBe(12);
});
