/** GetSyncHealth: what is measured, what waits for a person, and the level of each, over gRPC. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { HealthLevel } from "../../src/gen/holdfast/v1/sync_health_pb.js";
import { invalidField, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

let service: ServiceHarness;

beforeEach(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 1_000);
});

afterEach(() => service.stop());

const health = (request: { warehouseId?: string; sku?: string } = {}) =>
  service.call(OperationsService.method.getSyncHealth, request);

async function dispatch(orderId: string, quantity: number): Promise<void> {
  const value = { warehouseId: "W1", sku: "A", quantity: BigInt(quantity), orderId };
  await service.erp({ case: "orderDispatched", value });
}

test("a source that speaks, and nothing that waits, is green; what was never measured has no level", async () => {
  const seen = await health();
  expect(seen.receivedToApplied).toMatchObject({ samples: 1n, level: HealthLevel.GREEN });
  expect(seen.erpResponse).toMatchObject({ samples: 0n, level: HealthLevel.UNSPECIFIED });
  for (const measure of [
    seen.gaps,
    seen.oldestGapAge,
    seen.provisionalOrders,
    seen.oldestProvisionalAge,
    seen.atRiskUnits,
    seen.deadLetters,
    seen.dispatchExceptions,
    seen.overdueCommittedUnits,
    seen.holdsPastDeadline,
    seen.quarantinedStocks,
  ]) {
    expect(measure?.level).toBe(HealthLevel.GREEN);
  }
  expect(seen.sources).toMatchObject([{ source: "erp", appliedSequence: 1n }]);
  expect(seen.accuracy.map(({ window, level }) => [window?.seconds, level])).toEqual([
    [3_600n, HealthLevel.UNSPECIFIED],
    [86_400n, HealthLevel.UNSPECIFIED],
    [604_800n, HealthLevel.UNSPECIFIED],
  ]);
});

test("accuracy is of the units that ended, by SKU and warehouse, and outlives a restart", async () => {
  await service.receive("B", 500);
  for (const [sku, quantity] of [
    ["A", 150],
    ["B", 60],
  ] as const) {
    await service.reserve({ orderId: `O-${sku}`, lines: [{ sku, quantity: BigInt(quantity) }], commit: true });
  }
  await dispatch("O-A", 147);
  await service.erp({ case: "orderClosed", value: { warehouseId: "W1", orderId: "O-A", reason: 3 } });
  await service.restart();
  const [hour] = (await health({ warehouseId: "W1" })).accuracy;
  expect(hour).toMatchObject({ fulfilledUnits: 147n, failedUnits: 3n, openUnits: 60n, level: HealthLevel.AMBER });
  expect(hour!.ratio).toBeCloseTo(0.98);
  const [ofA] = (await health({ warehouseId: "W1", sku: "A" })).accuracy;
  expect(ofA).toMatchObject({ fulfilledUnits: 147n, failedUnits: 3n, openUnits: 0n });
  const [ofB] = (await health({ warehouseId: "W1", sku: "B" })).accuracy;
  expect(ofB).toMatchObject({ fulfilledUnits: 0n, openUnits: 60n, level: HealthLevel.UNSPECIFIED });
  expect(ofB!.ratio).toBeUndefined();
});

test("what waits for a person is counted", async () => {
  await service.reserve({ orderId: "O1", lines: [{ sku: "A", quantity: 900n }], commit: true });
  await service.erp({ case: "stockCounted", value: { warehouseId: "W1", sku: "A", onHand: 850n } });
  await service.erp({ case: "stockBlocked", value: { warehouseId: "W1", sku: "A", delta: -5n } });
  await dispatch("nobody", 10);
  const seen = await health();
  expect(seen.atRiskUnits).toMatchObject({ value: 60n, level: HealthLevel.RED });
  expect(seen.deadLetters).toMatchObject({ value: 1n, level: HealthLevel.AMBER });
  expect(seen.dispatchExceptions).toMatchObject({ value: 1n, level: HealthLevel.AMBER });
});

test("bad questions are refused by field", async () => {
  expect(await refusalOf(health({ sku: "A" }))).toEqual(invalidField("warehouse_id"));
  expect(await refusalOf(health({ warehouseId: "a\n" }))).toEqual(invalidField("warehouse_id"));
  expect(await refusalOf(health({ warehouseId: "nowhere" }))).toMatchObject({ code: "NOT_FOUND" });
});
