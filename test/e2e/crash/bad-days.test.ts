/** Days on which the process stands still, the disk fills up, or somebody copies the folder under its feet. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { durationFromMs, HoldfastClient, HoldfastError, ReservationState } from "../../../src/client/index.js";
import { SeededRandom } from "../../journal/seeded-random.js";
import { RunningServer } from "../process/running-server.js";
import { CrashLedger } from "./crash-ledger.js";
import { CrashLoad, DEALERS, ONE_TRY, SKUS, WAREHOUSE } from "./crash-load.js";

const run = promisify(execFile);
const PAUSE_MS = Number(process.env.HOLDFAST_TEST_PAUSE_MS ?? 2_000);
const DISK_MIB = 64;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-bad-day-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A tmpfs of its own, where this user may make one. */
async function smallDisk(path: string): Promise<boolean> {
  return run("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "holdfast-test", path]).then(
    () => true,
    () => false,
  );
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  const cause = await call.then(
    () => "answered",
    (error) => error,
  );
  return cause instanceof HoldfastError ? cause.reason : String(cause);
}

function order(number: number) {
  const lines = [{ sku: SKUS[0], quantity: 1 }];
  return { requestId: `o${number}`, dealerId: "D0", orderId: `o${number}`, warehouseId: WAREHOUSE, lines };
}

describe("a process that is stopped for a while", () => {
  test("counts the pause: a hold that fell due in it is over, and one that did not stands", async () => {
    const server = await RunningServer.start(folder);
    const client = new HoldfastClient(server.listen, ONE_TRY);
    const ledger = new CrashLedger();
    await new CrashLoad(ledger, new SeededRandom(1)).erpUpTo(client, SKUS.length);
    const hold = async (number: number, ms: number) => {
      const { reservation } = await client.reserve({ ...order(number), holdDuration: durationFromMs(ms) });
      return reservation!.reservationId;
    };
    const short = await hold(1, PAUSE_MS / 2);
    const long = await hold(2, PAUSE_MS + 60_000);
    server.signal("SIGSTOP");
    await sleep(PAUSE_MS);
    const late = client.commit({ requestId: "c1", dealerId: "D0", reservationId: short }, { deadlineMs: 20_000 });
    server.signal("SIGCONT");
    expect(await refusalOf(late)).toBe("RESERVATION_EXPIRED");
    const { reservation } = await client.getReservation({ dealerId: "D0", reservationId: long });
    expect(reservation!.state).toBe(ReservationState.PENDING);
    client.close();
    expect(await server.end("SIGTERM")).toBe(0);
  });
});

describe("a disk that fills up", () => {
  test("refuses new work before it is full, takes it again when there is room, and loses nothing", async (context) => {
    if (!(await smallDisk(folder))) return context.skip("SKIPPED: this user may not mount a tmpfs");
    try {
      const settings = { HOLDFAST_JOURNAL_SEGMENT_BYTES: "8MiB", HOLDFAST_DISK_FREE_BYTES_MIN: "8MiB" };
      const server = await RunningServer.start(join(folder, "data"), settings);
      const client = new HoldfastClient(server.listen, ONE_TRY);
      const ledger = new CrashLedger();
      await new CrashLoad(ledger, new SeededRandom(1)).erpUpTo(client, SKUS.length * 30);
      const { reservation } = await client.reserve(order(1));
      await writeFile(join(folder, "ballast"), Buffer.alloc((DISK_MIB - 16) * 1024 * 1024)).catch(() => {});
      await expect.poll(() => refusalOf(client.reserve(order(2))), { timeout: 20_000 }).toBe("OVERLOADED");
      const found = await client.getReservation({ dealerId: "D0", reservationId: reservation!.reservationId });
      expect(found.reservation!.state).toBe(ReservationState.PENDING);
      await rm(join(folder, "ballast"));
      await expect.poll(() => refusalOf(client.reserve(order(2))), { timeout: 20_000 }).toBe("answered");
      client.close();
      expect(await server.end("SIGTERM")).toBe(0);
    } finally {
      await run("umount", [folder]);
    }
  });

  test("to the last byte in spite of the guard ends in refusals or a named failure, and nothing acknowledged is lost", async (context) => {
    if (!(await smallDisk(folder))) return context.skip("SKIPPED: this user may not mount a tmpfs");
    const settings = {
      HOLDFAST_JOURNAL_SEGMENT_BYTES: "1MiB",
      HOLDFAST_DISK_FREE_BYTES_MIN: "0",
      HOLDFAST_CHECKPOINT_TAIL_RECORDS_MAX: "300",
    };
    try {
      let server = await RunningServer.start(join(folder, "data"), settings);
      let client = new HoldfastClient(server.listen, ONE_TRY);
      const ledger = new CrashLedger();
      const load = new CrashLoad(ledger, new SeededRandom(2));
      await load.erpUpTo(client, SKUS.length * 3);
      const loading = load.run(client);
      await sleep(300);
      await writeFile(join(folder, "ballast"), Buffer.alloc(DISK_MIB * 1024 * 1024)).catch(() => {});
      await sleep(2_000);
      // Nobody was told that anything more was done: it ended by itself with a failure, or it still refuses.
      expect([null, 1]).toContain(await server.end("SIGKILL"));
      await loading;
      client.close();
      await rm(join(folder, "ballast"));
      server = await RunningServer.start(join(folder, "data"), settings);
      client = new HoldfastClient(server.listen, ONE_TRY);
      await load.resolve(client);
      await ledger.check(client, DEALERS, WAREHOUSE);
      client.close();
      expect(await server.end("SIGTERM")).toBe(0);
    } finally {
      await run("umount", [folder]);
    }
  });
});

describe("a folder that is copied while the server works on it", () => {
  test("opens right as of one instant, or is refused, and the server does not notice", async () => {
    const settings = { HOLDFAST_CHECKPOINT_TAIL_RECORDS_MAX: "300", HOLDFAST_JOURNAL_SEGMENT_BYTES: "1MiB" };
    const server = await RunningServer.start(join(folder, "data"), settings);
    const client = new HoldfastClient(server.listen, ONE_TRY);
    const ledger = new CrashLedger();
    const load = new CrashLoad(ledger, new SeededRandom(3));
    await load.erpUpTo(client, SKUS.length);
    const loading = load.run(client);
    const outcomes: string[] = [];
    for (let copy = 0; copy < 4; copy++) {
      await sleep(250);
      const target = join(folder, `copy-${copy}`);
      // A process of its own, as an operator's would be.
      await run("cp", ["-r", join(folder, "data"), target]);
      outcomes.push(await openCopy(target, settings));
    }
    await server.end("SIGKILL");
    await loading;
    client.close();
    for (const outcome of outcomes)
      expect(outcome).toMatch(/^(right as of one instant|refused: .*(journal|segment|WITNESS|CHECKPOINT|\.seg).*)$/s);
    const again = await RunningServer.start(join(folder, "data"), settings);
    const client2 = new HoldfastClient(again.listen, ONE_TRY);
    await load.resolve(client2);
    await ledger.check(client2, DEALERS, WAREHOUSE);
    client2.close();
    expect(await again.end("SIGTERM")).toBe(0);
  });
});

/** Starts a server on a copy, and holds its counters to its own reservations. */
async function openCopy(target: string, settings: NodeJS.ProcessEnv): Promise<string> {
  let server: RunningServer;
  try {
    server = await RunningServer.start(target, settings);
  } catch (cause) {
    return `refused: ${(cause as Error).message}`;
  }
  const client = new HoldfastClient(server.listen, ONE_TRY);
  try {
    const { appliedSequence } = await client.getSourceStatus({ source: "erp" });
    expect(appliedSequence).toBeGreaterThanOrEqual(BigInt(SKUS.length));
    const own = new CrashLedger();
    const { availability } = await client.getAvailability({ warehouseId: WAREHOUSE });
    for (const { sku, onHand } of availability) own.onHand.set(sku, Number(onHand));
    await own.check(client, DEALERS, WAREHOUSE);
    return "right as of one instant";
  } finally {
    client.close();
    await server.end("SIGKILL");
  }
}
