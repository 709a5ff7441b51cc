/** The process from outside: what it refuses to start with, how it stops, and what it finds again. */
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { durationFromMs, HoldfastClient, HoldfastError, ReservationState } from "../../../src/client/index.js";
import { RunningServer, runServe } from "./running-server.js";

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

describe("a bad setting ends the start with 2 and says what is allowed", () => {
  test.each<[string, NodeJS.ProcessEnv, readonly string[], RegExp]>([
    ["an unknown variable", { HOLDFAST_LISTN: "x" }, [], /HOLDFAST_LISTN.*no such key.*HOLDFAST_LISTEN/s],
    ["a bad value", { HOLDFAST_SHUTDOWN_GRACE: "soon" }, [], /HOLDFAST_SHUTDOWN_GRACE.*'soon'.*duration/s],
    ["a bad flag value", {}, ["--listen", "nowhere"], /listen.*'nowhere'.*HOST:PORT/s],
    ["an unknown flag", {}, ["--prot", "7420"], /unknown option '--prot'/],
    ["a file that is not there", {}, ["--config", "/nowhere/at/all.yaml"], /all\.yaml/],
  ])("%s", async (_, env, flags, message) => {
    const { code, said } = await runServe(["--data", folder, ...flags], env);
    expect(said).toMatch(message);
    expect(code).toBe(2);
  });

  test("an unknown key of the file", async () => {
    const file = join(folder, "holdfast.yaml");
    await writeFile(file, "journal:\n  segmentBites: 1MiB\n");
    const { code, said } = await runServe(["--data", folder, "--config", file]);
    expect(said).toMatch(/journal\.segmentBites.*segmentBytes/s);
    expect(code).toBe(2);
  });
});

describe("a start that cannot be", () => {
  test("on a folder that another process serves names that process, by whatever path", async () => {
    const first = await RunningServer.start(join(folder, "data"));
    await symlink(join(folder, "data"), join(folder, "link"));
    const pid = (await readFile(join(folder, "data", "holdfast.pid"), "utf8")).trim();
    for (const path of ["data", "link"]) {
      const { code, said } = await runServe(["--listen", "127.0.0.1:0", "--data", join(folder, path)]);
      expect(said).toContain(pid);
      expect(code).toBe(1);
    }
    const client = new HoldfastClient(first.listen, ONE_TRY);
    await stocked(client, 1);
    client.close();
    expect(await first.end("SIGTERM")).toBe(0);
  });

  test("on a port that is taken says so, and leaves the folder free", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const { code, said } = await runServe(["--listen", `127.0.0.1:${port}`, "--data", folder]);
    taken.close();
    expect(said).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}`));
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
    const { code, said } = await runServe(["--listen", "127.0.0.1:0", "--data", folder]);
    expect(said).toMatch(/FORMAT has format 42; this version reads up to 1/);
    expect(code).toBe(1);
  });
});

describe("SIGTERM under load", () => {
  test("finishes what was taken, exits 0 in time, and a start finds all of it without replay", async () => {
    let server = await RunningServer.start(folder);
    let client = new HoldfastClient(server.listen, ONE_TRY);
    await stocked(client, 1_000_000);
    const acknowledged: string[] = [];
    const refusedBecause = new Set<string>();
    const work = async (worker: number) => {
      for (let number = 0; ; number++) {
        const orderId = `${worker}-${number}`;
        try {
          const order = { requestId: orderId, dealerId: "D", orderId, warehouseId: "W", lines: LINES };
          acknowledged.push((await client.reserve(order, { deadlineMs: 20_000 })).reservation!.reservationId);
        } catch (cause) {
          if (!(cause instanceof HoldfastError)) throw cause;
          refusedBecause.add(cause.codeName);
          return;
        }
      }
    };
    const workers = Array.from({ length: 32 }, (_, worker) => work(worker));
    while (acknowledged.length < 100) await sleep(20);
    const asked = performance.now();
    expect(await server.end("SIGTERM")).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    await Promise.all(workers);
    client.close();
    expect([...refusedBecause]).toEqual(["UNAVAILABLE"]);
    server = await RunningServer.start(folder);
    client = new HoldfastClient(server.listen, ONE_TRY);
    expect(acknowledged.length).toBeGreaterThanOrEqual(100);
    const [figures] = (await client.getAvailability({ warehouseId: "W", skus: ["A"] })).availability;
    expect(Number(figures!.reserved)).toBeGreaterThanOrEqual(acknowledged.length);
    for (const reservationId of acknowledged) {
      const { reservation } = await client.getReservation({ dealerId: "D", reservationId });
      expect(reservation!.state).toBe(ReservationState.PENDING);
    }
    expect(server.logged("recovery done")).toMatchObject({ replayedRecords: 0 });
    client.close();
    expect(await server.end("SIGTERM")).toBe(0);
  });
});

test("a hold that falls due while the process is down is over when it is back, and its units are free", async () => {
  let server = await RunningServer.start(folder);
  let client = new HoldfastClient(server.listen, ONE_TRY);
  await stocked(client, 1);
  const order = { dealerId: "D", orderId: "O", warehouseId: "W", lines: LINES };
  const { reservation } = await client.reserve({ ...order, holdDuration: durationFromMs(1_500) });
  expect(reservation!.state).toBe(ReservationState.PENDING);
  client.close();
  await server.end("SIGKILL");
  await sleep(1_600);
  server = await RunningServer.start(folder);
  client = new HoldfastClient(server.listen, ONE_TRY);
  const found = await client.getReservation({ dealerId: "D", reservationId: reservation!.reservationId });
  expect(found.reservation!.state).toBe(ReservationState.EXPIRED);
  const again = await client.reserve({ ...order, commit: true });
  expect(again.reservation!.state).toBe(ReservationState.COMMITTED);
  client.close();
  expect(await server.end("SIGTERM")).toBe(0);
});
