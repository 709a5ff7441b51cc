/** GetAvailability through gRPC: every figure by warehouse, only what a dealer may know by dealer, versions that rise, pages. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AvailabilityLevel } from "../../src/gen/holdfast/v1/availability_pb.js";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { refusal, refusalOf } from "./refusal-of.js";
import { type Init, ServiceHarness } from "./service-harness.js";

const { getAvailability } = AvailabilityService.method;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
  await service.call(OperationsService.method.putDealer, { dealer: { dealerId: "D1", warehouseId: "W1" } });
  await service.receive("A", 100);
  await service.hold("A", 10);
  await service.hold("A", 5, { commit: true });
  await service.erp({ case: "stockBlocked", value: { warehouseId: "W1", sku: "A", delta: 20n } });
  await service.erp({ case: "demandAllocated", value: { warehouseId: "W1", sku: "A", delta: 3n } });
  const policy = { warehouseId: "W1", sku: "A", safetyStock: 7n };
  await service.call(OperationsService.method.putPolicy, { policy });
});

afterAll(() => service.stop());

function ask(request: Init<typeof getAvailability.input>) {
  return service.call(getAvailability, request);
}

const UNSEEN = {
  $typeName: "holdfast.v1.Availability",
  warehouseId: "W1",
  onHand: 0n,
  unavailable: 0n,
  reserved: 0n,
  committed: 0n,
  allocatedElsewhere: 0n,
  safetyStock: 0n,
  degradedBuffer: 0n,
  availableToPromise: 0n,
  shortfall: 0n,
  level: AvailabilityLevel.OUT,
  capped: false,
  version: 0n,
};

test("by warehouse every figure is told", async () => {
  const { availability } = await ask({ warehouseId: "W1", skus: ["A"] });
  expect(availability).toEqual([
    {
      ...UNSEEN,
      sku: "A",
      onHand: 100n,
      unavailable: 20n,
      reserved: 10n,
      committed: 5n,
      allocatedElsewhere: 3n,
      safetyStock: 7n,
      availableToPromise: 55n,
      level: AvailabilityLevel.IN_STOCK,
      version: 6n,
      updateTime: availability[0]!.updateTime,
    },
  ]);
  expect(availability[0]!.updateTime).toBeDefined();
});

test("by dealer only what a dealer may know", async () => {
  const { availability, freshness } = await ask({ dealerId: "D1", skus: ["A"] });
  const { updateTime } = await service.figures("A");
  const { IN_STOCK } = AvailabilityLevel;
  expect(availability).toEqual([
    { ...UNSEEN, sku: "A", availableToPromise: 55n, level: IN_STOCK, version: 6n, updateTime },
  ]);
  expect(freshness).toBeDefined();
});

test("SKUs are answered in the order of asking, those never seen as zeros with version 0", async () => {
  const { availability, nextPageToken } = await ask({ warehouseId: "W1", skus: ["unseen", "A", "unseen"] });
  expect(availability.map(({ sku, version }) => [sku, version])).toEqual([
    ["unseen", 0n],
    ["A", 6n],
    ["unseen", 0n],
  ]);
  expect(availability[0]).toEqual({ ...UNSEEN, sku: "unseen" });
  expect(nextPageToken).toBe("");
});

test("a stock that only a policy or an order named was never seen", async () => {
  const policy = { warehouseId: "W1", sku: "planned", safetyStock: 5n };
  await service.call(OperationsService.method.putPolicy, { policy });
  expect(await service.figures("planned")).toEqual({ ...UNSEEN, sku: "planned" });
  const reserve = service.reserve({ lines: [{ sku: "planned", quantity: 1n }] });
  expect(await refusalOf(reserve)).toEqual(refusal("NOT_FOUND", "SKU_NOT_FOUND"));
  await service.receive("planned", 8);
  expect(await service.figures("planned")).toMatchObject({ onHand: 8n, safetyStock: 5n, availableToPromise: 3n });
});

test("an unknown dealer or warehouse is not found", async () => {
  expect(await refusalOf(ask({ dealerId: "D404" }))).toEqual(refusal("NOT_FOUND", "DEALER_NOT_FOUND"));
  expect(await refusalOf(ask({ warehouseId: "W404" }))).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
});

test("a warehouse exists once an event, a dealer or a policy names it", async () => {
  await service.receive("A", 1, "by event");
  await service.call(OperationsService.method.putDealer, { dealer: { dealerId: "D2", warehouseId: "by dealer" } });
  await service.call(OperationsService.method.putPolicy, { policy: { warehouseId: "by policy", lowAt: 1n } });
  for (const [warehouseId, count] of [
    ["by event", 1],
    ["by dealer", 0],
    ["by policy", 0],
  ] as const) {
    expect((await ask({ warehouseId })).availability).toHaveLength(count);
  }
});

describe("the version of a stock rises with each change", () => {
  test("of its figures, its own policy, and the policies that it inherits", async () => {
    const warehouseId = "W-versions";
    const put = (policy: object) => service.call(OperationsService.method.putPolicy, { policy });
    const sku = "V";
    let id = "";
    const changes: Readonly<Record<string, () => Promise<unknown>>> = {
      receive: () => service.receive(sku, 100, warehouseId),
      hold: async () => {
        id = await service.hold(sku, 5, { warehouseId, dealerId: "D5" });
      },
      commit: () => service.commit(id, "D5"),
      release: () => service.release(id, "D5"),
      "its own policy": () => put({ warehouseId, sku, safetyStock: 1n }),
      "its own policy again": () => put({ warehouseId, sku, lowAt: 5n }),
      "the warehouse's policy": () => put({ warehouseId, safetyStock: 2n }),
      "the default policy": () => put({ safetyStock: 3n, lowAt: 4n }),
      "the warehouse's policy taken back": () => put({ warehouseId }),
      "the default policy taken back": () => put({}),
    };
    let version = 0n;
    for (const [name, change] of Object.entries(changes)) {
      await change();
      const figures = await service.figures(sku, warehouseId);
      expect(figures.version, name).toBeGreaterThan(version);
      version = figures.version;
    }
    await service.restart();
    expect((await service.figures(sku, warehouseId)).version).toBe(version);
  });

  test("and stays where nothing changed", async () => {
    const before = await service.figures("A");
    const policy = { warehouseId: "W1", sku: "A", safetyStock: 7n };
    await service.call(OperationsService.method.putPolicy, { policy });
    await service.reserve({ lines: [{ sku: "A", quantity: 1_000n }] });
    expect(await service.figures("A")).toEqual(before);
  });
});

test.each([
  [0n, AvailabilityLevel.OUT],
  [1n, AvailabilityLevel.LOW],
  [10n, AvailabilityLevel.LOW],
  [11n, AvailabilityLevel.IN_STOCK],
])("%i units are at the level %i, by the shipped policy", async (onHand, level) => {
  await service.erp({ case: "stockCounted", value: { warehouseId: "W1", sku: "level", onHand } });
  expect(await service.figures("level")).toMatchObject({ availableToPromise: onHand, level });
});

describe("without skus", () => {
  beforeAll(async () => {
    for (let index = 0; index < 25; index++) await service.receive(`P${index}`, index + 1, "W-pages");
    await service.call(OperationsService.method.putPolicy, {
      policy: { warehouseId: "W-pages", sku: "plan", lowAt: 1n },
    });
    await service.receive("P25", 26, "W-pages");
  });

  async function pages(pageSize: number): Promise<string[][]> {
    const read: string[][] = [];
    let pageToken = "";
    do {
      const page = await ask({ warehouseId: "W-pages", pageSize, pageToken });
      read.push(page.availability.map(({ sku }) => sku));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return read;
  }

  test.each([1, 7, 26, 27, 100, 2 ** 31 - 1])("pages of %i show every stock once", async (pageSize) => {
    const read = await pages(pageSize);
    expect(read.flat()).toEqual(Array.from({ length: 26 }, (_, index) => `P${index}`));
    for (const page of read) expect(page.length).toBeLessThanOrEqual(pageSize);
  });

  test("page_size 0 means 100, above 1,000 means 1,000", async () => {
    const events = Array.from({ length: 1_100 }, (_, index) => ({
      source: "many",
      sequence: BigInt(index + 1),
      eventId: `many-${index}`,
      body: { case: "stockReceived", value: { warehouseId: "W-many", sku: `M${index}`, quantity: 1n } } as const,
    }));
    await service.events(events);
    expect((await ask({ warehouseId: "W-many" })).availability).toHaveLength(100);
    expect((await ask({ warehouseId: "W-many", pageSize: 5_000 })).availability).toHaveLength(1_000);
    const skus = Array.from({ length: 1_000 }, (_, index) => `M${index}`);
    expect((await ask({ warehouseId: "W-many", skus })).availability).toHaveLength(1_000);
  });
});
