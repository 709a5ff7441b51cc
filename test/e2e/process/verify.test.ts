/** `holdfast verify` over what the ERP's side can do to a folder: each of it is in its sums, and the proof holds. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DriftAction, DriftResolution, HoldfastClient, type PushInput } from "../../../src/client/index.js";
import { RunningServer, runVerify } from "./running-server.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-verify-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const stock = (sku: string) => ({ warehouseId: "W1", sku });
const position = (sku: string, onHand: number, asOfSequence: number) => ({ ...stock(sku), onHand, asOfSequence });

test("a folder with healed, skipped, late, reversed and replayed events is proven", async () => {
  const server = await RunningServer.start(folder);
  const client = new HoldfastClient(server.listen);
  const push = async (sequence: number, body: PushInput["body"]) => {
    const pusher = client.pushEvents({ source: "erp" });
    await pusher.push({ sequence: BigInt(sequence), eventId: `e${sequence}`, body });
    await pusher.close();
  };
  const received = (sku: string, quantity: number) => ({
    case: "stockReceived" as const,
    value: { ...stock(sku), quantity },
  });
  await push(1, received("bolt", 100));
  await push(2, received("nut", 100));
  // Dead-lettered: there is nothing to block back. Taken after all once there is.
  await push(3, { case: "stockBlocked", value: { ...stock("nut"), delta: -5 } });
  await push(4, { case: "stockBlocked", value: { ...stock("nut"), delta: 5 } });
  await client.replayDeadLetter({ number: 1n });
  const order = { dealerId: "d", warehouseId: "W1", orderId: "o", lines: [{ sku: "bolt", quantity: 8 }], commit: true };
  await client.reserve(order);
  await push(5, { case: "orderDispatched", value: { ...stock("bolt"), quantity: 8, orderId: "o" } });
  await push(6, { case: "eventReversed", value: { ...stock("bolt"), eventId: "e5" } });
  await push(7, { case: "orderDispatched", value: { ...stock("bolt"), quantity: 3, orderId: "o" } });
  await push(9, received("washer", 10));
  await client.skipGap({ source: "erp", last: 8n });
  await push(8, received("nut", 7));

  await client.putPolicy({ policy: { driftAction: DriftAction.HEAL } });
  const positions = [position("bolt", 90, 9), position("new", 4, 9)];
  const healed = await client.reportPositions({ source: "erp", runId: "r1", batches: [positions] });
  expect(healed).toMatchObject({ drifted: 2n, healed: 2n });
  await client.putPolicy({ policy: { driftAction: DriftAction.QUARANTINE } });
  await client.reportPositions({ source: "erp", runId: "r2", batches: [[position("nut", 100, 9)]] });
  const { discrepancies } = await client.listDiscrepancies({ warehouseId: "W1" });
  await client.resolveDrift({
    warehouseId: "W1",
    number: discrepancies[0]!.number,
    resolution: DriftResolution.HEAL,
    reason: "counted",
  });
  const { availability } = await client.getAvailability({ warehouseId: "W1" });
  expect(Object.fromEntries(availability.map(({ sku, onHand }) => [sku, onHand]))).toEqual({
    bolt: 90n,
    nut: 100n,
    washer: 10n,
    new: 4n,
  });
  client.close();
  expect(await server.end("SIGTERM")).toBe(0);

  expect(await runVerify(folder)).toMatchObject({ code: 0 });
}, 120_000);
