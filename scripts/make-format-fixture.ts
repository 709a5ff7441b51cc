/**
 * Makes the data folder that a test keeps readable for ever: `npm run build && node --import tsx scripts/make-format-fixture.ts DIR`, once for
 * each released format. It has something of everything: reservations in every state, ERP events of every kind, dealers, policies, a source
 * with a gap, dead letters, drift, an image and several segments. Files are compressed; expected.json.gz says what a server must say of it.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { DriftAction, durationFromMs, HoldfastClient, type PushInput, ReleaseReason } from "../src/client/index.js";
import { describeServed } from "../test/e2e/formats/describe-served.js";
import { Child } from "./demo/bad-morning/child.js";

const HOLD_LONGEST_MS = 366 * 86_400_000;
const ORDERS = 300;

const { positionals } = parseArgs({ allowPositionals: true });
const [target] = positionals;
if (target === undefined)
  throw new Error("name the folder that the fixture goes to, such as test/e2e/formats/format-1");

const folder = await mkdtemp(join(tmpdir(), "holdfast-fixture-"));
const SETTINGS = { HOLDFAST_JOURNAL_SEGMENT_BYTES: "1MiB", HOLDFAST_IMAGES_EVERY_BYTES: "64KiB" };
const serve = () => new Child(["dist/cli/main.js", "serve", "--listen", "127.0.0.1:0", "--data", folder], SETTINGS);

let server = serve();
let client = await clientOf(server);
await fill(client);
client.close();
await server.end();
server = serve();
client = await clientOf(server);
for (let order = 0; order < ORDERS; order++) await reserve(`late-${order}`, true);
const expected = JSON.stringify(await describeServed(client));
await writeFile(join(await emptied(target), "expected.json.gz"), gzipSync(expected, { level: 9 }));
client.close();
// As a crash leaves it: what came after the checkpoint is in the journal alone.
await server.end("SIGKILL");
for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name === "holdfast.pid") continue;
  const path = join(entry.parentPath, entry.name);
  const copy = join(target, `${relative(folder, path)}.gz`);
  await mkdir(dirname(copy), { recursive: true });
  await writeFile(copy, gzipSync(await readFile(path), { level: 9 }));
}
await rm(folder, { recursive: true });

async function emptied(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}

async function clientOf(child: Child): Promise<HoldfastClient> {
  const line = await child.line((text) => text.includes('"serving"'));
  return new HoldfastClient(String((JSON.parse(line) as { listen: string }).listen));
}

async function reserve(orderId: string, commit = false) {
  const lines = [
    { sku: "bolt", quantity: 2 },
    { sku: "nut", quantity: 1 },
  ];
  const holdDuration = commit ? undefined : durationFromMs(HOLD_LONGEST_MS);
  const { reservation } = await client.reserve({
    dealerId: "d-1",
    orderId,
    warehouseId: "north",
    lines,
    commit,
    holdDuration,
  });
  return { dealerId: "d-1", reservationId: reservation!.reservationId };
}

async function fill(into: HoldfastClient): Promise<void> {
  const attribution = { actor: "fixture", reason: "something of everything" };
  await into.putPolicy({
    policy: { holdMax: durationFromMs(HOLD_LONGEST_MS), driftAction: DriftAction.ASK },
    ...attribution,
  });
  await into.putPolicy({ policy: { warehouseId: "north", sku: "bolt", safetyStock: 5 }, ...attribution });
  await into.putDealer({ dealer: { dealerId: "d-1", name: "Dealer One", warehouseId: "north" }, ...attribution });
  await into.putSource({ source: { source: "erp", warehouseIds: ["north"] }, ...attribution });
  const pusher = into.pushEvents({ source: "erp" });
  const stock = (sku: string) => ({ warehouseId: "north", sku });
  const push = async (eventId: string, body: PushInput["body"]) => pusher.push({ eventId, body });
  await push("e1", { case: "stockReceived", value: { ...stock("bolt"), quantity: 10_000 } });
  await push("e2", { case: "stockReceived", value: { ...stock("nut"), quantity: 10_000 } });
  await push("e3", { case: "stockAdjusted", value: { ...stock("nut"), delta: -3, reason: "broken" } });
  await push("e4", { case: "stockCounted", value: { ...stock("nut"), onHand: 9_000 } });
  await push("e5", { case: "stockBlocked", value: { ...stock("nut"), delta: 20 } });
  await push("e6", { case: "demandAllocated", value: { ...stock("nut"), delta: 30, reference: "shop" } });
  await push("e7", { case: "stockBlocked", value: { ...stock("bolt"), delta: -1 } });
  await pusher.flush();
  await reserve("pending");
  const partly = await reserve("partly");
  await into.commit({ ...partly, lines: [{ sku: "bolt", quantity: 1 }] });
  await into.release(await reserve("released"));
  const fulfilled = await reserve("fulfilled", true);
  const orders = { case: "orderDispatched" as const };
  await push("e8", { ...orders, value: { ...stock("bolt"), quantity: 2, reservationId: fulfilled.reservationId } });
  await push("e9", { ...orders, value: { ...stock("nut"), quantity: 1, reservationId: fulfilled.reservationId } });
  await push("e10", { ...orders, value: { ...stock("nut"), quantity: 4, orderId: "nobody" } });
  await push("e11", { case: "eventReversed", value: { ...stock("nut"), eventId: "e9" } });
  await push("e12", { case: "stockReturned", value: { ...stock("bolt"), quantity: 1, orderId: "fulfilled" } });
  await reserve("closed", true);
  const reason = ReleaseReason.DISPATCH_FAILED;
  await push("e13", { case: "orderClosed", value: { warehouseId: "north", orderId: "closed", reason } });
  await pusher.close();
  const short = await into.reserve({
    dealerId: "d-1",
    orderId: "expired",
    lines: [{ sku: "bolt", quantity: 1 }],
    holdDuration: durationFromMs(50),
  });
  await sleep(200);
  await into.getReservation({ dealerId: "d-1", reservationId: short.reservation!.reservationId });
  for (let order = 0; order < ORDERS; order++) await reserve(`early-${order}`, true);
  const positions = [{ ...stock("nut"), onHand: 8_000, asOfSequence: 13 }];
  await into.reportPositions({ source: "erp", runId: "fixture", batches: [positions] });
}
