/** Dispatches that matched nothing, through gRPC: listed, and attached to the reservation that they were for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DispatchException } from "../../src/gen/holdfast/v1/dispatch_exception_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { invalidField, refusal, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const { listDispatchExceptions, attachDispatch } = OperationsService.method;

let service: ServiceHarness;
/** Each test has a warehouse of its own. */
let warehouseId: string;
let tests = 0;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

beforeEach(async () => {
  tests += 1;
  warehouseId = `W${tests}`;
  for (const sku of ["A", "B"]) await service.receive(sku, 100, warehouseId);
});

afterAll(() => service.stop());

const dispatched = (sku: string, quantity: number, order: { orderId?: string; reservationId?: string }) =>
  service.erp({ case: "orderDispatched", value: { warehouseId, sku, quantity: BigInt(quantity), ...order } });

async function listed(request: object = {}): Promise<DispatchException[]> {
  const exceptions: DispatchException[] = [];
  let pageToken = "";
  do {
    const page = await service.call(listDispatchExceptions, { warehouseId, pageToken, ...request });
    exceptions.push(...page.exceptions);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return exceptions;
}

async function attach(exception: bigint, reservationId: string, quantity = 0n): Promise<DispatchException> {
  const answer = await service.call(attachDispatch, { warehouseId, exception, reservationId, quantity, actor: "ann" });
  return answer.exception!;
}

describe("ListDispatchExceptions", () => {
  test("shows a warehouse's newest first, by SKU where one is named, in pages of any size", async () => {
    for (const sku of ["A", "B", "A", "B", "B"]) await dispatched(sku, 2, { orderId: "nobody" });
    const numbers = async (request: object) => (await listed(request)).map(({ number }) => number);
    for (const pageSize of [1, 2, 5, 100]) {
      expect(await numbers({ pageSize })).toEqual([5n, 4n, 3n, 2n, 1n]);
      expect(await numbers({ pageSize, sku: "A" })).toEqual([3n, 1n]);
      expect(await numbers({ pageSize, sku: "B" })).toEqual([5n, 4n, 2n]);
    }
    expect(await numbers({ sku: "unseen" })).toEqual([]);
    expect((await listed({ sku: "A" }))[0]).toMatchObject({
      quantity: 2n,
      attached: 0n,
      reason: "ORDER_NOT_COMMITTED",
      event: { body: { case: "orderDispatched", value: { orderId: "nobody", quantity: 2n } } },
    });
  });

  test("refuses a warehouse that does not exist, bad fields, and a token of another question", async () => {
    expect(await refusalOf(listed({ warehouseId: "W404" }))).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
    expect(await refusalOf(listed({ warehouseId: "", sku: "\n", pageSize: -1 }))).toEqual(
      invalidField("warehouse_id", "sku", "page_size"),
    );
    for (const sku of ["A", "B", "A"]) await dispatched(sku, 1, { orderId: "nobody" });
    const token = (place: string) => Buffer.from(place).toString("base64url");
    for (const pageToken of ["nonsense", token("exceptions.4"), token("stock.1")]) {
      const asked = service.call(listDispatchExceptions, { warehouseId, pageToken });
      expect(await refusalOf(asked)).toEqual(invalidField("page_token"));
    }
    const foreign = service.call(listDispatchExceptions, { warehouseId, sku: "A", pageToken: token("exceptions.2") });
    expect(await refusalOf(foreign)).toEqual(invalidField("page_token"));
  });
});

describe("AttachDispatch", () => {
  test("consumes the reservation's committed units, and resolves the exception, also after a restart", async () => {
    const reservationId = await service.hold("A", 3, { warehouseId, commit: true });
    await dispatched("A", 5, { orderId: "typo" });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 95n, committed: 3n });
    expect(await attach(1n, reservationId)).toMatchObject({ number: 1n, quantity: 5n, attached: 3n });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 95n, committed: 0n });
    expect(await service.get(reservationId)).toMatchObject({
      state: ReservationState.FULFILLED,
      lines: [{ committed: 0n, dispatched: 3n }],
    });
    expect(await listed()).toMatchObject([{ number: 1n, attached: 3n }]);
    const other = await service.hold("A", 2, { warehouseId, commit: true });
    await attach(1n, other, 2n);
    expect(await listed()).toEqual([]);
    const all = await listed({ includeResolved: true });
    expect(all).toMatchObject([{ number: 1n, quantity: 5n, attached: 5n }]);
    for (const withoutSnapshots of [false, true]) {
      await service.restart({ withoutSnapshots });
      expect(await listed({ includeResolved: true })).toEqual(all);
      expect(await attach(1n, other, 2n)).toEqual(all[0]);
    }
  });

  test("again changes nothing", async () => {
    const reservationId = await service.hold("A", 8, { warehouseId, commit: true });
    await dispatched("A", 5, { orderId: "typo" });
    const first = await attach(1n, reservationId, 2n);
    const before = await service.get(reservationId);
    expect(await attach(1n, reservationId, 2n)).toEqual(first);
    expect(await service.get(reservationId)).toEqual(before);
  });

  test("is undone with the dispatch: the units are committed again", async () => {
    const reservationId = await service.hold("A", 8, { warehouseId, commit: true });
    const { sequence } = await dispatched("A", 5, { orderId: "typo" });
    await attach(1n, reservationId, 2n);
    await service.erp({ case: "eventReversed", value: { warehouseId, sku: "A", eventId: `erp-${sequence}` } });
    expect(await service.get(reservationId)).toMatchObject({ lines: [{ committed: 8n, dispatched: 0n }] });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 100n, committed: 8n });
    expect(await listed()).toEqual([]);
  });

  test("clears the risk that the units were under", async () => {
    const reservationId = await service.hold("A", 60, { warehouseId, commit: true });
    await dispatched("A", 50, { orderId: "typo" });
    expect(await service.get(reservationId)).toMatchObject({ atRisk: true });
    await attach(1n, reservationId);
    expect(await service.get(reservationId)).toMatchObject({ atRisk: false, lines: [{ committed: 10n }] });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 50n, committed: 10n, shortfall: 0n });
  });

  test("is refused with the reason, and changes nothing", async () => {
    await dispatched("A", 5, { orderId: "typo" });
    const held = await service.hold("A", 1, { warehouseId });
    const mine = await service.hold("A", 2, { warehouseId, commit: true });
    const elsewhere = await service.hold("A", 2, { warehouseId: "W1", commit: true });
    const gone = await service.hold("A", 2, { warehouseId });
    await service.release(gone);
    const before = { listed: await listed(), figures: await service.figures("A", warehouseId) };
    const refusals = [
      [attach(2n, mine), refusal("NOT_FOUND", "DISPATCH_EXCEPTION_NOT_FOUND")],
      [attach(1n, "nonsense"), refusal("NOT_FOUND", "RESERVATION_NOT_FOUND")],
      [attach(1n, elsewhere), refusal("NOT_FOUND", "RESERVATION_NOT_FOUND")],
      [attach(1n, held), refusal("FAILED_PRECONDITION", "RESERVATION_PENDING")],
      [attach(1n, gone), refusal("FAILED_PRECONDITION", "RESERVATION_RELEASED")],
      [attach(1n, mine, 3n), refusal("FAILED_PRECONDITION", "QUANTITY_EXCEEDED")],
    ] as const;
    for (const [call, expected] of refusals) expect(await refusalOf(call)).toEqual(expected);
    expect({ listed: await listed(), figures: await service.figures("A", warehouseId) }).toEqual(before);
    const request = { warehouseId: "", exception: 0n, reservationId: "", quantity: -1n, actor: "\n", reason: "\n" };
    expect(await refusalOf(service.call(attachDispatch, request))).toEqual(
      invalidField("warehouse_id", "exception", "reservation_id", "quantity", "actor", "reason"),
    );
    const unknown = { warehouseId: "W404", exception: 1n, reservationId: mine };
    expect(await refusalOf(service.call(attachDispatch, unknown))).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
  });
});
