/** Reserve through gRPC: every outcome, every shortage, every error of its rows in docs/api.md. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FreshnessState } from "../../src/gen/holdfast/v1/freshness_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { FillPolicy, ReserveOutcome, ShortageReason } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf, limitExceeded, refusal, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const FIFTEEN_MINUTES_MS = 15 * 60_000;

let service: ServiceHarness;

beforeAll(async () => {
  // The greatest quantity is tried too.
  service = await ServiceHarness.start({ erpQuantityMax: Number.MAX_SAFE_INTEGER });
});

afterAll(() => service.stop());

function line(sku: string, requested: bigint, change: object = {}) {
  const nothing = { reserved: 0n, committed: 0n, dispatched: 0n, released: 0n };
  return { $typeName: "holdfast.v1.ReservationLine", sku, requested, ...nothing, ...change };
}

function shortage(sku: string, requested: bigint, available: bigint, reason: ShortageReason) {
  return { $typeName: "holdfast.v1.Shortage", sku, requested, available, reason };
}

const SHOWN = { provisional: false, atRisk: false, revision: 1n, reopenedFrom: "", warehouseId: "W1" };

describe("a reservation", () => {
  test("is a hold of every unit asked for, until the policy's deadline", async () => {
    await service.receive("A", 100);
    const before = Date.now();
    const answer = await service.reserve({
      dealerId: "dealer",
      orderId: "order",
      lines: [{ sku: "A", quantity: 30n }],
    });
    const { reservation, freshness } = answer;
    expect(answer).toEqual({
      $typeName: "holdfast.v1.ReserveResponse",
      outcome: ReserveOutcome.RESERVED,
      reservation: {
        $typeName: "holdfast.v1.Reservation",
        ...SHOWN,
        reservationId: reservation!.reservationId,
        dealerId: "dealer",
        orderId: "order",
        state: ReservationState.PENDING,
        lines: [line("A", 30n, { reserved: 30n })],
        createTime: reservation!.createTime,
        updateTime: reservation!.createTime,
        expireTime: reservation!.expireTime,
      },
      shortages: [],
      freshness,
    });
    expect(freshness).toMatchObject({ state: FreshnessState.LIVE });
    expect(timestampMs(freshness!.asOf!)).toBeGreaterThan(0);
    const createdAtMs = timestampMs(reservation!.createTime!);
    expect(createdAtMs).toBeGreaterThanOrEqual(before - 1_000);
    expect(timestampMs(reservation!.expireTime!) - createdAtMs).toBe(FIFTEEN_MINUTES_MS);
    expect(await service.get(reservation!.reservationId, "dealer")).toEqual(reservation);
    expect(await service.figures("A")).toMatchObject({ onHand: 100n, reserved: 30n, availableToPromise: 70n });
  });

  test("with commit has no deadline and no hold", async () => {
    await service.receive("B", 10);
    const { outcome, reservation } = await service.reserve({ lines: [{ sku: "B", quantity: 10n }], commit: true });
    expect(outcome).toBe(ReserveOutcome.RESERVED);
    expect(reservation).toMatchObject({
      ...SHOWN,
      state: ReservationState.COMMITTED,
      lines: [line("B", 10n, { committed: 10n })],
    });
    expect(reservation!.expireTime).toBeUndefined();
    expect(await service.figures("B")).toMatchObject({ reserved: 0n, committed: 10n, availableToPromise: 0n });
  });

  test("has one line for each SKU, in the order of their first naming, quantities summed", async () => {
    await service.receive("C1", 10);
    await service.receive("C2", 10);
    const lines = ["C2", "C1", "C2", "C1", "C2"].map((sku, index) => ({ sku, quantity: BigInt(index + 1) }));
    const { reservation } = await service.reserve({ lines });
    expect(reservation!.lines).toEqual([line("C2", 9n, { reserved: 9n }), line("C1", 6n, { reserved: 6n })]);
  });

  test("of a sum that is not there is refused, though each line is", async () => {
    await service.receive("C3", 10);
    const lines = [
      { sku: "C3", quantity: 6n },
      { sku: "C3", quantity: 5n },
    ];
    const answer = await service.reserve({ lines });
    expect(answer.reservation).toBeUndefined();
    expect(answer).toMatchObject({
      outcome: ReserveOutcome.REJECTED,
      shortages: [shortage("C3", 11n, 10n, ShortageReason.INSUFFICIENT)],
    });
  });

  test("takes 1,000 lines, and the greatest quantity", async () => {
    await service.erp({ case: "stockCounted", value: { warehouseId: "W1", sku: "MAX", onHand: 2n ** 53n - 1n } });
    const { reservation } = await service.reserve({ lines: [{ sku: "MAX", quantity: 2n ** 53n - 1n }] });
    expect(reservation!.lines).toEqual([line("MAX", 2n ** 53n - 1n, { reserved: 2n ** 53n - 1n })]);
    await service.receive("MANY", 1_000);
    const lines = Array.from({ length: 1_000 }, () => ({ sku: "MANY", quantity: 1n }));
    expect((await service.reserve({ lines })).reservation!.lines).toEqual([line("MANY", 1_000n, { reserved: 1_000n })]);
  });
});

describe("too little stock is an answer", () => {
  test("that grants nothing of an all-or-nothing order and names every shortage", async () => {
    await service.receive("D1", 5);
    await service.receive("D2", 5);
    await service.receive("D3", 5);
    await service.hold("D3", 5);
    const asked = [
      { sku: "D1", quantity: 5n },
      { sku: "D2", quantity: 6n },
      { sku: "D3", quantity: 1n },
    ];
    for (const fillPolicy of [FillPolicy.UNSPECIFIED, FillPolicy.ALL_OR_NOTHING]) {
      const answer = await service.reserve({ lines: asked, fillPolicy });
      expect(answer).toEqual({
        $typeName: "holdfast.v1.ReserveResponse",
        outcome: ReserveOutcome.REJECTED,
        shortages: [
          shortage("D2", 6n, 5n, ShortageReason.INSUFFICIENT),
          shortage("D3", 1n, 0n, ShortageReason.INSUFFICIENT),
        ],
        freshness: answer.freshness,
      });
    }
    expect(await service.figures("D1")).toMatchObject({ reserved: 0n, version: 1n });
  });

  test("that grants what there is of a partial order, lines of 0 and never seen SKUs included", async () => {
    await service.receive("E1", 5);
    await service.receive("E2", 5);
    await service.hold("E2", 5);
    const lines = [
      { sku: "E1", quantity: 8n },
      { sku: "E2", quantity: 1n },
      { sku: "never seen", quantity: 2n },
    ];
    const { outcome, reservation, shortages } = await service.reserve({ lines, fillPolicy: FillPolicy.PARTIAL });
    expect(outcome).toBe(ReserveOutcome.PARTIALLY_RESERVED);
    expect(reservation!.lines).toEqual([line("E1", 8n, { reserved: 5n }), line("E2", 1n), line("never seen", 2n)]);
    expect(shortages).toEqual([
      shortage("E1", 8n, 5n, ShortageReason.INSUFFICIENT),
      shortage("E2", 1n, 0n, ShortageReason.INSUFFICIENT),
      shortage("never seen", 2n, 0n, ShortageReason.UNKNOWN_SKU),
    ]);
    const { reservation: committed } = await service.commit(reservation!.reservationId);
    expect(committed!.lines).toEqual([line("E1", 8n, { committed: 5n }), line("E2", 1n), line("never seen", 2n)]);
  });

  test("that rejects a partial order of which nothing can be granted", async () => {
    const answer = await service.reserve({
      lines: [{ sku: "never seen", quantity: 2n }],
      fillPolicy: FillPolicy.PARTIAL,
    });
    expect(answer.reservation).toBeUndefined();
    expect(answer).toMatchObject({
      outcome: ReserveOutcome.REJECTED,
      shortages: [shortage("never seen", 2n, 0n, ShortageReason.UNKNOWN_SKU)],
    });
  });

  test("a stock in shortfall takes nothing, whatever else it has", async () => {
    await service.receive("F", 10);
    await service.hold("F", 6);
    await service.erp({ case: "stockBlocked", value: { warehouseId: "W1", sku: "F", delta: 5n } });
    const lines = [{ sku: "F", quantity: 1n }];
    expect(await service.reserve({ lines })).toMatchObject({
      outcome: ReserveOutcome.REJECTED,
      shortages: [shortage("F", 1n, 0n, ShortageReason.SHORTFALL)],
    });
  });

  test("safety stock is never promised", async () => {
    const policy = { warehouseId: "W1", sku: "G", safetyStock: 4n };
    await service.call(OperationsService.method.putPolicy, { policy });
    await service.receive("G", 10);
    expect(await service.reserve({ lines: [{ sku: "G", quantity: 7n }] })).toMatchObject({
      outcome: ReserveOutcome.REJECTED,
      shortages: [shortage("G", 7n, 6n, ShortageReason.INSUFFICIENT)],
    });
    expect(await service.reserve({ lines: [{ sku: "G", quantity: 6n }] })).toMatchObject({
      outcome: ReserveOutcome.RESERVED,
    });
  });
});

describe("Reserve refuses", () => {
  const lines = [{ sku: "A", quantity: 1n }];

  test("a warehouse that nobody named", async () => {
    const details = await detailsOf(service.reserve({ warehouseId: "W404", lines }));
    expect(details).toMatchObject(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
    expect(details.metadata).toEqual({ warehouse_id: "W404" });
  });

  test("a dealer that is not registered and names no warehouse", async () => {
    const details = await detailsOf(service.reserve({ dealerId: "nobody", warehouseId: "", lines }));
    expect(details).toMatchObject(refusal("NOT_FOUND", "DEALER_NOT_FOUND"));
    expect(details.metadata).toEqual({ dealer_id: "nobody" });
  });

  test("an all-or-nothing order with SKUs never seen there, all named", async () => {
    const unseen = ["A", "U1", "B", "U2"].map((sku) => ({ sku, quantity: 1_000n }));
    const details = await detailsOf(service.reserve({ lines: unseen }));
    expect(details).toMatchObject(refusal("NOT_FOUND", "SKU_NOT_FOUND"));
    expect(details.metadata).toEqual({ warehouse_id: "W1", skus: "U1,U2" });
  });

  test("a registered dealer that names another warehouse than his", async () => {
    const dealer = { dealerId: "R1", warehouseId: "W1" };
    await service.call(OperationsService.method.putDealer, { dealer });
    await service.receive("A", 1, "W2");
    const details = await detailsOf(service.reserve({ dealerId: "R1", warehouseId: "W2", lines }));
    expect(details).toMatchObject(refusal("FAILED_PRECONDITION", "WAREHOUSE_NOT_ASSIGNED"));
    expect(details.metadata).toEqual({ dealer_id: "R1", warehouse_id: "W2", assigned_warehouse_id: "W1" });
    const { reservation } = await service.reserve({ dealerId: "R1", warehouseId: "", lines });
    expect(reservation).toMatchObject({ warehouseId: "W1" });
  });

  test("a hold beyond the policy's maximum", async () => {
    const tooLong = service.reserve({ lines, holdDuration: { seconds: 24n * 3_600n, nanos: 1 } });
    expect(await refusalOf(tooLong)).toEqual(limitExceeded("hold_duration"));
    const { reservation } = await service.reserve({ lines, holdDuration: { seconds: 24n * 3_600n } });
    const { createTime, expireTime } = reservation!;
    expect(timestampMs(expireTime!) - timestampMs(createTime!)).toBe(24 * 3_600_000);
  });

  test("a dealer above his quota of open reservations, until one ends", async () => {
    const policy = { dealerId: "Q1", openReservationsMax: 2n };
    await service.call(OperationsService.method.putPolicy, { policy });
    const first = await service.hold("A", 1, { dealerId: "Q1" });
    await service.hold("A", 1, { dealerId: "Q1" });
    const details = await detailsOf(service.reserve({ dealerId: "Q1", lines }));
    expect(details).toMatchObject(refusal("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"));
    expect(details.metadata).toEqual({ dealer_id: "Q1", open_reservations: "2", open_reservations_max: "2" });
    await service.release(first, "Q1");
    await service.hold("A", 1, { dealerId: "Q1" });
    expect(await refusalOf(service.reserve({ dealerId: "Q1", lines }))).toEqual(
      refusal("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    );
  });

  test("every dealer that is not registered, where dealers.requireKnown is set", async () => {
    const strict = await ServiceHarness.start({ requireKnown: true });
    await strict.receive("A", 10);
    const refused = strict.reserve({ dealerId: "D1", warehouseId: "W1", lines });
    expect(await refusalOf(refused)).toEqual(refusal("NOT_FOUND", "DEALER_NOT_FOUND"));
    const dealer = { dealerId: "D1", warehouseId: "W1" };
    await strict.call(OperationsService.method.putDealer, { dealer });
    expect(await strict.reserve({ dealerId: "D1", warehouseId: "W1", lines })).toMatchObject({
      outcome: ReserveOutcome.RESERVED,
    });
    await strict.stop();
  });
});
