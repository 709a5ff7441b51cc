/** The process from outside: where it refuses to start, and what is over when it is back. */
import { mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  durationFromMs,
  HoldfastClient,
  ReservationState,
  ReserveOutcome,
  timestampMs,
} from "../../../src/client/index.js";
import { RunningServer, runServe, runVerify } from "./running-server.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-process-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ONE_TRY = { retry: { attemptsMax: 1 } };
const LINES = [{ sku: "A", quantity: 1 }];

async function stocked(client: HoldfastClient, quantity: number): Promise<void> {
  const body = { case: "stockReceived" as const, value: { warehouseId: "W", sku: "A", quantity } };
  for await (const answer of client.streamEvents([{ source: "erp", sequence: 1, eventId: "e1", body }])) {
    expect(answer.disposition).toBe(1);
  }
}

describe("a start that cannot be", () => {
  test("on a folder that another process serves names that process, by whatever path, and does it no harm", async () => {
    const data = join(folder, "data");
    const first = await RunningServer.start(data);
    const client = new HoldfastClient(first.listen, ONE_TRY);
    await stocked(client, 2);
    await client.reserve({ dealerId: "D", orderId: "O1", warehouseId: "W", lines: LINES });
    await symlink(data, join(folder, "link"));
    await symlink(folder, join(folder, "parent"));
    for (const path of [data, join(folder, "link"), join(folder, "parent", "data"), join(data, "..", "data")]) {
      const { code, said } = await runServe(["--data", path]);
      expect(said).toContain(`${await realpath(data)} is in use by process ${first.pid}`);
      expect(code).toBe(1);
    }
    await client.reserve({ dealerId: "D", orderId: "O2", warehouseId: "W", lines: LINES });
    expect((await client.listReservations({ dealerId: "D" })).reservations).toHaveLength(2);
    client.close();
    expect(await first.end("SIGTERM")).toBe(0);
    expect(await runVerify(data)).toMatchObject({ code: 0 });
  });

  test("on a port that is taken says so, and leaves the folder free", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const { code, said } = await runServe(["--listen", `127.0.0.1:${port}`, "--data", folder]);
    taken.close();
    expect(said).toMatch(new RegExp(`holdfast cannot start: .*in use.* 127\\.0\\.0\\.1:${port}`));
    expect(code).toBe(1);
    const server = await RunningServer.start(folder);
    expect(await server.end("SIGTERM")).toBe(0);
  });

  test("on a journal of a newer format names both versions", async () => {
    const server = await RunningServer.start(folder);
    expect(await server.end("SIGTERM")).toBe(0);
    const path = join(folder, "logs", "0", "FORMAT");
    const format = await readFile(path);
    format.writeUInt32LE(42, 8);
    format.writeUInt32LE(crc32(format.subarray(0, 28)), 28);
    await writeFile(path, format);
    const { code, said } = await runServe(["--data", folder]);
    expect(said).toMatch(/FORMAT has format 42; this version reads up to 1/);
    expect(code).toBe(1);
  });
});

test("a hold that falls due while the process is down is over when it is back, and its units are free", async () => {
  let server = await RunningServer.start(folder);
  let client = new HoldfastClient(server.listen, ONE_TRY);
  await stocked(client, 1);
  const order = { dealerId: "D", orderId: "O", warehouseId: "W", lines: LINES };
  const { reservation } = await client.reserve({ ...order, holdDuration: durationFromMs(1_500) });
  const { reservationId } = reservation!;
  expect(reservation!.state).toBe(ReservationState.PENDING);
  expect((await client.reserve(order)).outcome).toBe(ReserveOutcome.REJECTED);
  client.close();
  await server.end("SIGKILL");
  const expiresAtMs = timestampMs(reservation!.expireTime!);
  expect(Date.now(), "the process is down before the deadline").toBeLessThan(expiresAtMs);
  while (Date.now() <= expiresAtMs) await sleep(20);
  server = await RunningServer.start(folder);
  client = new HoldfastClient(server.listen, ONE_TRY);
  const found = await client.getReservation({ dealerId: "D", reservationId });
  expect(found.reservation).toMatchObject({ state: ReservationState.EXPIRED, revision: 2n });
  expect(timestampMs(found.reservation!.updateTime!)).toBeGreaterThanOrEqual(expiresAtMs);
  await expect(client.commit({ dealerId: "D", reservationId })).rejects.toMatchObject({
    reason: "RESERVATION_EXPIRED",
  });
  const again = await client.reserve({ ...order, commit: true });
  expect(again.reservation!.state).toBe(ReservationState.COMMITTED);
  client.close();
  expect(await server.end("SIGTERM")).toBe(0);
});
