/** Sequences of ERP sources through gRPC: duplicates, gaps, heartbeats, reused numbers, sources of record, freshness. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { Disposition, ErpService, SourceState } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { FreshnessState } from "../../src/gen/holdfast/v1/freshness_pb.js";
import { LIMITS } from "../../src/limits.js";
import { detailsOf, refusal } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const { APPLIED, BUFFERED, DUPLICATE, REJECTED } = Disposition;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

afterAll(() => service.stop());

/** Event `sequence` of a source: one more unit of the source's SKU in the source's warehouse. */
function event(source: string, sequence: number, change: object = {}) {
  const value = { warehouseId: `W-${source}`, sku: source, quantity: 1n };
  return {
    source,
    sequence: BigInt(sequence),
    eventId: `${source}-${sequence}`,
    body: { case: "stockReceived", value },
    ...change,
  } as const;
}

function heartbeat(source: string, lastSequence: number) {
  const body = { case: "sourceHeartbeat", value: { lastSequence: BigInt(lastSequence) } } as const;
  return { source, sequence: 0n, body };
}

function answer(source: string, sequence: number, disposition: Disposition, more: object = {}) {
  return {
    $typeName: "holdfast.v1.StreamEventsResponse",
    source,
    sequence: BigInt(sequence),
    disposition,
    reason: "",
    missing: [],
    ...more,
  };
}

function range(first: number, last: number) {
  return { $typeName: "holdfast.v1.SequenceRange", first: BigInt(first), last: BigInt(last) };
}

const status = (source: string) => service.call(ErpService.method.getSourceStatus, { source });
const onHand = async (source: string) => (await service.figures(source, `W-${source}`)).onHand;

async function freshness(source: string) {
  const request = { warehouseId: `W-${source}` };
  const read = await service.call(AvailabilityService.method.getAvailability, request);
  return FreshnessState[read.freshness!.state];
}

test("an unknown source is answered with applied_sequence 0, and stays unknown", async () => {
  const answered = await status("unknown");
  expect(answered).toMatchObject({ appliedSequence: 0n, gaps: [] });
  expect(answered.lastEventTime).toBeUndefined();
});

test("events in order are applied, one answer for each, in order", async () => {
  const events = Array.from({ length: 500 }, (_, index) => event("order", index + 1));
  const answers = await service.events(events);
  expect(answers).toEqual(events.map((_, index) => answer("order", index + 1, APPLIED)));
  expect(await onHand("order")).toBe(500n);
});

describe("what was seen before", () => {
  test("is a duplicate and changes nothing, also after a restart and when it was dead-lettered", async () => {
    const bad = event("again", 2, { body: { case: undefined } });
    const events = [event("again", 1), bad];
    expect(await service.events(events)).toEqual([
      answer("again", 1, APPLIED),
      answer("again", 2, REJECTED, { reason: "INVALID_FIELD: body" }),
    ]);
    const duplicates = [answer("again", 1, DUPLICATE), answer("again", 2, DUPLICATE)];
    expect(await service.events(events)).toEqual(duplicates);
    await service.restart();
    expect(await service.events(events)).toEqual(duplicates);
    expect(await onHand("again")).toBe(1n);
  });

  test("under another event_id is a reused sequence and moves nothing, buffered ones included", async () => {
    await service.events([event("reuse", 1), event("reuse", 3)]);
    const reused = { reason: "SEQUENCE_REUSED" };
    const others = [event("reuse", 1, { eventId: "x" }), event("reuse", 3, { eventId: "x" })];
    const expected = [answer("reuse", 1, REJECTED, reused), answer("reuse", 3, REJECTED, reused)];
    expect(await service.events(others)).toEqual(expected);
    await service.restart();
    expect(await service.events(others)).toEqual(expected);
    expect(await status("reuse")).toMatchObject({ appliedSequence: 1n, gaps: [range(2, 2)] });
  });
});

describe("events ahead of a gap", () => {
  test("are buffered with what is missing, and applied in order when it comes", async () => {
    expect(await service.events([event("gap", 3), event("gap", 6), event("gap", 3)])).toEqual([
      answer("gap", 3, BUFFERED, { missing: [range(1, 2)] }),
      answer("gap", 6, BUFFERED, { missing: [range(1, 2), range(4, 5)] }),
      answer("gap", 3, BUFFERED, { missing: [range(1, 2), range(4, 5)] }),
    ]);
    expect(await status("gap")).toMatchObject({ appliedSequence: 0n, gaps: [range(1, 2), range(4, 5)] });
    expect(await service.events([event("gap", 1), event("gap", 2)])).toEqual([
      answer("gap", 1, APPLIED),
      answer("gap", 2, APPLIED),
    ]);
    expect(await onHand("gap")).toBe(3n);
    expect(await freshness("gap")).toBe("LAGGING");
    await service.restart();
    expect(await status("gap")).toMatchObject({ appliedSequence: 3n, gaps: [range(4, 5)], state: SourceState.LAGGING });
    await service.events([event("gap", 5), event("gap", 4)]);
    expect(await status("gap")).toMatchObject({ appliedSequence: 6n, gaps: [], state: SourceState.LIVE });
    expect(await onHand("gap")).toBe(6n);
    expect(await freshness("gap")).toBe("LIVE");
  });

  test("are dead-lettered in their turn, and the sequence moves on over them", async () => {
    await service.events([
      event("bad gap", 2, { body: { case: undefined } }),
      event("bad gap", 3),
      event("bad gap", 1),
    ]);
    expect(await status("bad gap")).toMatchObject({ appliedSequence: 3n, gaps: [] });
    expect(await onHand("bad gap")).toBe(2n);
  });

  test("beyond the bound end the stream with what is missing; a stream that starts with it is taken", async () => {
    const events = Array.from({ length: LIMITS.bufferedEventsMax }, (_, index) => event("full", index + 3));
    await service.events([event("full", 1), ...events]);
    const { answers, ended } = service.eventStream([event("full", LIMITS.bufferedEventsMax + 3)]);
    const details = await detailsOf(ended);
    expect(answers).toEqual([]);
    expect(details).toMatchObject(refusal("RESOURCE_EXHAUSTED", "OVERLOADED"));
    expect(details.retryAfterMs).toBeGreaterThan(0);
    expect(details.metadata).toMatchObject({ source: "full", missing_first: "2", missing_last: "2" });
    const last = LIMITS.bufferedEventsMax + 3;
    expect(await service.events([event("full", 2), event("full", last)])).toEqual([
      answer("full", 2, APPLIED),
      answer("full", last, APPLIED),
    ]);
    expect(await onHand("full")).toBe(BigInt(last));
  });
});

describe("a heartbeat", () => {
  test("is answered, journals nothing, and shows a lost last event as a gap", async () => {
    await service.events([event("beat", 1)]);
    expect(await service.events([heartbeat("beat", 1)])).toEqual([answer("beat", 0, APPLIED)]);
    expect(await freshness("beat")).toBe("LIVE");
    expect(await service.events([heartbeat("beat", 3)])).toEqual([
      answer("beat", 0, APPLIED, { missing: [range(2, 3)] }),
    ]);
    expect(await status("beat")).toMatchObject({ appliedSequence: 1n, gaps: [range(2, 3)] });
    expect(await freshness("beat")).toBe("LAGGING");
    await service.events([event("beat", 2), event("beat", 3)]);
    expect(await status("beat")).toMatchObject({ appliedSequence: 3n, gaps: [] });
    expect(await freshness("beat")).toBe("LIVE");
  });

  test("of a source that never sent an event shows everything as missing", async () => {
    await service.events([heartbeat("silent", 4)]);
    expect(await status("silent")).toMatchObject({ appliedSequence: 0n, gaps: [range(1, 4)] });
  });
});

test("a stock belongs to the first source that names it; what others say of it is rejected", async () => {
  const stock = { warehouseId: "W-record", sku: "record" };
  const body = { case: "stockReceived", value: { ...stock, quantity: 5n } } as const;
  await service.events([event("record", 1)]);
  const reason = "NOT_SOURCE_OF_RECORD";
  expect(await service.events([event("other", 1, { body }), event("other", 2)])).toEqual([
    answer("other", 1, REJECTED, { reason }),
    answer("other", 2, APPLIED),
  ]);
  await service.restart();
  expect(await service.events([event("other", 3, { body })])).toEqual([answer("other", 3, REJECTED, { reason })]);
  expect(await onHand("record")).toBe(1n);
});

test("a warehouse is as fresh as its worst source, and one without a source is LIVE", async () => {
  const value = { warehouseId: "W-two", sku: "one", quantity: 1n };
  await service.events([event("two", 1), event("one", 1, { body: { case: "stockReceived", value } })]);
  expect(await freshness("two")).toBe("LIVE");
  await service.events([heartbeat("one", 9)]);
  expect(await freshness("two")).toBe("LAGGING");
});

test("a source whose events are all rejected in a warehouse has no say in its freshness", async () => {
  const body = { case: "stockReceived", value: { warehouseId: "W-stranger", sku: "stranger", quantity: 5n } } as const;
  await service.events([event("stranger", 1), event("intruder", 1, { body }), heartbeat("intruder", 9)]);
  expect(await status("intruder")).toMatchObject({ appliedSequence: 1n, gaps: [range(2, 9)] });
  expect(await freshness("stranger")).toBe("LIVE");
  await service.events([event("intruder", 2), heartbeat("intruder", 9)]);
  expect(await freshness("intruder")).toBe("LAGGING");
  expect(await freshness("stranger")).toBe("LIVE");
});

test("a source that is silent for longer than the threshold lags until it speaks again", async () => {
  const quick = await ServiceHarness.start({
    sourceThresholds: { laggingAfterMs: 300, staleAfterMs: 3_600_000, gapWaitMs: 30_000, gapPolicy: "WAIT" },
  });
  await quick.receive("A", 1);
  const state = async () => {
    const request = { warehouseId: "W1" };
    const { freshness: fresh } = await quick.call(AvailabilityService.method.getAvailability, request);
    return FreshnessState[fresh!.state];
  };
  expect(await state()).toBe("LIVE");
  await vi.waitFor(async () => expect(await state()).toBe("LAGGING"), { timeout: 5_000 });
  const { freshness: told } = await quick.reserve({ lines: [{ sku: "A", quantity: 1n }] });
  expect(told).toMatchObject({ state: FreshnessState.LAGGING });
  expect(told!.age!.seconds > 0n || told!.age!.nanos >= 300_000_000).toBe(true);
  await quick.events([heartbeat("erp", 1)]);
  expect(await state()).toBe("LIVE");
  await quick.stop();
});

test("several streams of one source at once apply each event once", async () => {
  const events = Array.from({ length: 200 }, (_, index) => event("streams", index + 1));
  const answers = await Promise.all([service.events(events), service.events(events), service.events(events)]);
  for (const each of answers) expect(each).toHaveLength(200);
  expect(answers.flat().filter(({ disposition }) => disposition === APPLIED)).toHaveLength(200);
  expect(await onHand("streams")).toBe(200n);
});
