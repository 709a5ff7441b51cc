/** A real trytond and a real Holdfast with the real connector between them: both end with the same figures, whatever stops. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import {
  DriftAction,
  FreshnessState,
  HoldfastClient,
  ReservationState,
  ReserveOutcome,
} from "../../../src/client/index.js";
import { RunningServer } from "../process/running-server.js";
import { RunningConnector } from "./running-connector.js";
import { provideTryton, RunningTryton, type Works } from "./running-tryton.js";

const missing = await provideTryton();
if (missing !== undefined) process.stderr.write(`SKIPPED: Holdfast with a real Tryton; ${missing}\n`);
const SKUS = ["bolt", "nut", "washer"];
const DEALERS = ["d-1", "d-2"];
const SETUP_MS = 180_000;

let folder = "";
let tryton: RunningTryton;
let works: Works;
let server: RunningServer;
let client: HoldfastClient;
let connector: RunningConnector;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 45_000; Date.now() < deadline; await sleep(50)) if (await isSo()) return;
  throw new Error(`not in time: ${what}\n${connector.said.slice(-3_000)}`);
}

async function connect(...flags: string[]): Promise<RunningConnector> {
  const file = join(folder, "connect.yaml");
  const settings = {
    server: server.listen,
    source: "tryton",
    state: join(folder, "state"),
    heartbeat: "200ms",
    poll: { fastest: "20ms", slowest: "200ms" },
    erp: { requestsPerSecondMax: 500, timeout: "5s", breakFor: "500ms", attemptsMax: 2 },
    tryton: { url: tryton.url, database: "erp", user: "admin", overlap: "10s" },
    log: { format: "json", level: "debug" },
  };
  await writeFile(file, stringify(settings));
  return new RunningConnector(file, { TRYTON_PASSWORD: tryton.password }, ...flags);
}

async function onHandHere(): Promise<Record<string, bigint>> {
  const { availability } = await client.getAvailability({ warehouseId: "WH" });
  const sorted = [...availability].sort((one, other) => (one.sku < other.sku ? -1 : 1));
  return Object.fromEntries(sorted.map(({ sku, onHand }) => [sku, onHand]));
}

async function order(number: number): Promise<string> {
  const { outcome, reservation } = await client.reserve({
    dealerId: DEALERS[number % 2]!,
    orderId: `order-${number}`,
    warehouseId: "WH",
    lines: SKUS.slice(0, 1 + (number % 3)).map((sku) => ({ sku, quantity: 1 + number })),
    commit: true,
  });
  expect(outcome).toBe(ReserveOutcome.RESERVED);
  return reservation!.reservationId;
}

async function stateOf(reservationId: string, number: number): Promise<ReservationState> {
  const { reservation } = await client.getReservation({ reservationId, dealerId: DEALERS[number % 2]! });
  return reservation!.state;
}

/** Ships what waits, as people in the warehouse do; each once. */
async function shipAll(): Promise<void> {
  for (const { id, state } of await tryton.shipments()) if (state === "waiting") await tryton.ship(works, id);
}

describe.skipIf(missing !== undefined)(`Tryton${missing === undefined ? "" : ` (SKIPPED: ${missing})`}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-tryton-"));
    tryton = await RunningTryton.install(join(folder, "tryton"));
    works = await tryton.setUp(SKUS, DEALERS);
    const settings = { HOLDFAST_FRESHNESS_LAGGING_AFTER: "1s", HOLDFAST_FRESHNESS_STALE_AFTER: "1h" };
    server = await RunningServer.start(join(folder, "data"), settings);
    client = new HoldfastClient(server.listen);
    connector = await connect();
  }, SETUP_MS);

  afterAll(async () => {
    client?.close();
    await connector?.end("SIGKILL");
    await server?.end("SIGKILL");
    await tryton?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  test("both sides end equal though trytond, then the connector, are killed in the middle", async () => {
    for (const sku of SKUS) await tryton.move(works, { sku, quantity: 100, from: "supplier", to: "storage" });
    await until("the goods are here", async () => {
      // The warehouse is known with its first event.
      const here = await onHandHere().catch(() => undefined);
      return here?.washer === 100n;
    });
    const orders = [await order(0), await order(1), await order(2)];
    await until("orders are shipments", async () => (await tryton.shipments()).length === 3);
    await until("they wait", async () => (await tryton.shipments()).every(({ state }) => state === "waiting"));
    await tryton.ship(works, (await tryton.shipments())[0]!.id);
    await until("what left is fulfilled", async () => (await stateOf(orders[0]!, 0)) === ReservationState.FULFILLED);

    await tryton.move(works, { sku: "nut", quantity: 7, from: "storage", to: "lost" });
    await tryton.kill();
    orders.push(await order(3), await order(4));
    await until("its silence shows", async () => {
      const { freshness } = await client.getAvailability({ warehouseId: "WH" });
      return freshness?.state === FreshnessState.LAGGING;
    });
    await tryton.start();
    await tryton.move(works, { sku: "nut", quantity: 20, from: "supplier", to: "storage" });
    await until("orders made meanwhile are shipments", async () => (await tryton.shipments()).length === 5);

    await connector.end("SIGKILL");
    await tryton.move(works, { sku: "bolt", quantity: 3, from: "lost", to: "storage" });
    await tryton.move(works, { sku: "washer", quantity: 2, from: "customer", to: "storage" });
    await tryton.move(works, { sku: "washer", quantity: 5, from: "storage", to: "output" });
    orders.push(await order(5));
    connector = await connect();
    await until("the last order is a shipment", async () => (await tryton.shipments()).length === 6);
    await until("all wait or are done", async () =>
      (await tryton.shipments()).every(({ state }) => state === "waiting" || state === "done"),
    );
    await shipAll();
    await until("every order is fulfilled", async () => {
      const states = await Promise.all(orders.map(stateOf));
      return states.every((state) => state === ReservationState.FULFILLED);
    });

    const truth = await tryton.onHand(works);
    await until("the figures are equal", async () => sameFigures(await onHandHere(), truth));
    // bolt: 100 + 3 - (1+2+3+4+5+6); nut: 100 - 7 + 20 - (2+3+5+6); washer: 100 + 2 - (3+6).
    expect(await onHandHere()).toEqual({ bolt: 82n, nut: 97n, washer: 93n });
    expect(truth).toEqual({ bolt: 82n, nut: 97n, washer: 93n });
    const { availability } = await client.getAvailability({ warehouseId: "WH" });
    expect(availability.map(({ committed }) => committed)).toEqual([0n, 0n, 0n]);
    const references = (await tryton.shipments()).map(({ reference }) => reference);
    expect(references.sort()).toEqual(orders.map((id) => `holdfast:${id}`).sort());
    // Three openings, one lost, one bought, one found, one returned, and a dispatch for each line of the six orders.
    const { appliedSequence } = await client.getSourceStatus({ source: "tryton" });
    expect(appliedSequence).toBe(BigInt(3 + 4 + 12));
    expect(connector.said).not.toContain(tryton.password);
    expect(await connector.end("SIGTERM")).toBe(0);
  }, 180_000);

  test("an order that is released is taken out of its shipment, and a second connector on the same state is refused", async () => {
    connector = await connect();
    const kept = await order(2);
    const shipmentOf = async (id: string) =>
      (await tryton.shipments()).find(({ reference }) => reference === `holdfast:${id}`);
    await until("it is a shipment", async () => (await shipmentOf(kept))?.state === "waiting");
    const second = await connect();
    await until("the second gives up", async () => !second.isRunning);
    expect(second.said).toMatch(/another connector \(process \d+\) works on/);
    await client.release({ reservationId: kept, dealerId: DEALERS[0]!, lines: [{ sku: "bolt", quantity: 2 }] });
    const shipment = await shipmentOf(kept);
    const quantities = async () => {
      const domain = [
        ["shipment", "=", `stock.shipment.out,${shipment!.id}`],
        ["to_location", "=", works.places.customer],
      ];
      const rows = await tryton.call<{ quantity: number }[]>("stock.move.search_read", [
        domain,
        0,
        null,
        [["product", "ASC"]],
        ["quantity"],
      ]);
      return rows.map(({ quantity }) => quantity).join();
    };
    await until("the shipment is smaller", async () => (await quantities()) === "1,3,3");
    await until("and waits again", async () => (await shipmentOf(kept))?.state === "waiting");
    await client.release({ reservationId: kept, dealerId: DEALERS[0]! });
    await until("the shipment is cancelled", async () => (await shipmentOf(kept))?.state === "cancelled");
    expect(await connector.end("SIGTERM")).toBe(0);
  }, 120_000);

  test("positions that are read while goods move show no drift, and heal what a lost state has left out", async () => {
    connector = await connect();
    const policy = {
      warehouseId: "WH",
      driftThresholdUnits: 0n,
      driftThresholdPercent: 0,
      driftAction: DriftAction.HEAL,
    };
    await client.putPolicy({ policy });
    const moving = (async () => {
      for (let turn = 0; turn < 10; turn++) {
        await tryton.move(works, { sku: SKUS[turn % 3]!, quantity: 1, from: "supplier", to: "storage" });
      }
    })();
    const { runId } = await client.requestPositions({ source: "tryton", full: true });
    await moving;
    const runOf = async (name: string) => {
      const { runs } = await client.listDriftRuns({ source: "tryton" });
      return runs.find((run) => run.runId === name && run.endTime !== undefined);
    };
    await until("the run is over", async () => (await runOf(runId)) !== undefined);
    expect(await runOf(runId)).toMatchObject({ compared: 3n, drifted: 0n, deferred: 0n, missingThere: 0n });

    await connector.end("SIGKILL");
    await rm(join(folder, "state"), { recursive: true });
    await tryton.move(works, { sku: "nut", quantity: 11, from: "supplier", to: "storage" });
    const lost = await connect();
    await until("a connector without its state gives up", async () => !lost.isRunning);
    expect(lost.said).toMatch(/the state is missing or old/);
    connector = await connect("--take-over");
    await until("the figures are healed", async () => sameFigures(await onHandHere(), await tryton.onHand(works)));
    await tryton.move(works, { sku: "washer", quantity: 4, from: "supplier", to: "storage" });
    await until("it goes on", async () => sameFigures(await onHandHere(), await tryton.onHand(works)));
    const { runs } = await client.listDriftRuns({ source: "tryton" });
    const takenOver = runs.find((run) => run.runId.startsWith("take-over-"));
    expect(takenOver).toMatchObject({ compared: 3n, drifted: 1n, healed: 1n });
  }, 120_000);
});

function sameFigures(one: Record<string, bigint>, other: Record<string, bigint>): boolean {
  return SKUS.every((sku) => one[sku] === other[sku]);
}
