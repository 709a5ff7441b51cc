/** Runs of positions on a whole log: what is kept of a run, what waits for its sequence, and what a restart leaves. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Outcome, PositionRunPort } from "../../../src/actor/service.js";
import type { DriftCounts, Position } from "../../../src/domain/drift.js";
import type { DriftAction } from "../../../src/domain/policy.js";
import { NodeHarness } from "../../node/node-harness.js";

let node: NodeHarness;

beforeEach(async () => {
  node = await NodeHarness.start();
  await node.receive("A", 100);
  await node.receive("B", 50);
});

const at = (sku: string, onHand: number, asOfSequence: number): Position => ({
  warehouseId: "W1",
  sku,
  onHand,
  unavailable: 0,
  asOfSequence,
});

const begin = (full = false, runId = "run"): PositionRunPort =>
  node.node.ports.positions.begin({ runId, source: "erp", full });

async function tell(run: PositionRunPort, ...positions: readonly Position[]): Promise<void> {
  let outcome: Outcome<undefined> | undefined;
  run.compare(positions, (settled) => {
    outcome = settled;
  });
  await node.settle();
  expect(outcome?.kind).toBe("answered");
}

async function finish(run: PositionRunPort): Promise<DriftCounts> {
  let outcome: Outcome<DriftCounts> | undefined;
  run.finish((settled) => {
    outcome = settled;
  });
  await node.settle();
  if (outcome?.kind !== "answered") throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

async function report(positions: readonly Position[], full = false): Promise<DriftCounts> {
  const run = begin(full);
  await tell(run, ...positions);
  return finish(run);
}

async function act(driftAction: DriftAction): Promise<void> {
  const scope = { warehouseId: "", sku: "", dealerId: "" };
  const attribution = { actor: "", reason: "" };
  const outcome = await node.ask({ kind: "PutPolicy", scope, fields: { driftAction }, attribution }, () => "put");
  expect(outcome).toMatchObject({ kind: "answered" });
}

const found = () => {
  const { discrepancies } = node.node.store.partition(1);
  return Array.from({ length: discrepancies.count }, (_, index) => discrepancies.get(index + 1)!);
};

describe("a stock that a healing opened", () => {
  test("belongs to its source like any other: a full run misses it, also after a restart", async () => {
    await act("HEAL");
    const elsewhere = { ...at("N", 3, 2), warehouseId: "W2" };
    expect(await report([elsewhere])).toMatchObject({ missingHere: 1, healed: 1 });
    const system = () => node.node.store.system.state;
    expect([...system().feeds(system().source("erp")!)]).toEqual([1, 2]);
    await node.restart();
    expect([...system().feeds(system().source("erp")!)]).toEqual([1, 2]);
    expect(await report([at("A", 100, 2), at("B", 50, 2)], true)).toMatchObject({ missingThere: 1 });
    expect(found()).toEqual([]);
  });
});

describe("what waits for a person", () => {
  const states = () => found().map(({ state }) => state);

  test("is one discrepancy for each stock, over a restart as well", async () => {
    await report([at("A", 90, 2), at("B", 50, 2)]);
    await node.restart();
    expect(await report([at("A", 91, 2)])).toMatchObject({ compared: 1, drifted: 1 });
    expect(states()).toEqual(["SUPERSEDED", "OPEN"]);
    expect(found()[0]!.decision).toMatchObject({ actor: "holdfast", reason: "run run found it anew" });
  });

  test("is over once a run has found that both sides agree, and was not broken off", async () => {
    await report([at("A", 90, 2)]);
    const broken = begin();
    await tell(broken, at("A", 100, 2));
    broken.abandon();
    await node.settle();
    expect(states()).toEqual(["OPEN"]);
    const run = begin();
    await tell(run, at("A", 100, 2));
    expect(states()).toEqual(["OPEN"]);
    expect(await finish(run)).toMatchObject({ compared: 1, drifted: 0 });
    expect(states()).toEqual(["SUPERSEDED"]);
    expect(await report([at("A", 90, 2)])).toMatchObject({ drifted: 1 });
    expect(states()).toEqual(["SUPERSEDED", "OPEN"]);
  });

  test("is left alone by a run that had it agree and ends when it differs: that is for the next one", async () => {
    await report([at("A", 90, 2)]);
    const run = begin();
    await tell(run, at("A", 100, 2));
    await act("HEAL");
    const other = begin(false, "other");
    await tell(other, at("A", 95, 2));
    expect(await finish(other)).toMatchObject({ healed: 1 });
    expect(await finish(run)).toMatchObject({ compared: 1, drifted: 0, healed: 0 });
    expect(states()).toEqual(["SUPERSEDED", "HEALED"]);
    expect(node.figures("A").onHand).toBe(95);
  });
});

describe("a run", () => {
  test("that breaks off leaves nothing: neither what it found nor what it waited for", async () => {
    await act("HEAL");
    const broken = begin(true);
    await tell(broken, at("A", 90, 2), at("B", 40, 3), at("N", 5, 2));
    broken.abandon();
    await node.receive("A", 1);
    expect(node.figures("A").onHand).toBe(101);
    expect(node.figures("B").onHand).toBe(50);
    expect(found()).toEqual([]);
    expect(node.node.store.system.state.tables.driftRuns.count).toBe(0);
  });

  test("that breaks off while its end is worked off ends all the same", async () => {
    await act("HEAL");
    const run = begin();
    await tell(run, at("A", 90, 2));
    run.finish(() => {});
    await node.settle();
    run.abandon();
    expect(node.figures("A").onHand).toBe(90);
    expect(node.node.store.system.state.tables.driftRuns.count).toBe(1);
  });

  test("of more differences than a turn decides about finds each, in the order in which they were told", async () => {
    const positions = Array.from({ length: 200 }, (_, index) => at(`N-${index}`, 1 + index, 2));
    expect(await report(positions)).toMatchObject({ compared: 200, missingHere: 200, drifted: 200 });
    expect(found().map(({ sku }) => sku)).toEqual(positions.map(({ sku }) => sku));
  });

  test("heals a stock once, however often it tells it", async () => {
    await act("HEAL");
    const run = begin();
    await tell(run, at("A", 90, 1), at("A", 80, 2));
    expect(await finish(run)).toMatchObject({ compared: 2, drifted: 2, healed: 1 });
    expect(node.figures("A").onHand).toBe(90);
    const again = begin();
    await tell(again, at("A", 70, 2));
    expect(await finish(again)).toMatchObject({ drifted: 1, healed: 0 });
    expect(found().map(({ state }) => state)).toEqual(["HEALED", "SUPERSEDED", "OPEN"]);
  });

  test("is refused beyond the number of runs that may be under way", async () => {
    const runs = Array.from({ length: 64 }, (_, index) => begin(false, `run-${index}`));
    for (const run of runs) await tell(run, at("A", 100, 2));
    const more = begin(false, "one more");
    let outcome: Outcome<undefined> | undefined;
    more.compare([at("A", 100, 2)], (settled) => {
      outcome = settled;
    });
    await node.settle();
    expect(outcome).toMatchObject({ kind: "refused", refusal: { reason: "OVERLOADED" } });
    runs[0]!.abandon();
    await tell(begin(false, "now"), at("A", 100, 2));
  });
});

describe("a stock that a full run did not tell", () => {
  test("is not missed when its first event came after the run was taken", async () => {
    const run = begin(true);
    await tell(run, at("A", 100, 2), at("B", 50, 2));
    await node.receive("C", 9);
    expect(await finish(run)).toMatchObject({ compared: 2, missingThere: 0, drifted: 0 });
  });

  test("is not missed when it ran out while the run was taken", async () => {
    await node.erp({ kind: "StockAdjusted", warehouseId: "W1", sku: "B", delta: -50, reason: "", reference: "" });
    expect(await report([at("A", 100, 2), at("A", 100, 3)], true)).toMatchObject({ missingThere: 0, drifted: 0 });
  });

  test("is missed only once we have got to where the run was taken", async () => {
    expect(await report([at("A", 100, 4)], true)).toMatchObject({ deferred: 1, missingThere: 0 });
    await node.receive("C", 9);
    expect(found()).toEqual([]);
    await node.erp({ kind: "StockAdjusted", warehouseId: "W1", sku: "C", delta: -9, reason: "", reference: "" });
    await node.settle();
    expect(found()).toMatchObject([{ sku: "B", isMissingThere: true, asOfSequence: 4 }]);
    const { driftRuns } = node.node.store.system.state.tables;
    expect(driftRuns.count).toBe(1);
    expect(driftRuns.get(1)!.counts).toMatchObject({ compared: 1, deferred: 1, missingThere: 1, drifted: 1 });
  });

  test("of another warehouse is not missed by a run that we asked for of one", async () => {
    await node.erp({ kind: "StockReceived", warehouseId: "W2", sku: "A", quantity: 5, reference: "" });
    const runId = node.node.ports.positions.ask("erp", { full: true, warehouseId: "W1" }) as string;
    const run = begin(true, runId);
    await tell(run, at("A", 100, 3));
    expect(await finish(run)).toMatchObject({ missingThere: 1 });
    expect(found()).toMatchObject([{ sku: "B" }]);
    expect(await report([at("A", 100, 3), at("B", 50, 3)], true)).toMatchObject({ missingThere: 1 });
  });
});

describe("positions ahead of us", () => {
  test("are compared when we get there, those of one sequence and those out of order alike", async () => {
    const ahead = [7, 4, 9, 3, 3, 12, 5, 8, 6, 11, 10].map((sequence) => at("A", 100 + sequence - 2, sequence));
    expect(await report([...ahead, at("B", 49, 6)])).toMatchObject({ compared: 0, deferred: 12 });
    for (let sequence = 3; sequence <= 12; sequence++) await node.receive("A", 1);
    expect(found()).toMatchObject([{ sku: "B", asOfSequence: 6 }]);
    const { driftRuns } = node.node.store.system.state.tables;
    expect(driftRuns.get(1)!.counts).toMatchObject({ compared: 12, drifted: 1, deferred: 12 });
  });

  test("beyond what one turn compares are worked off without another event", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => at(`N-${index}`, 0, 3));
    const run = begin();
    for (let from = 0; from < many.length; from += 250) await tell(run, ...many.slice(from, from + 250));
    expect(await finish(run)).toMatchObject({ compared: 0, deferred: 1_000 });
    await node.receive("A", 1);
    await node.settle();
    const { driftRuns } = node.node.store.system.state.tables;
    expect(driftRuns.get(1)!.counts).toMatchObject({ compared: 1_000, missingHere: 1_000, deferred: 1_000 });
  });

  test("are compared when a gap before them is passed over", async () => {
    expect(await report([at("A", 100, 3), at("B", 49, 4)])).toMatchObject({ deferred: 2 });
    node.node.ports.ingest.heartbeat({ source: "erp", lastSequence: 4, erpResponseMs: undefined }, () => {});
    await node.settle();
    const attribution = { actor: "ann", reason: "lost" };
    const skip = await node.ask({ kind: "SkipGap", source: "erp", last: 4, attribution }, ({ skipped }) => skipped);
    expect(skip).toMatchObject({ kind: "answered", value: { first: 3, last: 4 } });
    expect(found()).toMatchObject([{ sku: "B", cause: "SKIPPED_GAP", causeDetail: "3-4" }]);
  });

  test("do not outlast a newer run of everything, nor a restart; what was found does", async () => {
    await report([at("B", 49, 3)]);
    await report([at("A", 99, 2), at("B", 50, 2)], true);
    await node.receive("A", 1);
    expect(found()).toMatchObject([{ sku: "A" }]);
    await report([at("B", 49, 4)]);
    await node.restart();
    await node.receive("A", 1);
    expect(found()).toMatchObject([{ sku: "A", state: "OPEN" }]);
    const { driftRuns } = node.node.store.system.state.tables;
    expect(driftRuns.count).toBe(3);
    expect(driftRuns.get(3)!.counts).toMatchObject({ compared: 0, deferred: 1 });
  });
});
