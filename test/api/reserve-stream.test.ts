/** ReserveStream through the whole service: answers in the order of the requests, errors in their place, readers that do not read. */
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import {
  ReservationService,
  ReserveOutcome,
  type ReserveRequestSchema,
  type ReserveStreamResponse,
} from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOfStatus, invalidField, refusal } from "./refusal-of.js";
import { type Init, ServiceHarness } from "./service-harness.js";

const { reserveStream } = ReservationService.method;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start({ inboxCommandsMax: 50_000 });
  await service.receive("A", 1_000_000);
});

afterAll(() => service.stop());

function request(requestId: string, change: Init<typeof ReserveRequestSchema> = {}): Init<typeof ReserveRequestSchema> {
  const lines = [{ sku: "A", quantity: 1n }];
  return { requestId, dealerId: "D1", orderId: "O1", warehouseId: "W1", lines, ...change } as Init<
    typeof ReserveRequestSchema
  >;
}

function open(requests: readonly (Init<typeof ReserveRequestSchema> | undefined)[]) {
  const stream = service.duplex(reserveStream);
  for (const reserve of requests) {
    stream.write(create(reserveStream.input, reserve === undefined ? {} : { reserve }));
  }
  return stream;
}

/** Everything that a stream answers until it ends well. */
async function answersTo(
  requests: readonly (Init<typeof ReserveRequestSchema> | undefined)[],
): Promise<ReserveStreamResponse[]> {
  const stream = open(requests);
  stream.end();
  const answers: ReserveStreamResponse[] = [];
  for await (const answer of stream) answers.push(answer as ReserveStreamResponse);
  return answers;
}

test("every request is answered once, in order, after the half-close too", async () => {
  const ids = Array.from({ length: 5_000 }, (_, index) => `order-${index}`);
  const answers = await answersTo(ids.map((id) => request(id)));
  expect(answers.map(({ requestId }) => requestId)).toEqual(ids);
  expect(answers.every(({ result }) => result.case === "response")).toBe(true);
  const reservations = answers.map(({ result }) => (result.case === "response" ? result.value.reservation : undefined));
  expect(new Set(reservations.map((reservation) => reservation?.reservationId)).size).toBe(5_000);
});

test("an answer on the stream is the answer of the unary call", async () => {
  const [streamed] = await answersTo([request("same")]);
  expect(streamed!.result).toEqual({ case: "response", value: await service.reserve(request("same")) });
});

test("errors stand in their place and end nothing", async () => {
  const answers = await answersTo([
    request("e1"),
    request("e2", { lines: [{ sku: "A", quantity: 0n }] }),
    request("e3", { lines: [{ sku: "A", quantity: 10_000_000n }] }),
    request("e4", { warehouseId: "W404" }),
    undefined,
    request("", { orderId: "\n" }),
    request("e1", { orderId: "O2" }),
    request("e7"),
  ]);
  expect(answers.map(({ requestId }) => requestId)).toEqual(["e1", "e2", "e3", "e4", "", "", "e1", "e7"]);
  const results = answers.map(({ result }) => {
    if (result.case === "response") return ReserveOutcome[result.value.outcome];
    const { code, infos, fields } = detailsOfStatus(result.value!);
    return { code, infos, fields };
  });
  expect(results).toEqual([
    "RESERVED",
    invalidField("lines[0].quantity"),
    "REJECTED",
    refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"),
    invalidField("reserve"),
    invalidField("request_id", "order_id"),
    refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED"),
    "RESERVED",
  ]);
});

test("a stream without requests ends well", async () => {
  expect(await answersTo([])).toEqual([]);
});

test("a caller that never reads is not read from either; others are unharmed, and nothing of his is lost", async () => {
  const asked = 30_000;
  await service.receive("unread", asked);
  const reserved = async () => (await service.figures("unread")).reserved;
  const ids = Array.from({ length: asked }, (_, index) => `unread-${index}`);
  const [first, ...rest] = ids.map((id) => request(id, { lines: [{ sku: "unread", quantity: 1n }] }));
  const stream = open([first]);
  // Without a first read grpc-js keeps whatever comes in a list of its own; after it, a pause reaches the connection.
  await new Promise<void>((resolve) => {
    stream.once("data", () => {
      stream.pause();
      resolve();
    });
  });
  for (const reserve of rest) stream.write(create(reserveStream.input, { reserve: reserve! }));
  stream.end();
  let taken = -1n;
  let sameFor = 0;
  // Others are served all the while; when many of their calls see no change, the caller is held.
  while (sameFor < 200) {
    const now = await reserved();
    sameFor = now === taken && now > 0n ? sameFor + 1 : 0;
    taken = now;
  }
  expect(taken).toBeGreaterThan(0n);
  expect(taken).toBeLessThan(10_000n);
  await service.hold("A", 1);
  const answers: string[] = [];
  for await (const answer of stream) answers.push((answer as ReserveStreamResponse).requestId);
  expect(answers).toEqual(ids.slice(1));
  expect(await reserved()).toBe(BigInt(asked));
});

test("a caller that goes away loses no more than its answers: retries find them", async () => {
  await service.receive("gone", 1_000);
  const lines = [{ sku: "gone", quantity: 1n }];
  const stream = open(Array.from({ length: 500 }, (_, index) => request(`gone-${index}`, { lines })));
  await new Promise((resolve) => stream.once("data", resolve));
  const closed = new Promise((resolve) => stream.on("error", resolve).on("end", resolve).resume());
  stream.cancel();
  await closed;
  const answers = await answersTo(Array.from({ length: 500 }, (_, index) => request(`gone-${index}`, { lines })));
  expect(answers.every(({ result }) => result.case === "response")).toBe(true);
  const { stock } = await service.call(OperationsService.method.getStock, { warehouseId: "W1", sku: "gone" });
  expect(stock).toMatchObject({ reserved: 500n, version: 501n });
});

test("a unary caller that cancels, or whose deadline passes, leaves one effect for its retry to find", async () => {
  await service.receive("left", 100);
  const left = (index: number) => request(`left-${index}`, { lines: [{ sku: "left", quantity: 1n }] });
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const controller = new AbortController();
      const call = service.call(ReservationService.method.reserve, left(index), controller.signal);
      if (index % 2 === 0) controller.abort();
      else setImmediate(() => controller.abort());
      await call.catch(() => {});
    }),
  );
  for (let index = 0; index < 50; index++) await service.reserve(left(index));
  expect(await service.figures("left")).toMatchObject({ reserved: 50n, version: 51n });
});
