/** Positions of a source against our figures: what is drift and what is not, what is done about it, and what a person decides. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HoldfastClient as Client, type HoldfastClient } from "../../src/client/index.js";
import { DriftAction, DriftCause, DriftResolution, DriftState } from "../../src/gen/holdfast/v1/drift_pb.js";
import {
  Disposition,
  ErpService,
  StreamEventsRequestSchema,
  type StreamEventsResponse,
} from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import type { PositionSchema } from "../../src/gen/holdfast/v1/position_pb.js";
import { ReserveOutcome, ShortageReason } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const ops = OperationsService.method;
type PositionInit = Omit<MessageInitShape<typeof PositionSchema>, "$typeName">;

let service: ServiceHarness;
let client: HoldfastClient;
let runs = 0;

beforeEach(async () => {
  service = await ServiceHarness.start();
  client = new Client(service.address);
  await service.receive("A", 100);
  await service.receive("B", 50);
});

afterEach(async () => {
  client.close();
  await service.stop();
});

const at = (sku: string, onHand: number, asOfSequence: number, more: PositionInit = {}): PositionInit => ({
  warehouseId: "W1",
  sku,
  onHand: BigInt(onHand),
  asOfSequence: BigInt(asOfSequence),
  ...more,
});

async function report(positions: readonly PositionInit[], full = false) {
  runs += 1;
  const runId = `run-${runs}`;
  const answer = await client.reportPositions({ source: "erp", runId, full, batches: [positions as never] });
  return { ...answer, runId };
}

const policy = (driftAction: DriftAction, units?: bigint, percent?: number) =>
  service.call(ops.putPolicy, {
    policy: {
      driftAction,
      ...(units === undefined ? {} : { driftThresholdUnits: units }),
      ...(percent === undefined ? {} : { driftThresholdPercent: percent }),
    },
  });

const found = async (includeResolved = true) =>
  (await service.call(ops.listDiscrepancies, { warehouseId: "W1", includeResolved })).discrepancies;

describe("a position", () => {
  test("is compared at its own sequence: what happened since is no drift", async () => {
    await service.receive("A", 7);
    expect(await report([at("A", 100, 1), at("A", 100, 2), at("A", 107, 3)])).toMatchObject({
      compared: 3n,
      drifted: 0n,
    });
    expect(await found()).toEqual([]);
  });

  test("that differs is drift, reported with both sides and waiting for a person by default", async () => {
    const { runId, ...counts } = await report([at("A", 90, 2), at("B", 50, 2)]);
    expect(counts).toMatchObject({ compared: 2n, drifted: 1n, healed: 0n, quarantined: 0n });
    expect(await found(false)).toMatchObject([
      { runId, sku: "A", ourOnHand: 100n, theirOnHand: 90n, state: DriftState.OPEN, cause: DriftCause.UNKNOWN },
    ]);
    expect((await service.figures("A")).onHand).toBe(100n);
    const { runs: listed } = await service.call(ops.listDriftRuns, { source: "erp" });
    expect(listed).toMatchObject([{ runId, compared: 2n, drifted: 1n, causes: [{ count: 1n }] }]);
  });

  test("within the policy's thresholds is none: it must be beyond both", async () => {
    await policy(DriftAction.ASK, 5n, 10);
    expect(await report([at("A", 95, 2)])).toMatchObject({ drifted: 0n });
    expect(await report([at("A", 92, 2)])).toMatchObject({ drifted: 0n });
    expect(await report([at("A", 80, 2)])).toMatchObject({ drifted: 1n });
    expect(await report([at("B", 44, 2)])).toMatchObject({ drifted: 1n });
  });

  test("ahead of us is deferred, and compared once we have got there", async () => {
    await policy(DriftAction.HEAL);
    expect(await report([at("A", 110, 3), at("B", 1, 3)])).toMatchObject({ compared: 0n, deferred: 2n });
    await service.receive("A", 10);
    expect((await service.figures("B")).onHand).toBe(1n);
    expect((await service.figures("A")).onHand).toBe(110n);
    const { runs: listed } = await service.call(ops.listDriftRuns, {});
    expect(listed).toMatchObject([{ compared: 2n, drifted: 1n, healed: 1n, deferred: 2n }]);
  });

  test("of another source's stock cannot be compared", async () => {
    await service.erp({ case: "stockReceived", value: { warehouseId: "W1", sku: "C", quantity: 5n } }, "wms");
    expect(await report([at("C", 1, 1)])).toMatchObject({ compared: 0n, incomparable: 1n, drifted: 0n });
  });

  test("from before a count is compared with what we had then, and nothing is done about it", async () => {
    await policy(DriftAction.HEAL);
    await service.erp({ case: "stockCounted", value: { warehouseId: "W1", sku: "A", onHand: 30n } });
    expect(await report([at("A", 100, 2)])).toMatchObject({ compared: 1n, drifted: 0n });
    expect(await report([at("A", 1, 2)])).toMatchObject({ compared: 1n, drifted: 1n, healed: 0n });
    expect(await found(false)).toEqual([]);
    expect(await found()).toMatchObject([{ sku: "A", ourOnHand: 100n, theirOnHand: 1n, state: DriftState.DISMISSED }]);
    expect((await service.figures("A")).onHand).toBe(30n);
  });

  test("of a stock that we do not have is missing here", async () => {
    expect(await report([at("N", 3, 2), at("Z", 0, 2)])).toMatchObject({ missingHere: 2n, drifted: 1n });
    await policy(DriftAction.HEAL);
    expect(await report([at("N", 3, 2)])).toMatchObject({ missingHere: 1n, healed: 1n });
    expect(await service.figures("N")).toMatchObject({ onHand: 3n, availableToPromise: 3n });
  });
});

describe("what is done about drift", () => {
  test("healing applies the difference at the position's sequence, once for each run", async () => {
    await policy(DriftAction.HEAL);
    await service.receive("A", 7);
    const { runId } = await report([at("A", 90, 2), at("B", 50, 2, { unavailable: 4n })]);
    expect(await service.figures("A")).toMatchObject({ onHand: 97n });
    expect(await service.figures("B")).toMatchObject({ onHand: 50n, unavailable: 4n });
    const { lastEvents } = await service.call(ops.getStock, { warehouseId: "W1", sku: "A" });
    expect(lastEvents[0]).toMatchObject({ body: { case: "stockAdjusted", value: { delta: -10n, reference: runId } } });
    const again = await client.reportPositions({ source: "erp", runId, batches: [[at("A", 80, 3)] as never] });
    expect(again).toMatchObject({ drifted: 1n, healed: 0n });
    await service.restart({ withoutSnapshots: true });
    expect(await service.figures("A")).toMatchObject({ onHand: 97n });
  });

  test("a stock in quarantine takes no order until a person has decided", async () => {
    await policy(DriftAction.QUARANTINE);
    expect(await report([at("A", 90, 2)])).toMatchObject({ drifted: 1n, quarantined: 1n });
    expect(await service.figures("A")).toMatchObject({ onHand: 100n, availableToPromise: 0n });
    const refused = await service.reserve({ lines: [{ sku: "A", quantity: 1n }] });
    expect(refused).toMatchObject({
      outcome: ReserveOutcome.REJECTED,
      shortages: [{ sku: "A", reason: ShortageReason.QUARANTINED, available: 0n }],
    });
    await service.restart();
    const [discrepancy] = await found(false);
    const decide = (resolution: DriftResolution) =>
      service.call(ops.resolveDrift, { warehouseId: "W1", number: discrepancy!.number, resolution, reason: "counted" });
    expect((await decide(DriftResolution.HEAL)).discrepancy).toMatchObject({ state: DriftState.HEALED });
    expect((await decide(DriftResolution.HEAL)).discrepancy).toMatchObject({ state: DriftState.HEALED });
    expect(await refusalOf(decide(DriftResolution.DISMISS))).toMatchObject({ infos: ["holdfast/DRIFT_RESOLVED"] });
    expect(await service.figures("A")).toMatchObject({ onHand: 90n, availableToPromise: 90n });
    expect(await found(false)).toEqual([]);
  });

  test("a newer finding of the same stock is what a person decides about, and the older one points there", async () => {
    await report([at("A", 90, 2)]);
    await report([at("A", 90, 2)]);
    expect(await found(false)).toMatchObject([{ number: 2n, sku: "A", state: DriftState.OPEN }]);
    expect(await found()).toMatchObject([{ number: 2n }, { number: 1n, state: DriftState.SUPERSEDED }]);
    const heal = (number: bigint) =>
      service.call(ops.resolveDrift, { warehouseId: "W1", number, resolution: DriftResolution.HEAL });
    expect(await detailsOf(heal(1n))).toMatchObject({
      infos: ["holdfast/DRIFT_RESOLVED"],
      metadata: { number: "1", state: "SUPERSEDED", newer: "2" },
    });
    expect((await heal(2n)).discrepancy).toMatchObject({ state: DriftState.HEALED });
    expect((await service.figures("A")).onHand).toBe(90n);
    expect(await found(false)).toEqual([]);
  });

  test("what was counted since cannot be healed any more, only dismissed", async () => {
    await report([at("A", 90, 2)]);
    await service.erp({ case: "stockCounted", value: { warehouseId: "W1", sku: "A", onHand: 95n } });
    const resolve = (resolution: DriftResolution) =>
      service.call(ops.resolveDrift, { warehouseId: "W1", number: 1n, resolution });
    expect(await refusalOf(resolve(DriftResolution.HEAL))).toMatchObject({ infos: ["holdfast/DRIFT_OUTDATED"] });
    expect((await resolve(DriftResolution.DISMISS)).discrepancy).toMatchObject({ state: DriftState.DISMISSED });
    expect((await service.figures("A")).onHand).toBe(95n);
  });

  test("in a full run a stock that is not told is reported, and never healed to nothing", async () => {
    await policy(DriftAction.HEAL);
    expect(await report([at("A", 100, 2)], true)).toMatchObject({
      compared: 1n,
      missingThere: 1n,
      drifted: 1n,
      healed: 0n,
    });
    expect(await found(false)).toMatchObject([
      { sku: "B", missingThere: true, theirOnHand: 0n, state: DriftState.OPEN },
    ]);
    expect((await service.figures("B")).onHand).toBe(50n);
    expect(await report([at("A", 100, 2), at("B", 50, 2)], true)).toMatchObject({ missingThere: 0n, drifted: 0n });
  });
});

test("a likely cause is named where there is a trace of it", async () => {
  await service.erp({ case: "stockBlocked", value: { warehouseId: "W1", sku: "A", delta: -5n } });
  const dispatch = { warehouseId: "W1", sku: "B", quantity: 3n, orderId: "nobody" };
  await service.erp({ case: "orderDispatched", value: dispatch });
  await report([at("A", 90, 4), at("B", 40, 4)]);
  expect((await found()).map(({ sku, cause, causeDetail }) => [sku, cause, causeDetail])).toEqual([
    ["B", DriftCause.UNMATCHED_DISPATCH, "erp-4"],
    ["A", DriftCause.DEAD_LETTER, "erp-3"],
  ]);
});

describe("a report", () => {
  test("of a hundred thousand positions is one run", async () => {
    const batch = Array.from({ length: 2_000 }, (_, index) => at(`N-${index}`, 0, 1));
    const batches = Array.from({ length: 50 }, () => batch as never);
    const answer = await client.reportPositions({ source: "erp", runId: "many", batches });
    expect(answer).toMatchObject({ runId: "many", compared: 100_000n, missingHere: 100_000n, drifted: 0n });
  });

  test("of a source that is not known is refused", async () => {
    const unknown = client.reportPositions({ source: "nobody", runId: "r", batches: [[at("A", 1, 1)] as never] });
    await expect(unknown).rejects.toMatchObject({ reason: "SOURCE_NOT_FOUND" });
  });
});

describe("what is left", () => {
  /** A report without its end. */
  const open = async (...positions: readonly PositionInit[]) => {
    let tellMore = () => {};
    const more = new Promise<void>((resolve) => {
      tellMore = resolve;
    });
    const abort = new AbortController();
    async function* batches() {
      yield positions as never;
      await more;
    }
    const report = client.reportPositions(
      { source: "erp", runId: "open", batches: batches() },
      { signal: abort.signal },
    );
    report.catch(() => {});
    // What was told before this is compared before it.
    for (let call = 0; call < 5; call++) await service.figures("A");
    return { report, tellMore, cancel: () => abort.abort() };
  };
  const nothing = async () => {
    expect(await found()).toEqual([]);
    expect((await service.call(ops.listDriftRuns, {})).runs).toEqual([]);
    expect(await service.figures("A")).toMatchObject({ onHand: 100n, availableToPromise: 100n });
  };

  test("of a run that is cancelled, is nothing; it may be told again under its id", async () => {
    await policy(DriftAction.HEAL);
    const { report: cancelled, cancel } = await open(at("A", 90, 2), at("B", 1, 3));
    cancel();
    await expect(cancelled).rejects.toMatchObject({ code: 1 });
    await service.erp({ case: "stockReceived", value: { warehouseId: "W2", sku: "A", quantity: 1n } });
    await nothing();
    expect((await service.figures("B")).onHand).toBe(50n);
    const again = await client.reportPositions({ source: "erp", runId: "open", batches: [[at("A", 90, 2)] as never] });
    expect(again).toMatchObject({ healed: 1n });
  });

  test("of a run in which the service stops, is nothing", async () => {
    await policy(DriftAction.QUARANTINE);
    const { report: stopped, tellMore } = await open(at("A", 90, 2));
    await service.restart();
    tellMore();
    await expect(stopped).rejects.toThrow();
    client.close();
    client = new Client(service.address);
    await nothing();
  });

  test("of a decision, is who decided and why, over a restart", async () => {
    await report([at("A", 90, 2)]);
    const decision = { resolution: DriftResolution.DISMISS, actor: "ann", reason: "counted, we are right" };
    await service.call(ops.resolveDrift, { warehouseId: "W1", number: 1n, ...decision });
    await service.restart({ withoutSnapshots: true });
    expect(await found()).toMatchObject([
      { state: DriftState.DISMISSED, resolveActor: "ann", resolveReason: "counted, we are right" },
    ]);
    expect((await found())[0]!.resolveTime).toBeDefined();
  });
});

test("what is asked of a source goes out on its stream, between answers, until it reports", async () => {
  const stream = service.duplex(ErpService.method.streamEvents);
  const answers: StreamEventsResponse[] = [];
  const heard = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => answers.length >= count && resolve();
      stream.on("data", look);
      look();
    });
  stream.on("data", (answer: StreamEventsResponse) => answers.push(answer));
  const heartbeat = { source: "erp", body: { case: "sourceHeartbeat" as const, value: { lastSequence: 2n } } };
  const { runId } = await service.call(ops.requestPositions, { source: "erp", full: true });
  stream.write(create(StreamEventsRequestSchema, { event: heartbeat }));
  await heard(2);
  const asked = answers.find(({ positionsRequest }) => positionsRequest !== undefined)!;
  expect(asked).toMatchObject({ source: "erp", positionsRequest: { runId, full: true, warehouseId: "" } });
  expect(answers.find(({ positionsRequest }) => positionsRequest === undefined)).toMatchObject({
    disposition: Disposition.APPLIED,
  });
  const second = await service.call(ops.requestPositions, { source: "erp", warehouseId: "W1" });
  await heard(3);
  expect(answers[2]).toMatchObject({ positionsRequest: { runId: second.runId, full: false, warehouseId: "W1" } });
  await client.reportPositions({
    source: "erp",
    runId,
    full: true,
    batches: [[at("A", 100, 2), at("B", 50, 2)] as never],
  });
  stream.end();
  const later = service.duplex(ErpService.method.streamEvents);
  const laterAnswers: StreamEventsResponse[] = [];
  later.on("data", (answer: StreamEventsResponse) => laterAnswers.push(answer));
  later.write(create(StreamEventsRequestSchema, { event: heartbeat }));
  later.end();
  await new Promise((resolve) => later.on("end", resolve));
  expect(laterAnswers.flatMap(({ positionsRequest }) => positionsRequest?.runId ?? [])).toEqual([second.runId]);
  expect(await refusalOf(service.call(ops.requestPositions, { source: "nobody" }))).toMatchObject({
    code: "NOT_FOUND",
  });
});
