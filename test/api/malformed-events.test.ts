/** Bad ERP events: a readable source and sequence gets REJECTED and moves on; only an unreadable one ends the stream. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Disposition, ErpService } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { invalidField, refusalOf } from "./refusal-of.js";
import { type EventBody, ServiceHarness } from "./service-harness.js";

const MAX = 2n ** 53n - 1n;
const NAMED = { warehouseId: "W1", sku: "A" };
const BAD_NAMES = {
  "line feed": "a\n",
  "U+2028": "a\u2028",
  "129 letters": "x".repeat(129),
  "129 astral": "\u{1f600}".repeat(129),
};
const BAD_TEXTS = {
  "line feed": "a\n",
  "U+2028": "a\u2028",
  "1,025 letters": "x".repeat(1_025),
  "1,025 astral": "\u{1f600}".repeat(1_025),
};
const REQUIRED = { nothing: "", ...BAD_NAMES };

interface BadEvent {
  readonly name: string;
  readonly body: EventBody;
  readonly field: string;
}

let service: ServiceHarness;
let sequence = 0n;

beforeAll(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 100);
  sequence = 1n;
  await service.hold("A", 10);
});

afterAll(() => service.stop());

function bad(kind: string, good: object, field: string, values: object): BadEvent[] {
  const property = field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.entries(values).map(([name, value]) => ({
    name: `${kind} with ${field} ${name}`,
    body: { case: kind, value: { ...good, [property]: value } } as EventBody,
    field,
  }));
}

const quantities = (least: bigint) => ({
  "below the least": least - 1n,
  negative: -5n,
  "above 2^53 - 1": MAX + 1n,
  "the greatest int64": 2n ** 63n - 1n,
  "the least int64": -(2n ** 63n),
});
const deltas = {
  zero: 0n,
  "above 2^53 - 1": MAX + 1n,
  "below -(2^53 - 1)": -MAX - 1n,
  "the least int64": -(2n ** 63n),
};

const STOCK_EVENTS: Readonly<Record<string, object>> = {
  stockReceived: { ...NAMED, quantity: 1n },
  stockAdjusted: { ...NAMED, delta: 1n },
  stockCounted: { ...NAMED, onHand: 1n },
  stockBlocked: { ...NAMED, delta: 1n },
  demandAllocated: { ...NAMED, delta: 1n },
  orderDispatched: { ...NAMED, quantity: 1n },
  orderClosed: { ...NAMED, orderId: "O1" },
  stockReturned: { ...NAMED, quantity: 1n },
};

const CASES: readonly BadEvent[] = [
  ...Object.entries(STOCK_EVENTS).flatMap(([kind, good]) => [
    ...bad(kind, good, "warehouse_id", REQUIRED),
    ...bad(kind, good, "sku", kind === "orderClosed" ? BAD_NAMES : REQUIRED),
  ]),
  ...bad("stockReceived", STOCK_EVENTS.stockReceived!, "quantity", quantities(1n)),
  ...bad("stockReceived", STOCK_EVENTS.stockReceived!, "reference", BAD_TEXTS),
  ...bad("stockAdjusted", STOCK_EVENTS.stockAdjusted!, "delta", deltas),
  ...bad("stockAdjusted", STOCK_EVENTS.stockAdjusted!, "reason", BAD_TEXTS),
  ...bad("stockAdjusted", STOCK_EVENTS.stockAdjusted!, "reference", BAD_TEXTS),
  ...bad("stockCounted", STOCK_EVENTS.stockCounted!, "on_hand", quantities(0n)),
  ...bad("stockBlocked", STOCK_EVENTS.stockBlocked!, "delta", deltas),
  ...bad("demandAllocated", STOCK_EVENTS.demandAllocated!, "delta", deltas),
  ...bad("demandAllocated", STOCK_EVENTS.demandAllocated!, "reference", BAD_TEXTS),
  ...bad("orderDispatched", STOCK_EVENTS.orderDispatched!, "quantity", quantities(1n)),
  ...bad("orderDispatched", STOCK_EVENTS.orderDispatched!, "reservation_id", BAD_NAMES),
  ...bad("orderDispatched", STOCK_EVENTS.orderDispatched!, "order_id", BAD_NAMES),
  ...bad("orderDispatched", STOCK_EVENTS.orderDispatched!, "dealer_id", BAD_NAMES),
  ...bad("orderDispatched", { ...NAMED, quantity: 1n, orderId: "O1" }, "reservation_id", { "beside order_id": "r1" }),
  ...bad("orderClosed", { ...NAMED, orderId: "O1" }, "reservation_id", { "beside order_id": "r1" }),
  ...bad("orderClosed", NAMED, "reservation_id", { "and order_id empty": "" }),
  ...bad("orderClosed", NAMED, "order_id", BAD_NAMES),
  ...bad("orderClosed", STOCK_EVENTS.orderClosed!, "dealer_id", BAD_NAMES),
  ...bad("orderClosed", STOCK_EVENTS.orderClosed!, "reason", { "of 4": 4, "of -1": -1 }),
  ...bad("stockReturned", STOCK_EVENTS.stockReturned!, "quantity", quantities(1n)),
  ...bad("stockReturned", STOCK_EVENTS.stockReturned!, "order_id", BAD_NAMES),
  ...bad("stockReturned", STOCK_EVENTS.stockReturned!, "dealer_id", BAD_NAMES),
  { name: "no body", body: { case: undefined }, field: "body" },
];

async function next(event: object) {
  sequence += 1n;
  const [answer] = await service.events([{ source: "erp", sequence, eventId: `erp-${sequence}`, ...event }]);
  return answer;
}

function rejected(reason: string) {
  return {
    $typeName: "holdfast.v1.StreamEventsResponse",
    source: "erp",
    sequence,
    disposition: Disposition.REJECTED,
    reason,
    missing: [],
  };
}

describe("StreamEvents dead-letters an event with a bad body and moves on", () => {
  test.each(CASES)("$name", async ({ body, field }) => {
    const stock = () => service.call(OperationsService.method.getStock, { ...NAMED });
    const before = await stock();
    expect(await next({ body })).toEqual(rejected(`INVALID_FIELD: ${field}`));
    expect(await stock()).toEqual(before);
    const status = await service.call(ErpService.method.getSourceStatus, { source: "erp" });
    expect(status).toMatchObject({ appliedSequence: sequence, gaps: [] });
  });

  const good = { case: "stockBlocked", value: { ...NAMED, delta: 1n } } as const;
  test.each(Object.entries(REQUIRED))("event_id with %s", async (_, eventId) => {
    expect(await next({ body: good, eventId })).toEqual(rejected("INVALID_FIELD: event_id"));
  });

  test.each([
    { seconds: 0n, nanos: -1 },
    { seconds: 0n, nanos: 1_000_000_000 },
    { seconds: 253_402_300_800n, nanos: 0 },
    { seconds: -(2n ** 63n), nanos: 0 },
  ])("occur_time of $seconds s and $nanos ns", async (occurTime) => {
    expect(await next({ body: good, occurTime })).toEqual(rejected("INVALID_FIELD: occur_time"));
  });

  test("a heartbeat with a sequence of its own is a dead letter like any other", async () => {
    const body = { case: "sourceHeartbeat", value: { lastSequence: 1n } } as const;
    expect(await next({ eventId: "", body })).toEqual(rejected("INVALID_FIELD: sequence"));
  });

  test("what a dead letter cannot change, the next good event can", async () => {
    expect(await next({ body: good })).toMatchObject({ disposition: Disposition.APPLIED, sequence });
    expect(await service.figures("A")).toMatchObject({ unavailable: 1n, onHand: 100n, reserved: 10n });
  });
});

describe("StreamEvents ends with INVALID_ARGUMENT at what it cannot read, after answering all before it", () => {
  const body = { case: "stockReceived", value: { ...NAMED, quantity: 1n } } as const;
  const heartbeat = { case: "sourceHeartbeat", value: { lastSequence: 1n } } as const;
  const unreadable = [
    ...Object.entries(REQUIRED).map(([name, source]) => ({
      name: `source with ${name}`,
      event: { source },
      field: "event.source",
    })),
    ...[0n, -1n, MAX + 1n, -(2n ** 63n)].map((bad) => ({
      name: `sequence ${bad}`,
      event: { sequence: bad },
      field: "event.sequence",
    })),
    { name: "a heartbeat with a sequence below 0", event: { sequence: -1n, body: heartbeat }, field: "event.sequence" },
    { name: "a heartbeat without source", event: { source: "", sequence: 0n, body: heartbeat }, field: "event.source" },
  ];
  test.each(unreadable)("$name", async ({ event, field }) => {
    sequence += 1n;
    const good = { source: "erp", sequence, eventId: `erp-${sequence}`, body };
    const { answers, ended } = service.eventStream([good, { ...good, sequence: sequence + 1n, ...event }, good]);
    expect(await refusalOf(ended)).toEqual(invalidField(field));
    expect(answers).toMatchObject([{ sequence, disposition: Disposition.APPLIED }]);
    const status = await service.call(ErpService.method.getSourceStatus, { source: "erp" });
    expect(status.appliedSequence).toBe(sequence);
  });

  test("a message without an event", async () => {
    const stream = service.duplex(ErpService.method.streamEvents);
    const ended = new Promise<void>((resolve, reject) => stream.on("error", reject).on("end", resolve).resume());
    stream.write({ $typeName: "holdfast.v1.StreamEventsRequest" });
    expect(await refusalOf(ended)).toEqual(invalidField("event"));
  });
});

test.each([-1n, MAX + 1n])(
  "a heartbeat with last_sequence %s is rejected and the stream goes on",
  async (lastSequence) => {
    const message = {
      source: "erp",
      sequence: 0n,
      body: { case: "sourceHeartbeat", value: { lastSequence } },
    } as const;
    const good = { ...message, body: { case: "sourceHeartbeat", value: { lastSequence: sequence } } } as const;
    expect(await service.events([message, good])).toMatchObject([
      {
        source: "erp",
        sequence: 0n,
        disposition: Disposition.REJECTED,
        reason: "INVALID_FIELD: last_sequence",
        missing: [],
      },
      { source: "erp", sequence: 0n, disposition: Disposition.APPLIED, reason: "", missing: [] },
    ]);
  },
);
