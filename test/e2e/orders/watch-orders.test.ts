/**
 * WatchOrders on the real process: a consumer that keeps its cursor misses nothing across kill -9, is told where to go on when the journal
 * was cut or the data folder is a restored backup, and those that do not read harm nobody.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HoldfastClient } from "../../../src/client/index.js";
import { WatchOrdersRequestSchema } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { type OrderEvent, OrderEventType } from "../../../src/gen/holdfast/v1/order_event_pb.js";
import { UnreadStream } from "../../api/edge/unread-stream.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { SETTINGS, until } from "../images/order-load.js";
import { RunningServer } from "../process/running-server.js";
import { CommitLoad, stockUp } from "./commit-load.js";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
const KILLS = 5;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-orders-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A consumer that keeps what it is told and the cursor of it, and goes away with its connection. */
class Consumer {
  readonly events: OrderEvent[] = [];
  cursor = "";
  #stop = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  read(listen: string): void {
    this.#stop = new AbortController();
    const client = new HoldfastClient(listen);
    const watch = client.watchOrders({
      source: "erp",
      cursor: this.cursor,
      fromOldest: true,
      signal: this.#stop.signal,
    });
    this.#reading = (async () => {
      for await (const { event, cursor } of watch) {
        if (event !== undefined) this.events.push(event);
        this.cursor = cursor;
      }
      client.close();
    })();
  }

  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }
}

/** All that is told from a place on; it is over when nothing has come for a while. */
async function readAll(listen: string, cursor = ""): Promise<readonly OrderEvent[]> {
  const consumer = new Consumer();
  consumer.cursor = cursor;
  consumer.read(listen);
  let seen = -1;
  while (consumer.events.length !== seen) {
    seen = consumer.events.length;
    await sleep(700);
  }
  await consumer.leave();
  return consumer.events;
}

test(`over ${KILLS} kills under load a consumer misses nothing, and every reader is told the same under the same ids`, async () => {
  const random = new SeededRandom(chosenSeed());
  const data = join(folder, "killed");
  const consumer = new Consumer();
  const acknowledged = new Set<string>();
  let server = await RunningServer.start(data, SETTINGS);
  await stockUp(server.listen);
  for (let kill = 1; kill <= KILLS; kill++) {
    consumer.read(server.listen);
    const load = new CommitLoad(server.listen, `kill-${kill}`);
    await sleep(100 + random.below(400));
    await server.end("SIGKILL");
    await Promise.all([load.stop(), consumer.leave()]);
    expect(load.failures).toEqual([]);
    for (const id of load.acknowledged) acknowledged.add(id);
    server = await RunningServer.start(data, SETTINGS);
  }
  const all = await readAll(server.listen);
  const rest = await readAll(server.listen, consumer.cursor);
  const told = [...consumer.events, ...rest].map(({ eventId }) => eventId);
  process.stdout.write(`seed ${random.seed}: ${told.length} events, ${acknowledged.size} acknowledged orders\n`);
  // As the cursor was kept with each message, at least once is once.
  expect(told).toEqual(all.map(({ eventId }) => eventId));
  expect(new Set(told).size).toBe(told.length);
  expect([...consumer.events, ...rest]).toEqual(all);
  expect(all.every(({ type, revision }) => type === OrderEventType.COMMITTED && revision === 1n)).toBe(true);
  const committed = new Set(all.map(({ reservationId }) => reservationId));
  expect([...acknowledged].filter((id) => !committed.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(100);
  await server.end("SIGTERM");
}, 120_000);

describe("a consumer that was away for long", () => {
  let server: RunningServer;
  let early: string;

  beforeAll(async () => {
    server = await RunningServer.start(join(folder, "cut"), SETTINGS);
    await stockUp(server.listen);
    const load = new CommitLoad(server.listen, "first");
    const consumer = new Consumer();
    consumer.read(server.listen);
    await until("there was a cursor", () => consumer.cursor !== "");
    await consumer.leave();
    early = consumer.cursor;
    await until("the journal was shortened", () => server.logged("journal shortened") !== undefined);
    await load.stop();
  }, 120_000);
  afterAll(() => server.end("SIGKILL"));

  test("is refused its cursor with the oldest one, from which all comes that is kept", async () => {
    const client = new HoldfastClient(server.listen);
    const refused = client.watchOrders({ source: "erp", cursor: early }).next();
    const error = await refused.then(
      () => expect.unreachable("the cursor was taken"),
      (thrown) => thrown as { metadata: Record<string, string> },
    );
    expect(error).toMatchObject({ reason: "CURSOR_TOO_OLD", codeName: "OUT_OF_RANGE" });
    client.close();
    const kept = await readAll(server.listen);
    expect(kept.length).toBeGreaterThan(1_000);
    expect(await readAll(server.listen, error.metadata.oldest_cursor)).toEqual(kept);
  }, 60_000);

  test("is refused it by a restored backup, also where the journal has the place still", async () => {
    const before = new Consumer();
    before.read(server.listen);
    await until("there was a cursor", () => before.cursor !== "");
    await before.leave();
    const client = new HoldfastClient(server.listen);
    await client.backup({ directory: join(folder, "backup") }, { deadlineMs: 60_000 });
    client.close();
    const data = join(folder, "restored");
    await promisify(execFile)(process.execPath, [MAIN, "restore", "--from", join(folder, "backup"), "--data", data]);
    const restored = await RunningServer.start(data, SETTINGS);
    const other = new HoldfastClient(restored.listen);
    await expect(other.watchOrders({ source: "erp", cursor: before.cursor }).next()).rejects.toMatchObject({
      reason: "CURSOR_TOO_OLD",
      metadata: { oldest_cursor: expect.any(String) },
    });
    other.close();
    await restored.end("SIGKILL");
  }, 60_000);
});

test("consumers that never read cost the server little, and another is told all meanwhile", async () => {
  const server = await RunningServer.start(join(folder, "unread"), SETTINGS);
  await stockUp(server.listen);
  const request = toBinary(
    WatchOrdersRequestSchema,
    create(WatchOrdersRequestSchema, { source: "erp", fromOldest: true }),
  );
  const unread = Array.from({ length: 100 }, () => {
    const stream = new UnreadStream(server.listen, "/holdfast.v1.ErpService/WatchOrders");
    stream.send(request);
    stream.halfClose();
    return stream;
  });
  await Promise.all(unread.map(({ begun }) => begun));
  const consumer = new Consumer();
  consumer.read(server.listen);
  const warmUp = new CommitLoad(server.listen, "warm");
  await until("there were some", () => warmUp.acknowledged.size > 3_000);
  await warmUp.stop();
  const before = await residentBytes(server.pid);
  const load = new CommitLoad(server.listen, "load");
  await until("there were many", () => load.acknowledged.size > 12_000);
  await load.stop();
  expect(load.failures).toEqual([]);
  const expected = load.acknowledged.size + warmUp.acknowledged.size;
  await until("the reader was told", () => consumer.events.length === expected);
  const grownMb = ((await residentBytes(server.pid)) - before) / 1e6;
  process.stdout.write(`${expected} events to 100 consumers that do not read: ${Math.round(grownMb)} MB more\n`);
  // All of it for each would be more than 400 MB of bytes alone; most of this is what any load leaves behind.
  expect(grownMb).toBeLessThan(250);
  await consumer.leave();
  for (const stream of unread) stream.close();
  expect(await server.end("SIGTERM")).toBe(0);
}, 120_000);

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}
