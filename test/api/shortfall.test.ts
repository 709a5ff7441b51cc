/** Shortfall through gRPC: who is covered, who is at risk, what may be committed, and how it ends. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf, refusal } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const warehouseId = "W1";

let service: ServiceHarness;
let tests = 0;
let sku = "";

beforeAll(async () => {
  service = await ServiceHarness.start();
});

beforeEach(() => {
  tests += 1;
  sku = `S${tests}`;
});

afterAll(() => service.stop());

function count(onHand: number) {
  return service.erp({ case: "stockCounted", value: { warehouseId, sku, onHand: BigInt(onHand) } });
}

async function atRisk(...ids: string[]): Promise<boolean[]> {
  return Promise.all(ids.map(async (id) => (await service.get(id)).atRisk));
}

function commitPart(reservationId: string, quantity: number) {
  const lines = [{ sku, quantity: BigInt(quantity) }];
  const request = { requestId: service.requestId(), dealerId: "D1", reservationId, lines };
  return service.call(ReservationService.method.commit, request);
}

test("what is there covers committed units in order of commit, then holds in order of creation", async () => {
  await count(40);
  const hold1 = await service.hold(sku, 10);
  const committedLast = await service.hold(sku, 10);
  const hold2 = await service.hold(sku, 10);
  const committedFirst = await service.hold(sku, 10, { commit: true });
  await service.commit(committedLast);
  const inOrder = [committedFirst, committedLast, hold1, hold2];
  for (const [onHand, risks] of [
    [40, [false, false, false, false]],
    [39, [false, false, false, true]],
    [30, [false, false, false, true]],
    [29, [false, false, true, true]],
    [19, [false, true, true, true]],
    [0, [true, true, true, true]],
    [40, [false, false, false, false]],
  ] as const) {
    await count(onHand);
    expect(await atRisk(...inOrder), `with ${onHand} on hand`).toEqual(risks);
    expect((await service.figures(sku)).shortfall).toBe(BigInt(40 - onHand));
  }
  const { reservations } = await service.call(OperationsService.method.getStock, { warehouseId, sku });
  expect(reservations.map(({ reservationId }) => reservationId)).toEqual(inOrder);
});

test("demand from elsewhere is served first, safety stock covers", async () => {
  const policy = { warehouseId, sku, safetyStock: 5n };
  await service.call(OperationsService.method.putPolicy, { policy });
  await count(15);
  const id = await service.hold(sku, 10);
  await count(10);
  expect(await atRisk(id)).toEqual([false]);
  expect(await service.figures(sku)).toMatchObject({ shortfall: 0n, availableToPromise: 0n });
  await service.erp({ case: "demandAllocated", value: { warehouseId, sku, delta: 1n } });
  expect(await atRisk(id)).toEqual([true]);
  expect(await service.figures(sku)).toMatchObject({ shortfall: 1n });
});

test("committing more of a hold than is covered is refused and changes nothing; what is covered can be committed", async () => {
  await count(10);
  const older = await service.hold(sku, 4);
  const id = await service.hold(sku, 6);
  await count(7);
  const before = [await service.get(id), await service.figures(sku)];
  const details = await detailsOf(commitPart(id, 4));
  expect(details).toMatchObject(refusal("FAILED_PRECONDITION", "STOCK_SHORTFALL"));
  expect(details.metadata).toEqual({ reservation_id: id, sku, requested: "4", covered: "3" });
  expect(await detailsOf(service.commit(id))).toMatchObject(refusal("FAILED_PRECONDITION", "STOCK_SHORTFALL"));
  expect([await service.get(id), await service.figures(sku)]).toEqual(before);
  const { reservation } = await commitPart(id, 3);
  expect(reservation).toMatchObject({ atRisk: false, lines: [{ committed: 3n, released: 3n }] });
  expect(await service.figures(sku)).toMatchObject({ shortfall: 0n, availableToPromise: 0n });
  expect(await atRisk(older)).toEqual([false]);
  await service.commit(older);
});

test("a commit under shortfall goes before older holds, and their risk is worked out again", async () => {
  await count(20);
  const first = await service.hold(sku, 10);
  const second = await service.hold(sku, 10);
  await count(10);
  expect(await atRisk(first, second)).toEqual([false, true]);
  await service.commit(first);
  expect(await atRisk(first, second)).toEqual([false, true]);
  await service.release(first);
  expect(await atRisk(first, second)).toEqual([false, false]);
});

test("shortfall ends by itself when stock arrives, and reservations are taken again", async () => {
  await count(10);
  const id = await service.hold(sku, 10);
  await count(4);
  const { revision } = await service.get(id);
  await service.erp({ case: "stockReceived", value: { warehouseId, sku, quantity: 8n } });
  expect(await service.get(id)).toMatchObject({ atRisk: false, revision: revision + 1n });
  expect(await service.figures(sku)).toMatchObject({ shortfall: 0n, availableToPromise: 2n });
  await service.hold(sku, 2);
});

test("every cause of a shortfall is one, and the risk of one line is the reservation's", async () => {
  await count(5);
  const other = `${sku} other`;
  await service.receive(other, 5);
  const lines = [
    { sku: other, quantity: 5n },
    { sku, quantity: 5n },
  ];
  const { reservation } = await service.reserve({ lines });
  const id = reservation!.reservationId;
  const stock = { warehouseId, sku };
  for (const [worse, better] of [
    [
      { case: "stockAdjusted", value: { ...stock, delta: -1n } },
      { case: "stockAdjusted", value: { ...stock, delta: 1n } },
    ],
    [
      { case: "stockBlocked", value: { ...stock, delta: 1n } },
      { case: "stockBlocked", value: { ...stock, delta: -1n } },
    ],
    [
      { case: "demandAllocated", value: { ...stock, delta: 1n } },
      { case: "demandAllocated", value: { ...stock, delta: -1n } },
    ],
    [
      { case: "orderDispatched", value: { ...stock, quantity: 1n } },
      { case: "stockReturned", value: { ...stock, quantity: 1n } },
    ],
  ] as const) {
    await service.erp(worse);
    expect(await atRisk(id), worse.case).toEqual([true]);
    expect(await service.figures(sku)).toMatchObject({ shortfall: 1n, availableToPromise: 0n });
    await service.erp(better);
    expect(await atRisk(id), better.case).toEqual([false]);
  }
  await service.restart();
  expect(await atRisk(id)).toEqual([false]);
});
