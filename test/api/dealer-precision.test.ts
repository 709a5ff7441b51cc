/** How exactly dealers are told, through gRPC: the policies that say so, what GetAvailability answers by them, and what a shortage says. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AvailabilityLevel, AvailabilityPrecision } from "../../src/gen/holdfast/v1/availability_pb.js";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { FillPolicy, ReserveOutcome } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { type Init, ServiceHarness } from "./service-harness.js";

const { getPolicy, putDealer, putPolicy } = OperationsService.method;
const { EXACT, CAPPED, LEVEL } = AvailabilityPrecision;
const { IN_STOCK, OUT } = AvailabilityLevel;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
  for (const [dealerId, warehouseId] of Object.entries({ D1: "W1", D2: "W1", E1: "W2" })) {
    await service.call(putDealer, { dealer: { dealerId, warehouseId } });
  }
  for (const warehouseId of ["W1", "W2"]) {
    await service.receive("many", 60, warehouseId);
    await service.receive("some", 50, warehouseId);
  }
  await service.receive("none", 1);
  await service.hold("none", 1);
});

afterAll(() => service.stop());

const put = async (policy: Init<typeof putPolicy.input>["policy"]) => {
  const { effective } = await service.call(putPolicy, { policy: policy! });
  return { precision: effective!.availabilityPrecision, cap: effective!.availabilityCap };
};

async function told(dealerId: string, ...skus: string[]) {
  const { availability } = await service.call(AvailabilityService.method.getAvailability, { dealerId, skus });
  return availability.map(({ availableToPromise, capped, level }) => [Number(availableToPromise), capped, level]);
}

/** What a dealer may know of W1's stocks, by precision. */
const AS_IT_IS = [
  [60, false, IN_STOCK],
  [50, false, IN_STOCK],
  [0, false, OUT],
];
const UP_TO_50 = [[50, true, IN_STOCK], ...AS_IT_IS.slice(1)];
const BY_LEVEL = [
  [0, true, IN_STOCK],
  [0, true, IN_STOCK],
  [0, false, OUT],
];
const ofW1 = (dealerId: string) => told(dealerId, "many", "some", "none");

describe("a dealer is told", () => {
  test("everything as it is unless a policy says otherwise", async () => {
    expect(await ofW1("D1")).toEqual(AS_IT_IS);
    const { policy, effective } = await service.call(getPolicy, {});
    expect([policy!.availabilityPrecision, policy!.availabilityCap]).toEqual([undefined, undefined]);
    expect([effective!.availabilityPrecision, effective!.availabilityCap]).toEqual([EXACT, 50n]);
  });

  test("as his own policy says before his warehouse's before the default, at once and after each kind of restart", async () => {
    expect(await put({ availabilityPrecision: CAPPED })).toEqual({ precision: CAPPED, cap: 50n });
    expect([await ofW1("D1"), await told("E1", "many")]).toEqual([UP_TO_50, [[50, true, IN_STOCK]]]);
    expect(await put({ warehouseId: "W1", availabilityPrecision: LEVEL })).toEqual({ precision: LEVEL, cap: 50n });
    expect(await put({ dealerId: "D2", availabilityPrecision: EXACT })).toEqual({ precision: EXACT, cap: 50n });
    expect(await put({ warehouseId: "W2", availabilityCap: 7n })).toEqual({ precision: CAPPED, cap: 7n });
    const everybody = async () => [await ofW1("D1"), await ofW1("D2"), await told("E1", "many")];
    const expected = [BY_LEVEL, AS_IT_IS, [[7, true, IN_STOCK]]];
    expect(await everybody()).toEqual(expected);
    await service.restart();
    expect(await everybody()).toEqual(expected);
    await service.restart({ withoutSnapshots: true });
    expect(await everybody()).toEqual(expected);
  });

  test("as the warehouse that he was moved to has it", async () => {
    await service.call(putDealer, { dealer: { dealerId: "E1", warehouseId: "W1" } });
    expect(await told("E1", "many")).toEqual([[0, true, IN_STOCK]]);
    await service.call(putDealer, { dealer: { dealerId: "E1", warehouseId: "W2" } });
    expect(await told("E1", "many")).toEqual([[7, true, IN_STOCK]]);
  });

  test("what he may know of stocks that nobody has seen: nothing is there", async () => {
    expect(await told("D1", "unseen")).toEqual([[0, false, OUT]]);
  });

  test("nothing less where he is asked for by warehouse: that is for operators", async () => {
    expect(await service.figures("many")).toMatchObject({ availableToPromise: 60n, capped: false, onHand: 60n });
  });
});

describe("a shortage says", () => {
  const ask = (dealerId: string, { requestId = service.requestId(), fillPolicy = FillPolicy.UNSPECIFIED } = {}) =>
    service.reserve({ dealerId, warehouseId: "", lines: [{ sku: "many", quantity: 61n }], requestId, fillPolicy });

  test.each([
    ["D2", 60n],
    ["E1", 7n],
    ["D1", 0n],
  ])("to %s, who is told nothing beyond that, that %i are there", async (dealerId, available) => {
    const requestId = service.requestId();
    const { outcome, shortages } = await ask(dealerId, { requestId });
    expect(outcome).toBe(ReserveOutcome.REJECTED);
    expect(shortages).toMatchObject([{ requested: 61n, available }]);
    // A retry hears what was said first, whatever policy says by then.
    await put({ dealerId, availabilityPrecision: CAPPED, availabilityCap: 1n });
    expect((await ask(dealerId, { requestId })).shortages).toEqual(shortages);
    expect((await ask(dealerId)).shortages).toMatchObject([{ available: 1n }]);
    await put({ dealerId, ...(dealerId === "D2" ? { availabilityPrecision: EXACT } : {}) });
  });

  test("to whoever is granted what there is how much that was", async () => {
    const { reservation, shortages } = await ask("D1", { fillPolicy: FillPolicy.PARTIAL });
    expect(reservation!.lines).toMatchObject([{ reserved: 60n }]);
    expect(shortages).toMatchObject([{ requested: 61n, available: 60n }]);
  });
});
