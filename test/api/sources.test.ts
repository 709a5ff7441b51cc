/** ERP sources through gRPC: put, read, listed; stocks that move from one to another; gaps that are passed over. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { Disposition, ErpService, SourceState } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { FreshnessState } from "../../src/gen/holdfast/v1/freshness_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { GapPolicy, type Source } from "../../src/gen/holdfast/v1/source_pb.js";
import { detailsOf, invalidField, limitExceeded, refusal, refusalOf } from "./refusal-of.js";
import { type EventBody, type Init, ServiceHarness } from "./service-harness.js";

const { method } = OperationsService;
const { APPLIED, BUFFERED, DUPLICATE, REJECTED } = Disposition;

let service: ServiceHarness;
/** Each test has a warehouse and a source of its own. */
let warehouseId: string;
let source: string;
let tests = 0;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

beforeEach(() => {
  tests += 1;
  warehouseId = `W${tests}`;
  source = `erp-${tests}`;
});

afterAll(() => service.stop());

const received = (quantity: number, sku = "A"): EventBody => ({
  case: "stockReceived",
  value: { warehouseId, sku, quantity: BigInt(quantity) },
});

/** Sends one event under its sequence. */
async function send(sequence: number, body: EventBody, of = source) {
  const [answer] = await service.events([
    { source: of, sequence: BigInt(sequence), eventId: `${of}-${sequence}`, body },
  ]);
  return answer!;
}

const heartbeat = (lastSequence: number) =>
  service.events([
    { source, sequence: 0n, body: { case: "sourceHeartbeat", value: { lastSequence: BigInt(lastSequence) } } },
  ]);

const put = async (put: Init<typeof method.putSource.input>["source"]) =>
  (await service.call(method.putSource, { source: { source, ...put }, actor: "ann" })).source!;
const get = async (name = source) => (await service.call(method.getSource, { source: name })).source!;
const skip = (last: number) => service.call(method.skipGap, { source, last: BigInt(last), reason: "lost for good" });
const ranges = (answer: Pick<Source, "gaps">) => answer.gaps.map(({ first, last }) => [Number(first), Number(last)]);

function spans({ laggingAfter, staleAfter, gapWait, gapPolicy }: NonNullable<Source["thresholds"]>) {
  const ms = (span: typeof gapWait) => (span === undefined ? undefined : durationMs(span));
  return { laggingAfter: ms(laggingAfter), staleAfter: ms(staleAfter), gapWait: ms(gapWait), gapPolicy };
}

const UNSET = { laggingAfter: undefined, staleAfter: undefined, gapWait: undefined, gapPolicy: GapPolicy.UNSPECIFIED };
const CONFIGURED = {
  laggingAfter: 3_600_000,
  staleAfter: 24 * 3_600_000,
  gapWait: 30_000,
  gapPolicy: GapPolicy.WAIT,
};

describe("PutSource", () => {
  test("says what a source feeds and when it counts as late; the rest is as configured", async () => {
    const thresholds = { laggingAfter: { seconds: 5n }, gapPolicy: GapPolicy.SKIP };
    const answer = await put({ warehouseIds: [warehouseId, `${warehouseId}-b`], thresholds });
    expect(answer).toMatchObject({ source, warehouseIds: [warehouseId, `${warehouseId}-b`], appliedSequence: 0n });
    expect(spans(answer.thresholds!)).toEqual({ ...UNSET, laggingAfter: 5_000, gapPolicy: GapPolicy.SKIP });
    expect(spans(answer.effectiveThresholds!)).toEqual({
      ...CONFIGURED,
      laggingAfter: 5_000,
      gapPolicy: GapPolicy.SKIP,
    });
    expect(await get()).toEqual(answer);
    const again = await put({});
    expect(again.warehouseIds).toEqual([]);
    expect(spans(again.thresholds!)).toEqual(UNSET);
    expect(spans(again.effectiveThresholds!)).toEqual(CONFIGURED);
  });

  test("makes the warehouses exist, and as fresh as the source that feeds them", async () => {
    const freshness = async () => {
      const skus = ["A"];
      return (await service.call(AvailabilityService.method.getAvailability, { warehouseId, skus })).freshness!.state;
    };
    expect(await refusalOf(freshness())).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
    await put({ warehouseIds: [warehouseId] });
    expect(await freshness(), "nobody has heard of it yet").toBe(FreshnessState.LAGGING);
    await heartbeat(0);
    expect(await freshness()).toBe(FreshnessState.LIVE);
    expect(await get()).toMatchObject({ state: SourceState.LIVE });
  });

  test("takes back what it answered, names twice being once", async () => {
    await put({ warehouseIds: ["X", "Y", "X"], thresholds: { gapWait: { seconds: 1n } } });
    await send(1, received(5));
    const { $typeName, thresholds, ...answered } = await get();
    expect(answered).toMatchObject({ warehouseIds: ["X", "Y"], appliedSequence: 1n });
    const { $typeName: _, ...same } = thresholds!;
    await put({ ...answered, gaps: [], thresholds: same });
    expect(await get()).toMatchObject({ ...answered, thresholds });
  });

  test("is kept over a restart, with and without a snapshot", async () => {
    await put({ warehouseIds: [warehouseId], thresholds: { staleAfter: { seconds: 90_000n } } });
    await send(1, received(5));
    await send(4, received(5));
    const before = await get();
    expect(ranges(before)).toEqual([[2, 3]]);
    for (const withoutSnapshots of [false, true]) {
      await service.restart({ withoutSnapshots });
      expect(await get()).toEqual(before);
    }
  });

  test("names what is wrong with each field", async () => {
    const nothing = service.call(method.putSource, {});
    expect(await refusalOf(nothing)).toEqual(invalidField("source"));
    const bad = service.call(method.putSource, {
      source: {
        source: "",
        warehouseIds: ["", "ok", "\n"],
        thresholds: {
          laggingAfter: { seconds: -1n },
          staleAfter: { seconds: 0n },
          gapWait: { seconds: 367n * 86_400n },
          gapPolicy: 7 as GapPolicy,
        },
      },
      actor: "\n",
      reason: "\n",
    });
    expect(await refusalOf(bad)).toEqual(
      invalidField(
        "source.source",
        "source.warehouse_ids[0]",
        "source.warehouse_ids[2]",
        "source.thresholds.lagging_after",
        "source.thresholds.stale_after",
        "source.thresholds.gap_wait",
        "source.thresholds.gap_policy",
        "actor",
        "reason",
      ),
    );
    const crossed = put({ thresholds: { laggingAfter: { seconds: 2n }, staleAfter: { seconds: 1n } } });
    expect(await refusalOf(crossed)).toEqual(invalidField("source.thresholds.lagging_after"));
    const many = put({ warehouseIds: Array.from({ length: 1_001 }, (_, index) => `many-${index}`) });
    expect(await refusalOf(many)).toEqual(limitExceeded("source.warehouse_ids"));
    expect(await refusalOf(get())).toEqual(refusal("NOT_FOUND", "SOURCE_NOT_FOUND"));
  });
});

describe("GetSource and ListSources", () => {
  test("know a source by its events or its heartbeats alone", async () => {
    expect(await refusalOf(get())).toEqual(refusal("NOT_FOUND", "SOURCE_NOT_FOUND"));
    await heartbeat(3);
    const heard = await get();
    expect(heard).toMatchObject({ source, appliedSequence: 0n, state: SourceState.LAGGING });
    expect(ranges(heard)).toEqual([[1, 3]]);
    expect(heard.gapSince).toEqual(heard.lastEventTime);
    expect(heard.lastEventTime).toBeDefined();
    for (const sequence of [1, 2, 3]) await send(sequence, received(1));
    const caughtUp = await get();
    expect(caughtUp).toMatchObject({ appliedSequence: 3n, gaps: [], state: SourceState.LIVE });
    expect([caughtUp.gapSince, caughtUp.staleSince]).toEqual([undefined, undefined]);
  });

  test("list sources in a stable order, in pages of any size", async () => {
    for (let index = 0; index < 5; index++) await put({ source: `listed-${index}` });
    const all = (await service.call(method.listSources, {})).sources.map((each) => each.source);
    expect(all.filter((name) => name.startsWith("listed-"))).toEqual([0, 1, 2, 3, 4].map((index) => `listed-${index}`));
    for (const pageSize of [1, 3, 1_000]) {
      const names: string[] = [];
      let pageToken = "";
      do {
        const page = await service.call(method.listSources, { pageSize, pageToken });
        expect(page.sources.length).toBeLessThanOrEqual(pageSize);
        names.push(...page.sources.map((each) => each.source));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(names).toEqual(all);
    }
    expect(await refusalOf(service.call(method.listSources, { pageSize: -1 }))).toEqual(invalidField("page_size"));
    expect(await refusalOf(service.call(method.listSources, { pageToken: "x" }))).toEqual(invalidField("page_token"));
  });
});

describe("MoveStockSource", () => {
  const move = (to: string, fromSequence: number, sku = "A", of = warehouseId) =>
    service.call(method.moveStockSource, {
      warehouseId: of,
      sku,
      source: to,
      fromSequence: BigInt(fromSequence),
      actor: "ann",
    });

  test("hands a stock to another source from a sequence on, and only that stock", async () => {
    const other = `${source}-new`;
    await send(1, received(10));
    await send(2, received(10, "B"));
    await put({ source: other });
    expect(await send(1, received(1), other)).toMatchObject({ reason: "NOT_SOURCE_OF_RECORD" });
    expect(await move(other, 3)).toMatchObject({ source: other, previousSource: source });
    expect(await send(3, received(1))).toMatchObject({ disposition: REJECTED, reason: "NOT_SOURCE_OF_RECORD" });
    expect(await send(2, received(1), other)).toMatchObject({ disposition: REJECTED, reason: "NOT_SOURCE_OF_RECORD" });
    expect(await send(3, received(7), other)).toMatchObject({ disposition: APPLIED });
    expect(await send(4, received(1, "B"))).toMatchObject({ disposition: APPLIED });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 17n });
    const before = await service.figures("A", warehouseId);
    expect(await move(other, 3)).toMatchObject({ source: other, previousSource: other });
    for (const withoutSnapshots of [false, true]) {
      await service.restart({ withoutSnapshots });
      expect(await service.figures("A", warehouseId)).toEqual(before);
      const next = withoutSnapshots ? 6 : 5;
      expect(await send(next, received(1))).toMatchObject({ reason: "NOT_SOURCE_OF_RECORD" });
    }
  });

  test("makes the warehouse as fresh as the sources that its stocks have left", async () => {
    const other = `${source}-new`;
    await put({ thresholds: { laggingAfter: { nanos: 1_000_000 } } });
    await put({ source: other });
    await send(1, received(10));
    await send(2, received(10, "B"));
    await send(1, received(1, "C"), other);
    const state = async () => {
      const skus = ["A"];
      return (await service.call(AvailabilityService.method.getAvailability, { warehouseId, skus })).freshness!.state;
    };
    const { LAGGING, LIVE } = FreshnessState;
    await move(other, 2);
    while ((await state()) === LIVE);
    expect(await get()).toMatchObject({ state: SourceState.LAGGING });
    expect(await state(), "one stock is still its own").toBe(LAGGING);
    await move(other, 2, "B");
    expect(await state()).toBe(LIVE);
    for (const withoutSnapshots of [false, true]) {
      await service.restart({ withoutSnapshots });
      expect(await get()).toMatchObject({ state: SourceState.LAGGING });
      expect(await state()).toBe(LIVE);
    }
  });

  test("gives a source to a stock that had none, because only a policy named it", async () => {
    await put({});
    await service.call(method.putPolicy, { policy: { warehouseId, sku: "A", safetyStock: 1n } });
    expect(await move(source, 1)).toMatchObject({ source, previousSource: "" });
    expect(await send(1, received(1), `${source}-other`)).toMatchObject({ reason: "NOT_SOURCE_OF_RECORD" });
    expect(await send(1, received(1))).toMatchObject({ disposition: APPLIED });
  });

  test("is refused where warehouse, stock or source are unknown, and for bad fields", async () => {
    await send(1, received(10));
    expect(await refusalOf(move(source, 1, "A", "W404"))).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
    expect(await refusalOf(move(source, 1, "unseen"))).toEqual(refusal("NOT_FOUND", "SKU_NOT_FOUND"));
    expect(await refusalOf(move("nobody", 1))).toEqual(refusal("NOT_FOUND", "SOURCE_NOT_FOUND"));
    expect(await refusalOf(service.call(method.moveStockSource, { actor: "\n", reason: "\n" }))).toEqual(
      invalidField("warehouse_id", "sku", "source", "from_sequence", "actor", "reason"),
    );
  });
});

describe("SkipGap", () => {
  test("passes over what is missing, applies what waited behind it, and stops at the next gap", async () => {
    for (const sequence of [1, 2]) await send(sequence, received(1));
    for (const sequence of [5, 6, 9]) {
      expect(await send(sequence, received(10))).toMatchObject({ disposition: BUFFERED });
    }
    expect(ranges(await get())).toEqual([
      [3, 4],
      [7, 8],
    ]);
    expect(await skip(3)).toMatchObject({ appliedSequence: 3n, skipped: { first: 3n, last: 3n } });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 2n });
    expect(await skip(4)).toMatchObject({ appliedSequence: 6n, skipped: { first: 4n, last: 4n } });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 22n });
    expect(ranges(await get())).toEqual([[7, 8]]);
    expect(await skip(8)).toMatchObject({ appliedSequence: 9n, skipped: { first: 7n, last: 8n } });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 32n });
    const caughtUp = await get();
    expect([caughtUp.gaps, caughtUp.gapSince]).toEqual([[], undefined]);
  });

  test("leaves room for what comes late after all, unless its stock was counted since", async () => {
    await send(1, received(1));
    await send(4, received(10));
    await skip(3);
    expect(await send(2, received(100))).toMatchObject({ disposition: APPLIED });
    expect(await send(2, received(100))).toMatchObject({ disposition: DUPLICATE });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 111n });
    await send(5, { case: "stockCounted", value: { warehouseId, sku: "A", onHand: 7n } });
    expect(await send(3, received(1_000))).toMatchObject({ disposition: REJECTED, reason: "SUPERSEDED" });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 7n });
    expect(await get()).toMatchObject({ appliedSequence: 5n });
  });

  test("passes over last events that only a heartbeat tells of", async () => {
    await heartbeat(2);
    expect(await skip(2)).toMatchObject({ appliedSequence: 2n, skipped: { first: 1n, last: 2n } });
    await send(3, received(1));
    await heartbeat(6);
    expect(await skip(6)).toMatchObject({ appliedSequence: 6n, skipped: { first: 4n, last: 6n } });
    const caughtUp = await get();
    expect([caughtUp.gaps, caughtUp.gapSince, caughtUp.state]).toEqual([[], undefined, SourceState.LIVE]);
  });

  test("again is answered and changes nothing; also after a restart", async () => {
    await send(1, received(1));
    await send(4, received(10));
    await skip(3);
    const before = { source: await get(), figures: await service.figures("A", warehouseId) };
    for (const withoutSnapshots of [undefined, false, true]) {
      if (withoutSnapshots !== undefined) await service.restart({ withoutSnapshots });
      for (const last of [1, 3, 4]) {
        const { appliedSequence, skipped } = await skip(last);
        expect([appliedSequence, skipped]).toEqual([4n, undefined]);
      }
      expect({ source: await get(), figures: await service.figures("A", warehouseId) }).toEqual(before);
    }
    expect(await send(2, received(100)), "what was passed over may still come").toMatchObject({ disposition: APPLIED });
  });

  test("is refused beyond the first gap, where nothing is missing, and for a source that is unknown", async () => {
    expect(await refusalOf(skip(1))).toEqual(refusal("NOT_FOUND", "SOURCE_NOT_FOUND"));
    await send(1, received(1));
    const nothing = await detailsOf(skip(2));
    expect(nothing).toMatchObject(refusal("FAILED_PRECONDITION", "NO_GAP"));
    expect(nothing.metadata).toEqual({ source, last: "2", applied_sequence: "1" });
    await send(4, received(1));
    await send(9, received(1));
    for (const last of [4, 8, 9, 100]) {
      const { metadata } = await detailsOf(skip(last));
      expect(metadata).toEqual({ source, last: `${last}`, applied_sequence: "1", gap_first: "2", gap_last: "3" });
    }
    expect(await refusalOf(service.call(method.skipGap, { actor: "\n", reason: "\n" }))).toEqual(
      invalidField("source", "last", "actor", "reason"),
    );
    expect(await get()).toMatchObject({ appliedSequence: 1n });
    expect((await service.call(ErpService.method.getSourceStatus, { source })).appliedSequence).toBe(1n);
  });
});
