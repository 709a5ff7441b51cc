/** SIGTERM under load: nothing that was taken goes unanswered, nothing that was answered is lost, and nothing else was done. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HoldfastClient, HoldfastError, type ReserveResponse } from "../../../src/client/index.js";
import { RunningServer } from "./running-server.js";

/** A retry within the client would hide what the stop left open. */
const ONE_TRY = { retry: { attemptsMax: 1 } };
const CALLERS = 32;
const STREAMS = 4;
const IN_FLIGHT_OF_STREAM = 64;
const ACKNOWLEDGED_BEFORE = 500;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-stop-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Orders of one unit, each of its own request, by unary calls and on streams, until the server takes no more. */
class Load {
  readonly acknowledged = new Set<string>();
  readonly refusals = new Set<string>();
  readonly #client: HoldfastClient;

  constructor(client: HoldfastClient) {
    this.#client = client;
  }

  async run(): Promise<void> {
    const unary = Array.from({ length: CALLERS }, (_, caller) =>
      this.#callUntilRefused(`unary-${caller}`, (order) => this.#client.reserve(order, { deadlineMs: 20_000 })),
    );
    const streamed = Array.from({ length: STREAMS }, (_, number) => {
      const stream = this.#client.openReserveStream({ inFlightMax: IN_FLIGHT_OF_STREAM });
      const callers = Array.from({ length: IN_FLIGHT_OF_STREAM }, (_, caller) =>
        this.#callUntilRefused(`stream-${number}-${caller}`, (order) => stream.reserve(order)),
      );
      return Promise.all(callers);
    });
    await Promise.all([...unary, ...streamed]);
  }

  async #callUntilRefused(name: string, reserve: (order: ReturnType<typeof orderOf>) => Promise<ReserveResponse>) {
    for (let number = 0; ; number++) {
      try {
        const { reservation } = await reserve(orderOf(`${name}-${number}`));
        this.acknowledged.add(reservation!.reservationId);
      } catch (cause) {
        if (!(cause instanceof HoldfastError)) throw cause;
        this.refusals.add(cause.codeName);
        return;
      }
    }
  }
}

function orderOf(orderId: string) {
  return { requestId: orderId, dealerId: "D", orderId, warehouseId: "W", lines: [{ sku: "A", quantity: 1 }] };
}

async function stockUp(client: HoldfastClient): Promise<void> {
  const body = { case: "stockReceived" as const, value: { warehouseId: "W", sku: "A", quantity: 10_000_000 } };
  for await (const { reason } of client.streamEvents([{ source: "erp", sequence: 1, eventId: "e1", body }])) {
    expect(reason).toBe("");
  }
}

async function everyReservation(client: HoldfastClient): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let pageToken = "";
  do {
    const page = await client.listReservations({ dealerId: "D", pageSize: 1_000, pageToken });
    for (const { reservationId } of page.reservations) ids.add(reservationId);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return ids;
}

test("SIGTERM under load answers what was taken, exits 0 in time, and a start finds exactly what was answered, without replay", async () => {
  let server = await RunningServer.start(folder);
  let client = new HoldfastClient(server.listen, ONE_TRY);
  await stockUp(client);
  const load = new Load(client);
  const loading = load.run();
  while (load.acknowledged.size < ACKNOWLEDGED_BEFORE) await sleep(10);
  const askedAtMs = performance.now();
  const before = load.acknowledged.size;
  expect(await server.end("SIGTERM")).toBe(0);
  expect(performance.now() - askedAtMs).toBeLessThan(10_000);
  await loading;
  client.close();
  expect([...load.refusals]).toEqual(["UNAVAILABLE"]);
  expect(load.acknowledged.size, "calls were under way").toBeGreaterThan(before);
  server = await RunningServer.start(folder);
  expect(server.logged("recovery done")).toMatchObject({ replayedRecords: 0 });
  client = new HoldfastClient(server.listen, ONE_TRY);
  expect(await everyReservation(client)).toEqual(load.acknowledged);
  const [figures] = (await client.getAvailability({ warehouseId: "W", skus: ["A"] })).availability;
  expect(figures!.reserved).toBe(BigInt(load.acknowledged.size));
  client.close();
  expect(await server.end("SIGTERM")).toBe(0);
});
