/**
 * Watchers of availability on the real process, killed under load again and again: each goes on from where it was without a snapshot,
 * is told nothing that a crash takes back, and at rest knows what a fresh read says. Changes are conflated for a quarter of a second, or hardly.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HoldfastClient, HoldfastError } from "../../../src/client/index.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { SETTINGS, until } from "../images/order-load.js";
import { RunningServer } from "../process/running-server.js";
import { CheckedWatch, type ToldFigures } from "./checked-watch.js";

const KILLS = 4;
const LANES = 12;
const SKUS = Array.from({ length: 30 }, (_, index) => `sku-${index}`);
const WAREHOUSES = ["north", "south"];
const CONFLATE = ["1ms", "50ms", "250ms"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-availability-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function stockUp(client: HoldfastClient): Promise<void> {
  const stocks = WAREHOUSES.flatMap((warehouseId) => SKUS.map((sku) => ({ warehouseId, sku, quantity: 1_000_000 })));
  const events = stocks.map((value, index) => ({
    source: "erp",
    sequence: index + 1,
    eventId: `e-${index}`,
    body: { case: "stockReceived" as const, value },
  }));
  for await (const answer of client.streamEvents(events)) expect(answer.reason).toBe("");
}

/** Orders all over the stocks until the server goes away; resolves with how many were acknowledged. */
async function orderUntilKilled(listen: string, name: string): Promise<number> {
  const client = new HoldfastClient(listen, { retry: { attemptsMax: 1 } });
  let acknowledged = 0;
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let order = 0; ; order++) {
      const sku = SKUS[(lane + order * 7) % SKUS.length]!;
      const warehouseId = WAREHOUSES[order % 2]!;
      const orderId = `${name}-${lane}-${order}`;
      const lines = [{ sku, quantity: 1 }];
      try {
        await client.reserve({ dealerId: "D-load", orderId, warehouseId, lines, commit: order % 3 === 0 });
      } catch (cause) {
        if (cause instanceof HoldfastError && cause.codeName === "UNAVAILABLE") return;
        throw cause;
      }
      acknowledged += 1;
    }
  });
  await Promise.all(lanes).finally(() => client.close());
  return acknowledged;
}

test(`over ${KILLS} kills under load every watcher goes on without a gap, and ends with what is read afresh`, async () => {
  const random = new SeededRandom(chosenSeed());
  const data = join(folder, "data");
  const start = (kill: number, listen?: string) =>
    RunningServer.start(data, { ...SETTINGS, HOLDFAST_WATCH_CONFLATE: CONFLATE[kill % CONFLATE.length] }, listen);
  let server = await start(0);
  const { listen } = server;
  const client = new HoldfastClient(listen);
  await stockUp(client);
  const assign = (dealerId: string, warehouseId: string) =>
    client.putDealer({ dealer: { dealerId, warehouseId, name: "" }, actor: "test", reason: "test" });
  await assign("D-stays", "north");
  await assign("D-moves", "north");
  const told: ToldFigures = new Map();
  const leaver = new CheckedWatch({ warehouseId: "north" }, told);
  const mover = new CheckedWatch({ dealerId: "D-moves" }, told);
  const steady = [
    new CheckedWatch({ warehouseId: "north" }, told),
    new CheckedWatch({ warehouseId: "south" }, told),
    new CheckedWatch({ dealerId: "D-stays" }, told),
    new CheckedWatch({ warehouseId: "south", skus: SKUS.slice(0, 3) }, told),
  ];
  const watches = [...steady, leaver, mover];
  for (const watch of watches) watch.read(client);
  await until("there were snapshots", () => watches.every(({ snapshots }) => snapshots === 1));
  for (let kill = 1; kill <= KILLS; kill++) {
    const changes = steady[0]!.changes;
    const ordering = orderUntilKilled(listen, `load-${kill}`);
    await until("changes were told", () => steady[0]!.changes > changes + 150);
    await leaver.leave();
    // He is told before the kill, or in the next process.
    await Promise.all([assign("D-moves", WAREHOUSES[kill % 2]!), sleep(random.below(100))]);
    await sleep(random.below(60));
    await server.end("SIGKILL");
    expect(await ordering).toBeGreaterThan(20);
    server = await start(kill, listen);
    await client.getSourceStatus({ source: "erp" });
    leaver.read(client);
    await sleep(random.below(200));
  }
  for (const watch of watches) await expectExact(watch, client, random.seed);
  for (const watch of watches) await watch.leave();
  expect(watches.flatMap(({ wrong }) => wrong)).toEqual([]);
  // Cursors are good in every process: nobody was told a second snapshot but who moved, once for each move at most.
  for (const { snapshots, resets } of [...steady, leaver]) expect([snapshots, resets]).toEqual([1, []]);
  for (const { disconnects } of steady) expect(disconnects).toBeGreaterThanOrEqual(KILLS);
  expect(mover.resets.length).toBeGreaterThan(0);
  expect(new Set(mover.resets)).toEqual(new Set(["WAREHOUSE_REASSIGNED"]));
  expect(new Set([...mover.stocks.values()].map(({ warehouseId }) => warehouseId))).toEqual(
    new Set([WAREHOUSES[KILLS % 2]]),
  );
  client.close();
  await server.end("SIGTERM");
}, 60_000);

/** Nothing orders any more: soon it knows what a fresh read says. */
async function expectExact(watch: CheckedWatch, client: HoldfastClient, seed: number): Promise<void> {
  let differs: string | undefined;
  for (let tries = 0; tries < 100; tries++) {
    differs = await watch.differs(client);
    if (differs === undefined) return;
    await sleep(50);
  }
  throw new Error(`seed ${seed}: ${JSON.stringify(watch.watched)} ends with another figure: ${differs}`);
}
