/**
 * Dealers' notifications on the real process: the client's iterator goes on over kill -9 by itself, and each dealer is told all that became
 * of his orders, once, as long as his cursor is good, and where to go on when it is not.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HoldfastClient, type HoldfastError } from "../../../src/client/index.js";
import { type OrderEvent, OrderEventType } from "../../../src/gen/holdfast/v1/order_event_pb.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { SETTINGS, until } from "../images/order-load.js";
import { RunningServer } from "../process/running-server.js";
import { CommitLoad, stockUp, WAREHOUSE } from "./commit-load.js";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
const KILLS = 4;
const BACKOFF = { backoffMinMs: 20, backoffMaxMs: 100 };
const DEALERS = ["dealer-load-0", "dealer-load-7", "dealer-load-15", "dealer-who-never-orders"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-dealers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Reads a dealer's orders from the oldest on, for as long as it takes. */
class Dealer {
  readonly events: OrderEvent[] = [];
  cursor = "";
  disconnects = 0;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  constructor(
    client: HoldfastClient,
    readonly dealerId: string,
    cursor?: string,
  ) {
    const onDisconnect = (): void => {
      this.disconnects += 1;
    };
    const { signal } = this.#stop;
    const watch = client.watchOrders({ dealerId, cursor, fromOldest: true, signal, backoff: BACKOFF, onDisconnect });
    this.#reading = (async () => {
      for await (const { event, cursor: next } of watch) {
        if (event !== undefined) this.events.push(event);
        this.cursor = next;
      }
    })();
  }

  /** Rejects where the watch did. */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  get ids(): readonly string[] {
    return this.events.map(({ eventId }) => eventId);
  }
}

test(`over ${KILLS} kills under load each dealer is told all of his orders once, by one iterator`, async () => {
  const random = new SeededRandom(chosenSeed());
  const data = join(folder, "killed");
  let server = await RunningServer.start(data, SETTINGS);
  const { listen } = server;
  await stockUp(listen);
  const client = new HoldfastClient(listen);
  const dealers = DEALERS.map((dealerId) => new Dealer(client, dealerId));
  const acknowledged = new Set<string>();
  for (let kill = 1; kill <= KILLS; kill++) {
    const load = new CommitLoad(listen, "load");
    await until("orders were taken", () => load.acknowledged.size > 50);
    await sleep(random.below(300));
    await server.end("SIGKILL");
    await load.stop();
    expect(load.failures).toEqual([]);
    for (const id of load.acknowledged) acknowledged.add(id);
    server = await RunningServer.start(data, SETTINGS, listen);
    // The next load does not try twice: the connection has to be there again.
    await client.getSourceStatus({ source: "erp" });
  }
  const everything = new Dealer(client, "dealer-load-0");
  const bySource = await readSource(client);
  for (const dealer of dealers) {
    const own = bySource.filter(({ dealerId }) => dealerId === dealer.dealerId);
    await until(`${dealer.dealerId} was told`, () => dealer.events.length >= own.length);
    await dealer.leave();
    expect(dealer.events, `seed ${random.seed}`).toEqual(own);
    expect(new Set(dealer.ids).size).toBe(dealer.ids.length);
    expect(dealer.disconnects).toBeGreaterThanOrEqual(KILLS);
  }
  await until("a new reader was told", () => everything.events.length >= dealers[0]!.events.length);
  await everything.leave();
  expect(everything.events).toEqual(dealers[0]!.events);
  const told = new Set(bySource.map(({ reservationId }) => reservationId));
  expect([...acknowledged].filter((id) => !told.has(id))).toEqual([]);
  expect(dealers.map(({ events }) => events.length > 0)).toEqual([true, true, true, false]);
  client.close();
  await server.end("SIGTERM");
}, 120_000);

/** All that became of any order. It is over when nothing has come for a while. */
async function readSource(client: HoldfastClient): Promise<readonly OrderEvent[]> {
  const stop = new AbortController();
  const events: OrderEvent[] = [];
  const watch = client.watchOrders({ source: "erp", fromOldest: true, signal: stop.signal });
  const reading = (async () => {
    for await (const { event } of watch) if (event !== undefined) events.push(event);
  })();
  for (let seen = -1; seen !== events.length; ) {
    seen = events.length;
    await sleep(700);
  }
  stop.abort();
  await reading;
  return events;
}

describe("a dealer who watches", () => {
  test("is told to send an order again whose hold fell due while the server was killed", async () => {
    const data = join(folder, "expired");
    const server = await RunningServer.start(data, SETTINGS);
    const { listen } = server;
    await stockUp(listen);
    const client = new HoldfastClient(listen);
    const dealer = new Dealer(client, "D1");
    await until("there was a cursor", () => dealer.cursor !== "");
    const lines = [{ sku: "sku-1", quantity: 3 }];
    const holdDuration = { seconds: 0, nanos: 200_000_000 };
    const order = { orderId: "O1", warehouseId: WAREHOUSE, lines, holdDuration };
    await client.reserve({ dealerId: "D2", ...order });
    const { reservation } = await client.reserve({ dealerId: "D1", ...order });
    await server.end("SIGKILL");
    await sleep(250);
    const again = await RunningServer.start(data, SETTINGS, listen);
    await until("he was told", () => dealer.events.length >= 2);
    await dealer.leave();
    expect(dealer.events.map(({ type }) => OrderEventType[type])).toEqual(["EXPIRED", "RESUBMISSION_NEEDED"]);
    for (const event of dealer.events) {
      expect(event).toMatchObject({ dealerId: "D1", orderId: "O1", reservationId: reservation!.reservationId });
    }
    client.close();
    await again.end("SIGTERM");
  }, 60_000);

  test("is refused his cursor by a restored backup, with the oldest one, from which he is told all that is kept", async () => {
    const server = await RunningServer.start(join(folder, "backed-up"), SETTINGS);
    await stockUp(server.listen);
    const load = new CommitLoad(server.listen, "load");
    const client = new HoldfastClient(server.listen);
    const dealer = new Dealer(client, DEALERS[0]!);
    await until("he was told", () => dealer.events.length > 10);
    await load.stop();
    const { reservations } = await client.listReservations({ dealerId: DEALERS[0]!, pageSize: 1_000 });
    await until("he was told all", () => dealer.events.length === reservations.length);
    await client.backup({ directory: join(folder, "backup") }, { deadlineMs: 60_000 });
    await dealer.leave();
    client.close();
    const data = join(folder, "restored");
    await promisify(execFile)(process.execPath, [MAIN, "restore", "--from", join(folder, "backup"), "--data", data]);
    const restored = await RunningServer.start(data, SETTINGS);
    const other = new HoldfastClient(restored.listen);
    const refused = await other
      .watchOrders({ dealerId: DEALERS[0]!, cursor: dealer.cursor })
      .next()
      .then(
        () => expect.unreachable("the cursor was taken"),
        (thrown) => thrown as HoldfastError,
      );
    expect(refused).toMatchObject({ reason: "CURSOR_TOO_OLD", codeName: "OUT_OF_RANGE" });
    const anew = new Dealer(other, DEALERS[0]!, refused.metadata.oldest_cursor);
    await until("he was told again", () => anew.events.length >= dealer.events.length);
    await anew.leave();
    expect(anew.events).toEqual(dealer.events);
    other.close();
    await Promise.all([server.end("SIGKILL"), restored.end("SIGTERM")]);
  }, 60_000);
});
