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
