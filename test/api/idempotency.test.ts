/** One effect for each (dealer, request_id), through gRPC: the same answer again, also after a restart and a reassignment. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReleaseReason, ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { FillPolicy, ReservationService, ReserveOutcome } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf, refusal, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const { method } = ReservationService;
const reused = refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED");
const dealerId = "D1";

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 1_000);
});

afterAll(() => service.stop());

describe("a repeated request", () => {
  test("of every method gets its first answer, later changes and a restart notwithstanding", async () => {
    const base = { dealerId, orderId: "O1", warehouseId: "W1" };
    const rejected = { ...base, requestId: "i1", lines: [{ sku: "A", quantity: 5_000n }] };
    const partial = {
      ...base,
      requestId: "i2",
      lines: [
        { sku: "A", quantity: 5n },
        { sku: "unseen", quantity: 1n },
      ],
      fillPolicy: FillPolicy.PARTIAL,
    };
    const answers = [await service.call(method.reserve, rejected), await service.call(method.reserve, partial)];
    const reservationId = answers[1]!.reservation!.reservationId;
    const extend = { requestId: "i3", dealerId, reservationId, holdDuration: { seconds: 600n } };
    const releasePart = { requestId: "i4", dealerId, reservationId, lines: [{ sku: "A", quantity: 1n }] };
    const commit = { requestId: "i5", dealerId, reservationId, lines: [{ sku: "A", quantity: 3n }] };
    const release = { requestId: "i6", dealerId, reservationId, reason: ReleaseReason.DISPATCH_FAILED };
    const first = [
      ...answers,
      await service.call(method.extend, extend),
      await service.call(method.release, releasePart),
      await service.call(method.commit, commit),
      await service.call(method.release, release),
    ];
    expect(first[4]!.reservation).toMatchObject({ state: ReservationState.COMMITTED, revision: 4n });
    const repeat = async () => [
      await service.call(method.reserve, rejected),
      await service.call(method.reserve, partial),
      await service.call(method.extend, extend),
      await service.call(method.release, releasePart),
      await service.call(method.commit, commit),
      await service.call(method.release, release),
    ];
    await service.receive("A", 10_000);
    const stock = await service.figures("A");
    expect(await repeat()).toEqual(first);
    await service.restart();
    expect(await repeat()).toEqual(first);
    expect(await service.figures("A")).toEqual(stock);
    expect(await service.get(reservationId)).toEqual(first[5]!.reservation);
  });

  test("sent many times at once has one effect", async () => {
    const before = await service.figures("A");
    const request = { requestId: "many", lines: [{ sku: "A", quantity: 2n }] };
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.reserve(request)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await service.figures("A")).toMatchObject({ reserved: before.reserved + 2n, version: before.version + 1n });
  });

  test("that was refused with an error is decided anew", async () => {
    const request = { requestId: "anew", lines: [{ sku: "later", quantity: 1n }] };
    expect(await refusalOf(service.reserve(request))).toEqual(refusal("NOT_FOUND", "SKU_NOT_FOUND"));
    await service.receive("later", 1);
    expect(await service.reserve(request)).toMatchObject({ outcome: ReserveOutcome.RESERVED });
  });
});

describe("the same request_id", () => {
  test("with other content is refused, whichever field or method differs", async () => {
    const request = {
      requestId: "r1",
      dealerId,
      orderId: "O1",
      warehouseId: "W1",
      lines: [{ sku: "A", quantity: 1n }],
    };
    const { reservation } = await service.call(method.reserve, request);
    const { reservationId } = reservation!;
    const before = await service.figures("A");
    const others = [
      { ...request, orderId: "O2" },
      { ...request, lines: [{ sku: "A", quantity: 2n }] },
      { ...request, lines: [{ sku: "B", quantity: 1n }] },
      { ...request, lines: [...request.lines, ...request.lines] },
      { ...request, commit: true },
      { ...request, fillPolicy: FillPolicy.PARTIAL },
      { ...request, holdDuration: { seconds: 900n } },
    ].map((other) => service.call(method.reserve, other));
    const change = { requestId: "r1", dealerId, reservationId };
    const calls = [
      ...others,
      service.call(method.commit, change),
      service.call(method.release, change),
      service.call(method.extend, change),
    ];
    for (const call of calls) {
      const details = await detailsOf(call);
      expect(details).toMatchObject(reused);
      expect(details.metadata).toEqual({ request_id: "r1", dealer_id: dealerId, method: "Reserve" });
    }
    expect(await service.figures("A")).toEqual(before);
  });

  test("is another request for another dealer, and in another warehouse", async () => {
    await service.receive("A", 10, "W2");
    const ids = [];
    for (const where of [{}, { dealerId: "D2" }, { warehouseId: "W2" }]) {
      ids.push(await service.hold("A", 1, { requestId: "shared", ...where }));
    }
    expect(new Set(ids).size).toBe(3);
  });
});

test("a retry without warehouse_id finds its first answer after its dealer was moved, and a new request goes to the new warehouse", async () => {
  const put = (warehouseId: string) =>
    service.call(OperationsService.method.putDealer, { dealer: { dealerId: "M1", warehouseId } });
  await put("W1");
  const request = { requestId: "moved", dealerId: "M1", orderId: "O1", lines: [{ sku: "A", quantity: 1n }] };
  const first = await service.call(method.reserve, request);
  expect(first.reservation!.warehouseId).toBe("W1");
  await put("W2");
  expect(await service.call(method.reserve, request)).toEqual(first);
  const other = { ...request, lines: [{ sku: "A", quantity: 2n }] };
  expect(await refusalOf(service.call(method.reserve, other))).toEqual(reused);
  const next = await service.call(method.reserve, { ...request, requestId: "moved2" });
  expect(next.reservation!.warehouseId).toBe("W2");
  await put("W3");
  await service.restart();
  expect(await service.call(method.reserve, request)).toEqual(first);
  expect(await service.call(method.reserve, { ...request, requestId: "moved2" })).toEqual(next);
  const named = { ...request, requestId: "moved3", warehouseId: "W1" };
  expect(await refusalOf(service.call(method.reserve, named))).toEqual(
    refusal("FAILED_PRECONDITION", "WAREHOUSE_NOT_ASSIGNED"),
  );
  const { reservationId } = first.reservation!;
  const committed = await service.call(method.commit, { requestId: "moved4", dealerId: "M1", reservationId });
  expect(committed.reservation!.state).toBe(ReservationState.COMMITTED);
});

test("at the bound of remembered requests new ones are refused with RetryInfo, and retries are still answered", async () => {
  const small = await ServiceHarness.start({ answersMax: 3 });
  await small.receive("A", 10);
  const request = { requestId: "s1", lines: [{ sku: "A", quantity: 1n }] };
  const first = await small.reserve(request);
  await small.hold("A", 1);
  await small.hold("A", 1);
  const details = await detailsOf(small.reserve({ lines: [{ sku: "A", quantity: 1n }] }));
  expect(details).toMatchObject(refusal("RESOURCE_EXHAUSTED", "OVERLOADED"));
  expect(details.retryAfterMs).toBeGreaterThan(0);
  expect(await small.reserve(request)).toEqual(first);
  await small.stop();
});

test("a full inbox refuses with RetryInfo and loses nothing that it took", async () => {
  const small = await ServiceHarness.start({ inboxCommandsMax: 1 });
  await small.receive("A", 1_000);
  const line = { lines: [{ sku: "A", quantity: 1n }] };
  const calls = await Promise.allSettled(Array.from({ length: 200 }, () => small.reserve(line)));
  const refused = calls.filter((call) => call.status === "rejected");
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) {
    const details = await detailsOf(Promise.reject(reason));
    expect(details).toMatchObject(refusal("RESOURCE_EXHAUSTED", "OVERLOADED"));
    expect(details.retryAfterMs).toBeGreaterThan(0);
  }
  expect((await small.figures("A")).reserved).toBe(BigInt(200 - refused.length));
  await small.stop();
});
