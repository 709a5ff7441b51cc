/** StreamEvents: what reaches the ingest, in which order it is answered, and what ends the stream. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refusal } from "../../../src/domain/refusal.js";
import { ErpEventSchema } from "../../../src/gen/holdfast/v1/erp_event_pb.js";
import {
  Disposition,
  type StreamEventsRequest,
  StreamEventsRequestSchema,
  type StreamEventsResponse,
  StreamEventsResponseSchema,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { EDGE_LIMITS, LIMITS } from "../../../src/limits.js";
import { detailsOf, invalidField, refusalOf, refusal as seenRefusal } from "../refusal-of.js";
import { type DuplexRun, EdgeHarness } from "./edge-harness.js";
import { APPLIED } from "./scripted-ports.js";
import { UnreadStream } from "./unread-stream.js";

type EventInit = Exclude<MessageInitShape<typeof ErpEventSchema>, { $typeName: string }>;

const received = (sequence: number, change: EventInit = {}): EventInit => ({
  source: "erp",
  sequence: BigInt(sequence),
  eventId: `e${sequence}`,
  body: { case: "stockReceived", value: { warehouseId: "W1", sku: "A", quantity: 5n, reference: "ref" } },
  ...change,
});

const heartbeat = (lastSequence: bigint, change: EventInit = {}): EventInit => ({
  source: "erp",
  body: { case: "sourceHeartbeat", value: { lastSequence } },
  ...change,
});

let edge: EdgeHarness;

beforeEach(async () => {
  edge = await EdgeHarness.start();
});

afterEach(() => edge.stop());

function message(event: EventInit): StreamEventsRequest {
  return create(StreamEventsRequestSchema, { event });
}

function open(events: readonly EventInit[]): DuplexRun<StreamEventsRequest, StreamEventsResponse> {
  const run = edge.eventStream().read();
  for (const event of events) run.send(message(event));
  return run;
}

async function failureOf(run: DuplexRun<StreamEventsRequest, StreamEventsResponse>): Promise<void> {
  const error = await run.ended;
  if (error !== undefined) throw error;
}

const takenSequences = () => edge.ports.events.map(({ event }) => ("sequence" in event ? event.sequence : "heartbeat"));

describe("an event reaches the ingest", () => {
  const stock = { warehouseId: "W1", sku: "A" };
  const none = { reservationId: "", orderId: "", dealerId: "" };
  const max = Number.MAX_SAFE_INTEGER;
  const least = -BigInt(max);
  test.each<[string, NonNullable<EventInit["body"]>, object]>([
    [
      "StockReceived",
      { case: "stockReceived", value: { ...stock, quantity: BigInt(max), reference: "r" } },
      { quantity: max, reference: "r" },
    ],
    [
      "StockAdjusted",
      { case: "stockAdjusted", value: { ...stock, delta: least, reason: "x", reference: "r" } },
      { delta: -max, reason: "x", reference: "r" },
    ],
    ["StockCounted", { case: "stockCounted", value: { ...stock, onHand: 0n } }, { onHand: 0 }],
    ["StockBlocked", { case: "stockBlocked", value: { ...stock, delta: -1n } }, { delta: -1 }],
    ["DemandAllocated", { case: "demandAllocated", value: { ...stock, delta: 7n } }, { delta: 7, reference: "" }],
    ["OrderDispatched", { case: "orderDispatched", value: { ...stock, quantity: 1n } }, { quantity: 1, ...none }],
    [
      "OrderDispatched",
      { case: "orderDispatched", value: { ...stock, quantity: 1n, orderId: "O", dealerId: "D" } },
      { quantity: 1, ...none, orderId: "O", dealerId: "D" },
    ],
    [
      "OrderClosed",
      { case: "orderClosed", value: { warehouseId: "W1", reservationId: "r1" } },
      { sku: "", ...none, reservationId: "r1", reason: "CANCELLED" },
    ],
    [
      "OrderClosed",
      { case: "orderClosed", value: { ...stock, orderId: "O", reason: 2 } },
      { ...none, orderId: "O", reason: "REJECTED" },
    ],
    [
      "StockReturned",
      { case: "stockReturned", value: { ...stock, quantity: 2n, orderId: "O" } },
      { quantity: 2, orderId: "O", dealerId: "" },
    ],
  ])("as %s", async (kind, body, expected) => {
    const run = open([received(1, { body, occurTime: { seconds: 1_000n, nanos: 1_999_999 } })]);
    await edge.until(() => edge.ports.events.length === 1);
    expect(edge.ports.events[0]!.event).toEqual({
      source: "erp",
      sequence: 1,
      eventId: "e1",
      occurredAtMs: 1_000_001,
      body: { kind, ...stock, ...expected },
    });
    run.stream.cancel();
  });

  test("without a time where it said none", async () => {
    const run = open([received(Number.MAX_SAFE_INTEGER)]);
    await edge.until(() => edge.ports.events.length === 1);
    expect(edge.ports.events[0]!.event).toMatchObject({ sequence: Number.MAX_SAFE_INTEGER, occurredAtMs: 0 });
    run.stream.cancel();
  });

  test("as a heartbeat with the last sequence, also before the first event", async () => {
    edge.ports.onEvent = ({ settle }) => settle(APPLIED);
    const run = open([heartbeat(0n), heartbeat(9n)]);
    await edge.until(() => run.answers.length === 2);
    expect(edge.ports.events.map(({ event }) => event)).toEqual([
      { source: "erp", lastSequence: 0 },
      { source: "erp", lastSequence: 9 },
    ]);
    expect(run.answers).toMatchObject([{ source: "erp", sequence: 0n, disposition: Disposition.APPLIED }, {}]);
    run.stream.cancel();
  });

  test("as a faulty one with the first bad field and the message as it came", async () => {
    const bad = received(1, { eventId: "e\u0000", body: { case: "stockCounted", value: { sku: "A", onHand: -1n } } });
    const run = open([bad]);
    await edge.until(() => edge.ports.events.length === 1);
    const { event } = edge.ports.events[0]!;
    expect(event).toMatchObject({ source: "erp", sequence: 1, eventId: "e\u0000", fault: "INVALID_FIELD: event_id" });
    const raw = "raw" in event ? event.raw : new Uint8Array();
    expect(fromBinary(ErpEventSchema, raw)).toEqual(create(ErpEventSchema, bad));
    run.stream.cancel();
  });

  test("as a faulty one of bounded size, however long the message", async () => {
    const huge = "\u{1f600}".repeat(100_000);
    const bad = received(1, { eventId: `${huge}`, body: { case: "stockCounted", value: { sku: huge } } });
    const run = open([bad]);
    await edge.until(() => edge.ports.events.length === 1);
    const event = edge.ports.events[0]!.event as { eventId: string; raw: Uint8Array };
    expect(Buffer.byteLength(event.eventId)).toBeLessThanOrEqual(EDGE_LIMITS.faultyEventIdBytesMax);
    expect(event.eventId).toMatch(/^(\u{1f600})+…$/u);
    expect(event.raw).toEqual(
      toBinary(ErpEventSchema, create(ErpEventSchema, bad)).slice(0, LIMITS.faultyEventBytesMax),
    );
    run.stream.cancel();
  });
});

describe("answers", () => {
  test("come in the order of the events, in whatever order they settle, with everything that they say", async () => {
    const run = open([received(1), heartbeat(7n), received(5), received(6)]);
    run.stream.end();
    await edge.until(() => edge.ports.events.length === 4);
    const missing = [{ first: 2, last: 4 }];
    const value = { disposition: "BUFFERED", reason: "", missing } as const;
    edge.ports.events[3]!.settle({
      kind: "answered",
      value: { disposition: "REJECTED", reason: "SEQUENCE_REUSED", missing: [] },
    });
    edge.ports.events[2]!.settle({ kind: "answered", value });
    edge.ports.events[1]!.settle({ kind: "answered", value: { ...value, disposition: "DUPLICATE" } });
    await edge.untilAtRest(() => run.answers.length);
    expect(run.answers).toEqual([]);
    edge.ports.events[0]!.settle(APPLIED);
    expect(await run.ended).toBeUndefined();
    const range = { $typeName: "holdfast.v1.SequenceRange", first: 2n, last: 4n };
    const answer = { $typeName: "holdfast.v1.StreamEventsResponse", source: "erp", reason: "", missing: [] };
    expect(run.answers).toEqual([
      { ...answer, sequence: 1n, disposition: Disposition.APPLIED },
      { ...answer, sequence: 0n, disposition: Disposition.DUPLICATE, missing: [range] },
      { ...answer, sequence: 5n, disposition: Disposition.BUFFERED, missing: [range] },
      { ...answer, sequence: 6n, disposition: Disposition.REJECTED, reason: "SEQUENCE_REUSED" },
    ]);
  });

  test("reject a heartbeat that says nothing usable, in its place, without telling the ingest", async () => {
    const run = open([received(1), heartbeat(-1n), received(2)]);
    await edge.until(() => edge.ports.events.length === 2);
    for (const { settle } of edge.ports.events) settle(APPLIED);
    await edge.until(() => run.answers.length === 3);
    expect(run.answers[1]).toMatchObject({ disposition: Disposition.REJECTED, reason: "INVALID_FIELD: last_sequence" });
    expect(takenSequences()).toEqual([1, 2]);
    run.stream.cancel();
  });
});

describe("the stream ends", () => {
  test("at what it cannot read, after the answers before it, and nothing after it is taken", async () => {
    const run = open([received(1), received(2, { source: "" }), received(3), received(4)]);
    await edge.until(() => edge.ports.events.length === 1);
    await edge.untilAtRest(() => edge.ports.events.length);
    edge.ports.events[0]!.settle(APPLIED);
    expect(await refusalOf(failureOf(run))).toEqual(invalidField("event.source"));
    expect(run.answers.map((answer) => answer.sequence)).toEqual([1n]);
    expect(takenSequences()).toEqual([1]);
  });

  test("with the status of a refusal, after the answers before it and none after it", async () => {
    const run = open([received(1), received(2), received(3)]);
    await edge.until(() => edge.ports.events.length === 3);
    edge.ports.events[2]!.settle(APPLIED);
    const metadata = { missing_first: "2", missing_last: "900" };
    const refused = refusal("OVERLOADED", "Too far ahead.", { metadata });
    edge.ports.events[1]!.settle({ kind: "refused", refusal: refused });
    edge.ports.events[0]!.settle(APPLIED);
    expect(await detailsOf(failureOf(run))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      infos: ["holdfast/OVERLOADED"],
      metadata,
      retryAfterMs: expect.any(Number),
    });
    expect(run.answers.map((answer) => answer.sequence)).toEqual([1n]);
  });

  test("with INTERNAL at a failure, whose cause is in the log only", async () => {
    const cause = new Error("hidden");
    const run = open([received(1), received(2)]);
    await edge.until(() => edge.ports.events.length === 2);
    edge.ports.events[1]!.settle({ kind: "failed", cause });
    edge.ports.events[0]!.settle(APPLIED);
    expect(await refusalOf(failureOf(run))).toEqual(seenRefusal("INTERNAL", "INTERNAL"));
    expect(run.answers.length).toBe(1);
    expect(edge.logged.map(({ fields }) => fields.err)).toEqual([cause]);
  });

  test("by its caller's cancel, and what was taken settles without harm", async () => {
    const run = open([received(1), received(2)]);
    await edge.until(() => edge.ports.events.length === 2);
    run.stream.cancel();
    expect((await run.ended)?.code).toBe(status.CANCELLED);
    await edge.untilAtRest(() => 0);
    for (const { settle } of edge.ports.events) settle(APPLIED);
    edge.ports.onEvent = ({ settle }) => settle(APPLIED);
    const next = open([received(3)]);
    await edge.until(() => next.answers.length === 1);
    next.stream.cancel();
  });
});

test("a connector that never reads is not read from after a bounded number", async () => {
  const sent = 20_000;
  const missing = Array.from({ length: 50 }, (_, index) => ({ first: index * 10 + 1, last: index * 10 + 5 }));
  edge.ports.onEvent = ({ settle }) =>
    settle({ kind: "answered", value: { disposition: "BUFFERED", reason: "", missing } });
  const silent = new UnreadStream(edge.address, "/holdfast.v1.ErpService/StreamEvents");
  for (let sequence = 1; sequence <= sent; sequence++)
    silent.send(toBinary(StreamEventsRequestSchema, message(received(sequence))));
  await edge.until(() => edge.ports.events.length > 0);
  await edge.untilAtRest(() => edge.ports.events.length);
  expect(edge.ports.events.length).toBeLessThan(sent / 4);
  expect((await silent.readAll()).length).toBe(sent);
  silent.close();
});

test("a source that does not read is still asked for its positions once it does", async () => {
  const sent = 4_000;
  const missing = Array.from({ length: 50 }, (_, index) => ({ first: index * 10 + 1, last: index * 10 + 5 }));
  edge.ports.onEvent = ({ settle }) =>
    settle({ kind: "answered", value: { disposition: "BUFFERED", reason: "", missing } });
  const silent = new UnreadStream(edge.address, "/holdfast.v1.ErpService/StreamEvents");
  for (let sequence = 1; sequence <= sent; sequence++)
    silent.send(toBinary(StreamEventsRequestSchema, message(received(sequence))));
  await edge.until(() => edge.ports.events.length > 0);
  await edge.untilAtRest(() => edge.ports.events.length);
  // More than are kept: the newest are what is still wanted.
  for (let run = 1; run <= 20; run++) {
    edge.ports.listeners.get("erp")!({ runId: `run-${run}`, full: run === 20, warehouseId: "" });
  }
  const answers = (await silent.readAll()).map((bytes) => fromBinary(StreamEventsResponseSchema, bytes));
  const asked = answers.flatMap(({ positionsRequest }) => positionsRequest?.runId ?? []);
  expect(asked).toEqual(Array.from({ length: 16 }, (_, index) => `run-${index + 5}`));
  expect(answers).toHaveLength(sent + 16);
  silent.close();
});
