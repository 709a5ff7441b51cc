/** Dealers, policies, GetStock and lists of reservations through gRPC. */
import { toBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OperationsService, type Policy } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { ReservationService } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { invalidField, limitExceeded, refusal, refusalOf } from "./refusal-of.js";
import { type Init, ServiceHarness } from "./service-harness.js";

const { method } = OperationsService;
const { listReservations } = ReservationService.method;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

afterAll(() => service.stop());

/** Reads every page of a list. */
async function everyPage<T>(
  read: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>,
): Promise<T[][]> {
  const pages: T[][] = [];
  let pageToken = "";
  do {
    const { items, nextPageToken } = await read(pageToken);
    pages.push(items);
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return pages;
}

describe("dealers", () => {
  test("are registered, changed and read back, also after a restart", async () => {
    const dealer = { $typeName: "holdfast.v1.Dealer", dealerId: "one", name: "", warehouseId: "W1" } as const;
    expect(await service.call(method.putDealer, { dealer })).toEqual({
      $typeName: "holdfast.v1.PutDealerResponse",
      dealer,
    });
    const changed = { ...dealer, name: "One & Sons", warehouseId: "W2" };
    for (let times = 0; times < 2; times++) await service.call(method.putDealer, { dealer: changed });
    expect((await service.call(method.getDealer, { dealerId: "one" })).dealer).toEqual(changed);
    await service.restart();
    expect((await service.call(method.getDealer, { dealerId: "one" })).dealer).toEqual(changed);
    expect(await refusalOf(service.call(method.getDealer, { dealerId: "two" }))).toEqual(
      refusal("NOT_FOUND", "DEALER_NOT_FOUND"),
    );
  });

  test("are listed in pages, each once, in a stable order", async () => {
    for (let index = 0; index < 12; index++) {
      await service.call(method.putDealer, { dealer: { dealerId: `L${index}`, warehouseId: "W1" } });
    }
    const all = (await service.call(method.listDealers, {})).dealers.map(({ dealerId }) => dealerId);
    expect(new Set(all).size).toBe(13);
    for (const pageSize of [1, 5, 13, 1_000]) {
      const pages = await everyPage(async (pageToken) => {
        const { dealers, nextPageToken } = await service.call(method.listDealers, { pageSize, pageToken });
        return { items: dealers.map(({ dealerId }) => dealerId), nextPageToken };
      });
      expect(pages.flat()).toEqual(all);
      expect(pages).toHaveLength(Math.ceil(13 / pageSize));
    }
  });
});

describe("policies", () => {
  const put = (policy: Init<typeof method.putPolicy.input>["policy"]) =>
    service.call(method.putPolicy, { policy: policy! });
  const get = (scope: Init<typeof method.getPolicy.input>) => service.call(method.getPolicy, scope);

  function fields({ safetyStock, lowAt, openReservationsMax, holdDefault, holdMax }: Policy) {
    const seconds = (span: Policy["holdMax"]) => (span === undefined ? undefined : durationMs(span) / 1000);
    return { safetyStock, lowAt, openReservationsMax, holdDefault: seconds(holdDefault), holdMax: seconds(holdMax) };
  }

  const UNSET = {
    safetyStock: undefined,
    lowAt: undefined,
    openReservationsMax: undefined,
    holdDefault: undefined,
    holdMax: undefined,
  };
  const SHIPPED = { ...UNSET, safetyStock: 0n, lowAt: 10n, holdDefault: 900, holdMax: 86_400 };

  test("ship as docs/api.md says", async () => {
    const { policy, effective } = await get({});
    expect(fields(policy!)).toEqual(UNSET);
    expect(fields(effective!)).toEqual(SHIPPED);
  });

  test("of stocks go before the warehouse's, that before the default; holds of dealers before both", async () => {
    await service.receive("A", 100, "WP");
    await put({ safetyStock: 1n, lowAt: 1n, holdDefault: { seconds: 100n }, openReservationsMax: 50n });
    const warehouse = await put({ warehouseId: "WP", safetyStock: 2n, holdDefault: { seconds: 200n } });
    expect(fields(warehouse.policy!)).toEqual({ ...UNSET, safetyStock: 2n, holdDefault: 200 });
    expect(fields(warehouse.effective!)).toEqual({
      safetyStock: 2n,
      lowAt: 1n,
      openReservationsMax: 50n,
      holdDefault: 200,
      holdMax: 86_400,
    });
    const stock = await put({ warehouseId: "WP", sku: "A", safetyStock: 0n });
    expect(fields(stock.policy!)).toEqual({ ...UNSET, safetyStock: 0n });
    expect(fields(stock.effective!)).toMatchObject({ safetyStock: 0n, lowAt: 1n });
    const dealer = await put({ dealerId: "DP", holdDefault: { seconds: 300n }, openReservationsMax: 60n });
    expect(fields(dealer.effective!)).toMatchObject({ openReservationsMax: 60n, holdDefault: 300 });
    expect(await get({ warehouseId: "WP" })).toMatchObject({
      policy: warehouse.policy,
      effective: warehouse.effective,
    });
    const both = await get({ warehouseId: "WP", sku: "A", dealerId: "DP" });
    expect(fields(both.effective!)).toEqual({
      safetyStock: 0n,
      lowAt: 1n,
      openReservationsMax: 60n,
      holdDefault: 300,
      holdMax: 86_400,
    });
    await service.restart();
    expect(await get({ warehouseId: "WP", sku: "A", dealerId: "DP" })).toEqual(both);
  });

  test("are what holds and figures go by", async () => {
    const heldSeconds = async (dealerId: string, warehouseId: string) => {
      const line = { lines: [{ sku: "A", quantity: 1n }] };
      const { reservation } = await service.reserve({ dealerId, warehouseId, ...line });
      return Number(reservation!.expireTime!.seconds - reservation!.createTime!.seconds);
    };
    await service.receive("A", 100, "WQ");
    expect(await heldSeconds("DP", "WP")).toBe(300);
    expect(await heldSeconds("other", "WP")).toBe(200);
    expect(await heldSeconds("other", "WQ")).toBe(100);
    expect(await service.figures("A", "WQ")).toMatchObject({ safetyStock: 1n, availableToPromise: 98n });
    await put({ dealerId: "DP", holdMax: { seconds: 30n } });
    expect(await heldSeconds("DP", "WP")).toBe(30);
    const tooLong = { lines: [{ sku: "A", quantity: 1n }], holdDuration: { seconds: 31n } };
    const refused = service.reserve({ dealerId: "DP", warehouseId: "WP", ...tooLong });
    expect(await refusalOf(refused)).toEqual(limitExceeded("hold_duration"));
  });

  test("are replaced as a whole: what is left out inherits again", async () => {
    await put({ safetyStock: 5n });
    expect(fields((await get({})).effective!)).toEqual({ ...SHIPPED, safetyStock: 5n });
    await put({ warehouseId: "WP" });
    await put({});
    expect(fields((await get({ warehouseId: "WP" })).effective!)).toEqual(SHIPPED);
  });

  test("of an unknown warehouse are not found; those of an unknown SKU or dealer are what they inherit", async () => {
    expect(await refusalOf(get({ warehouseId: "W404" }))).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
    for (const scope of [{ warehouseId: "WP", sku: "unseen" }, { dealerId: "unseen" }]) {
      const { policy, effective } = await get(scope);
      expect(policy).toMatchObject(scope);
      expect(fields(policy!)).toEqual(UNSET);
      expect(fields(effective!)).toEqual(SHIPPED);
    }
  });
});

describe("lists of reservations", () => {
  const made: string[] = [];

  beforeAll(async () => {
    await service.receive("L1", 100, "WL");
    await service.receive("L2", 100, "WL");
    await service.receive("L1", 100, "WM");
    for (let index = 0; index < 9; index++) {
      const warehouseId = index % 3 === 2 ? "WM" : "WL";
      const more = { dealerId: "DL", warehouseId, orderId: `order-${index % 2}`, commit: index >= 6 };
      made.push(await service.hold(index % 3 === 1 ? "L2" : "L1", 1, more));
    }
    await service.hold("L1", 1, { dealerId: "other", warehouseId: "WL" });
    await service.release(made[0]!, "DL");
  });

  async function list(filter: object): Promise<number[]> {
    const pages = await everyPage(async (pageToken) => {
      const { reservations, nextPageToken } = await service.call(listReservations, {
        dealerId: "DL",
        pageSize: 2,
        pageToken,
        ...filter,
      });
      return { items: reservations.map(({ reservationId }) => made.indexOf(reservationId)), nextPageToken };
    });
    for (const page of pages) expect(page.length).toBeLessThanOrEqual(2);
    return pages.flat();
  }

  test("show the dealer's own, newest first within a warehouse", async () => {
    expect(await list({})).toEqual([7, 6, 4, 3, 1, 0, 8, 5, 2]);
    expect(await list({ dealerId: "nobody" })).toEqual([]);
  });

  test("are filtered by order, warehouse, SKU and state, and by all together", async () => {
    expect(await list({ orderId: "order-1" })).toEqual([7, 3, 1, 5]);
    expect(await list({ warehouseId: "WM" })).toEqual([8, 5, 2]);
    expect(await list({ sku: "L2" })).toEqual([7, 4, 1]);
    expect(await list({ states: [ReservationState.COMMITTED, ReservationState.RELEASED] })).toEqual([7, 6, 0, 8]);
    const all = { orderId: "order-1", warehouseId: "WL", sku: "L2", states: [ReservationState.COMMITTED] };
    expect(await list(all)).toEqual([7]);
    expect(await list({ sku: "unseen" })).toEqual([]);
  });

  test("refuse a warehouse that does not exist, and a token of another dealer", async () => {
    expect(await refusalOf(service.call(listReservations, { dealerId: "DL", warehouseId: "W404" }))).toEqual(
      refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"),
    );
    const { nextPageToken } = await service.call(listReservations, { dealerId: "DL", pageSize: 1 });
    const foreign = service.call(listReservations, { dealerId: "other", pageToken: nextPageToken });
    expect(await refusalOf(foreign)).toEqual(invalidField("page_token"));
  });
});

test("pages of wide orders are short, so that every one fits into what a caller takes", async () => {
  const skus = Array.from({ length: 1_000 }, (_, index) => "\u{1f600}".repeat(124) + String(index).padStart(4, "0"));
  const events = skus.map((sku, index) => ({
    source: "wide",
    sequence: BigInt(index + 1),
    eventId: `wide-${index}`,
    body: { case: "stockReceived", value: { warehouseId: "WW", sku, quantity: 100n } } as const,
  }));
  await service.events(events);
  const lines = skus.map((sku) => ({ sku, quantity: 1n }));
  const made: string[] = [];
  for (let index = 0; index < 12; index++) {
    const { reservation } = await service.reserve({ dealerId: "wide", warehouseId: "WW", lines });
    made.push(reservation!.reservationId);
  }
  const receiveBytesMax = 4 * 1024 * 1024;
  const listed = await everyPage(async (pageToken) => {
    const page = await service.call(listReservations, { dealerId: "wide", pageToken });
    expect(toBinary(listReservations.output, page).length).toBeLessThan(receiveBytesMax);
    return { items: page.reservations.map(({ reservationId }) => reservationId), nextPageToken: page.nextPageToken };
  });
  expect(listed.flat()).toEqual([...made].reverse());
  const holders = await everyPage(async (pageToken) => {
    const page = await service.call(method.getStock, { warehouseId: "WW", sku: skus[0]!, pageToken });
    expect(toBinary(method.getStock.output, page).length).toBeLessThan(receiveBytesMax);
    return { items: page.reservations.map(({ reservationId }) => reservationId), nextPageToken: page.nextPageToken };
  });
  expect(holders.flat()).toEqual(made);
});

describe("GetStock", () => {
  test("pages through the open reservations in the order of coverage", async () => {
    await service.receive("G", 100);
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) ids.push(await service.hold("G", 1));
    for (const index of [4, 1]) await service.commit(ids[index]!);
    await service.release(ids[0]!);
    const expected = [4, 1, 2, 3, 5].map((index) => ids[index]);
    for (const pageSize of [1, 2, 5, 100]) {
      const pages = await everyPage(async (pageToken) => {
        const page = await service.call(method.getStock, { warehouseId: "W1", sku: "G", pageSize, pageToken });
        const items = page.reservations.map(({ reservationId }) => reservationId);
        return { items, nextPageToken: page.nextPageToken };
      });
      expect(pages.flat()).toEqual(expected);
    }
  });

  test("of a SKU never seen is zeros; of an unknown warehouse is not found", async () => {
    const unseen = await service.call(method.getStock, { warehouseId: "W1", sku: "unseen" });
    expect(unseen).toMatchObject({
      stock: { sku: "unseen", version: 0n },
      reservations: [],
      lastEvents: [],
      exceptions: [],
    });
    expect(await refusalOf(service.call(method.getStock, { warehouseId: "W404", sku: "G" }))).toEqual(
      refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"),
    );
  });
});
