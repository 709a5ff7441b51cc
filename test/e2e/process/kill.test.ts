import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HoldfastClient, ReservationState } from "../../../src/client/index.js";
import { RunningServer } from "./running-server.js";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
const KILLS = 20;
const DEALERS = 4;
const SKUS = 10;
/** What a killed server leaves open is resolved by the test itself, with the same request_id. */
const ONE_TRY = { retry: { attemptsMax: 1 } };

interface Asked {
  readonly requestId: string;
  readonly dealerId: string;
  readonly sku: string;
  readonly quantity: number;
}

interface Known extends Asked {
  readonly reservationId: string;
  isCommitted: boolean;
}

describe("a server that is killed under load", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-kill-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(`has everything that it acknowledged, and resolves the rest, after each of ${KILLS} kills`, async () => {
    const known = new Map<string, Known>();
    let unresolved: Asked[] = [];
    let asked = 0;
    let server = await RunningServer.start(folder);
    let client = new HoldfastClient(server.listen, ONE_TRY);
    for await (const answer of client.streamEvents(receipts())) expect(answer.disposition).toBe(1);

    const work = async (dealerId: string, isOver: () => boolean) => {
      while (!isOver()) {
        const number = asked++;
        const order = { requestId: `r${number}`, dealerId, sku: `S${number % SKUS}`, quantity: 1 + (number % 5) };
        try {
          const reservationId = await reserve(client, order);
          const entry = { ...order, reservationId, isCommitted: false };
          known.set(order.requestId, entry);
          if (number % 3 !== 0) continue;
          await client.commit({ requestId: `c${number}`, dealerId, reservationId }, { deadlineMs: 1_000 });
          entry.isCommitted = true;
        } catch {
          if (!known.has(order.requestId)) unresolved.push(order);
          return;
        }
      }
    };

    for (let kill = 0; kill < KILLS; kill++) {
      let isOver = false;
      const workers = Array.from({ length: DEALERS }, (_, index) => work(`D${index}`, () => isOver));
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 250));
      await server.end("SIGKILL");
      isOver = true;
      await Promise.all(workers);
      client.close();
      server = await RunningServer.start(folder);
      client = new HoldfastClient(server.listen, ONE_TRY);
      for (const order of unresolved) {
        known.set(order.requestId, { ...order, reservationId: await reserve(client, order), isCommitted: false });
      }
      unresolved = [];
      await assertAllThere(client, known);
    }
    expect(known.size).toBeGreaterThan(KILLS);
    client.close();
    expect(await server.end("SIGTERM")).toBe(0);
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "verify", "--data", folder, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, reservations: known.size, stocks: SKUS });
  }, 120_000);
});

function* receipts() {
  for (let index = 0; index < SKUS; index++) {
    const value = { warehouseId: "W", sku: `S${index}`, quantity: 1_000_000 };
    const body = { case: "stockReceived" as const, value };
    yield { source: "erp", sequence: index + 1, eventId: `e${index}`, body };
  }
}

async function reserve(client: HoldfastClient, { requestId, dealerId, sku, quantity }: Asked): Promise<string> {
  const lines = [{ sku, quantity }];
  const answer = await client.reserve(
    { requestId, dealerId, orderId: requestId, warehouseId: "W", lines },
    { deadlineMs: 5_000 },
  );
  return answer.reservation!.reservationId;
}

/** Every reservation is there once, in the state that was acknowledged or later, and the counters are their sums. */
async function assertAllThere(client: HoldfastClient, known: ReadonlyMap<string, Known>): Promise<void> {
  const units = new Map<string, number>();
  const found = new Set<string>();
  for (let index = 0; index < DEALERS; index++) {
    let pageToken = "";
    do {
      const page = await client.listReservations({ dealerId: `D${index}`, pageSize: 1_000, pageToken });
      for (const reservation of page.reservations) {
        const entry = known.get(reservation.orderId)!;
        expect(reservation.reservationId).toBe(entry.reservationId);
        expect(reservation.lines.map(({ sku, requested }) => [sku, Number(requested)])).toEqual([
          [entry.sku, entry.quantity],
        ]);
        if (entry.isCommitted) expect(reservation.state).toBe(ReservationState.COMMITTED);
        found.add(reservation.orderId);
        units.set(entry.sku, (units.get(entry.sku) ?? 0) + entry.quantity);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }
  expect(found.size).toBe(known.size);
  const { availability } = await client.getAvailability({ warehouseId: "W" });
  for (const { sku, onHand, reserved, committed } of availability) {
    expect([sku, Number(onHand), Number(reserved + committed)]).toEqual([sku, 1_000_000, units.get(sku) ?? 0]);
  }
}
