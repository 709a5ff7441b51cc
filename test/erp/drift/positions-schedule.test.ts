/** When sources are asked for their positions: by schedule, after a gap was passed over, and over a restart. */
import { beforeEach, expect, test } from "vitest";
import type { PositionsRequest } from "../../../src/actor/service.js";
import { NodeHarness } from "../../node/node-harness.js";

const HOUR_MS = 3_600_000;
const every = (periodMs: number) => (afterMs: number) => (Math.floor(afterMs / periodMs) + 1) * periodMs;

let node: NodeHarness;
let heard: PositionsRequest[];

beforeEach(async () => {
  node = await NodeHarness.start({ positionsSchedule: { full: every(24 * HOUR_MS), movers: every(HOUR_MS) } });
  await node.receive("A", 100);
  heard = [];
});

const listen = (source = "erp") => node.node.ports.positions.listen(source, (request) => heard.push(request));
const kinds = () => heard.map(({ full }) => (full ? "full" : "movers"));

async function report(runId: string): Promise<void> {
  const run = node.node.ports.positions.begin({ runId, source: "erp", full: false });
  run.finish(() => {});
  await node.settle();
}

test("movers each hour, everything each night and then no movers beside it", async () => {
  listen();
  const hours = 24 - Math.floor((node.nowMs % (24 * HOUR_MS)) / HOUR_MS);
  for (let hour = 0; hour < hours; hour++) await node.advance(HOUR_MS);
  expect(kinds()).toEqual([...Array.from({ length: hours - 1 }, () => "movers"), "full"]);
  expect(new Set(heard.map(({ runId }) => runId)).size).toBe(hours);
});

test("each source that is known is asked, and nobody twice for a time that came late", async () => {
  await node.erp({ kind: "StockReceived", warehouseId: "W2", sku: "A", quantity: 1, reference: "" }, "wms");
  listen();
  listen("wms");
  await node.advance(HOUR_MS);
  expect(heard).toHaveLength(2);
  node.pass(5 * HOUR_MS);
  await node.fireTimers();
  expect(heard).toHaveLength(4);
});

test("a question waits for a stream, is put again on the next, and is over once its run is", async () => {
  await node.advance(HOUR_MS);
  const leave = listen();
  expect(kinds()).toEqual(["movers"]);
  leave();
  listen();
  expect(heard.map(({ runId }) => runId)).toEqual([heard[0]!.runId, heard[0]!.runId]);
  const broken = node.node.ports.positions.begin({ runId: heard[0]!.runId, source: "erp", full: false });
  broken.abandon();
  listen();
  expect(heard).toHaveLength(3);
  await report(heard[0]!.runId);
  listen();
  expect(heard).toHaveLength(3);
});

test("when the newest of several streams ends, the one before it is asked in its place", async () => {
  const told: string[] = [];
  node.node.ports.positions.listen("erp", () => told.push("old"));
  const leave = node.node.ports.positions.listen("erp", () => told.push("new"));
  await node.advance(HOUR_MS);
  expect(told).toEqual(["new"]);
  leave();
  expect(told).toEqual(["new", "old"]);
});

test("after a gap was passed over everything is asked for, and again after a restart", async () => {
  listen();
  node.node.ports.ingest.heartbeat({ source: "erp", lastSequence: 3, erpResponseMs: undefined }, () => {});
  await node.settle();
  const attribution = { actor: "ann", reason: "lost" };
  await node.ask({ kind: "SkipGap", source: "erp", last: 3, attribution }, () => "");
  expect(kinds()).toEqual(["full"]);
  await node.restart();
  heard = [];
  listen();
  expect(kinds()).toEqual(["full"]);
});
