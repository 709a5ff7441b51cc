/**
 * Images and backups of the real process: made in their own thread under load, segments let go, the state rebuilt from an image,
 * backups taken under load that hold what was acknowledged before the call, and restored ones that issue nothing twice.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcStatus, HoldfastClient } from "../../../src/client/index.js";
import { RunningServer, runServe } from "../process/running-server.js";
import { figures, Load, missing, SETTINGS, stockUp, until, WAREHOUSE } from "./order-load.js";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
const run = promisify(execFile);
async function cli(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const done = await run(process.execPath, [MAIN, ...args]).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (cause: { code: number; stdout: string; stderr: string }) => ({
      code: cause.code,
      said: cause.stdout + cause.stderr,
    }),
  );
  return done;
}

describe("images of a running server", () => {
  let folder: string;
  let data: string;
  let server: RunningServer;
  let load: Load;
  let beforeBackup: ReadonlyMap<string, string>;
  let stateAtEnd: unknown;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-images-"));
    data = join(folder, "data");
    server = await RunningServer.start(data, SETTINGS);
    const client = new HoldfastClient(server.listen);
    await stockUp(client);
    load = new Load(server.listen);
    await until("the journal was shortened", () => server.logged("journal shortened") !== undefined);
    client.close();
  }, 120_000);

  afterAll(async () => {
    await load.stop();
    await server.end("SIGKILL");
    await rm(folder, { recursive: true });
  });

  test("are made under load, and let segments go", async () => {
    expect(load.failures).toEqual([]);
    expect(await readdir(join(data, "logs/0/images"))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^\d{12}\.image$/)]),
    );
    expect(await readdir(join(data, "logs/0/segments"))).not.toContain("00000001.seg");
  });

  test("a backup under load is refused where it may not go, and made where it may", async () => {
    const client = new HoldfastClient(server.listen);
    const rejected = (directory: string) => expect(client.backup({ directory })).rejects;
    await rejected("relative/folder").toMatchObject({ reason: "INVALID_FIELD" });
    await rejected("").toMatchObject({ reason: "INVALID_FIELD" });
    await rejected(join(data, "backup")).toMatchObject({ reason: "INVALID_FIELD" });
    await mkdir(join(folder, "full"));
    await writeFile(join(folder, "full", "file"), "somebody's");
    await rejected(join(folder, "full")).toMatchObject({ reason: "DIRECTORY_NOT_EMPTY" });
    await rejected(join(folder, "full", "file")).toMatchObject({ reason: "DIRECTORY_NOT_WRITABLE" });
    expect(await readdir(join(folder, "full"))).toEqual(["file"]);

    const before = new Map(load.acknowledged);
    const answer = await client.backup({ directory: join(folder, "backup") }, { deadlineMs: 60_000 });
    beforeBackup = before;
    expect(answer.block).toBeGreaterThan(0n);
    expect(answer.bytes).toBeGreaterThan(100_000n);
    expect(load.failures).toEqual([]);
    expect(load.acknowledged.size).toBeGreaterThan(before.size);
    await rejected(join(folder, "backup")).toMatchObject({ reason: "DIRECTORY_NOT_EMPTY" });
    client.close();
  }, 90_000);

  test("after a kill and without LevelDB the state is rebuilt from an image and the journal since", async () => {
    await load.stop();
    const client = new HoldfastClient(server.listen);
    stateAtEnd = await figures(client);
    client.close();
    await server.end("SIGKILL");
    await rm(join(data, "logs/0/level"), { recursive: true });
    await rm(join(data, "logs/0/CHECKPOINT"));
    server = await RunningServer.start(data, SETTINGS);
    expect(server.logged("snapshot made anew from an image")).toBeDefined();
    const again = new HoldfastClient(server.listen);
    expect(await figures(again)).toEqual(stateAtEnd);
    expect(await missing(again, new Map([...load.acknowledged].slice(-200)))).toEqual([]);
    again.close();
  }, 60_000);

  test("the stopped folder and the backup are proven", async () => {
    expect(await server.end("SIGTERM")).toBe(0);
    const stopped = await cli("verify", "--data", data, "--json");
    expect(JSON.parse(stopped.said)).toMatchObject({ ok: true });
    expect(JSON.parse(stopped.said).images).toBeGreaterThanOrEqual(2);
    const backup = await cli("verify", "--data", join(folder, "backup"), "--json");
    expect(JSON.parse(backup.said)).toMatchObject({ ok: true, tornBytes: 0 });
  }, 60_000);

  test("a restored backup has what was acknowledged before it was asked for, and issues no id twice", async () => {
    const restored = join(folder, "restored");
    const done = await cli("restore", "--from", join(folder, "backup"), "--data", restored, "--json");
    expect(JSON.parse(done.said)).toMatchObject({ ok: true, epoch: 2 });
    const other = await RunningServer.start(restored, SETTINGS);
    const client = new HoldfastClient(other.listen);
    expect(beforeBackup.size).toBeGreaterThan(1_000);
    expect(await missing(client, new Map([...beforeBackup].slice(-1_000)))).toEqual([]);
    const issued = new Set(load.acknowledged.keys());
    for (let order = 0; order < 300; order++) {
      const { reservation } = await client.reserve({
        dealerId: "dealer-0",
        orderId: "after",
        warehouseId: WAREHOUSE,
        lines: [{ sku: "sku-1", quantity: 1 }],
      });
      expect(issued).not.toContain(reservation!.reservationId);
    }
    client.close();
    expect(await other.end("SIGTERM")).toBe(0);
    expect((await cli("verify", "--data", restored)).code).toBe(0);
  }, 90_000);

  test("a damaged backup is refused by name, and leaves no folder that could be served", async () => {
    const [segment = ""] = await readdir(join(folder, "backup/logs/0/segments"));
    const path = join(folder, "backup/logs/0/segments", segment);
    const bytes = await readFile(path);
    bytes[bytes.length - 700]! ^= 4;
    await writeFile(path, bytes);
    const target = join(folder, "from-damaged");
    const refused = await cli("restore", "--from", join(folder, "backup"), "--data", target);
    expect(refused.code).toBe(1);
    expect(refused.said).toContain(path);
    expect(await readdir(folder)).not.toContain("from-damaged");
    const taken = await cli("restore", "--from", data, "--data", join(folder, "full"));
    expect(taken.said).toContain("is not empty");
  });

  test("no backup is made of a journal that is damaged behind the server's back; it is told which file", async () => {
    const restored = join(folder, "restored");
    const other = await RunningServer.start(restored, { ...SETTINGS, HOLDFAST_IMAGES_EVERY_BYTES: "1TiB" });
    const [segment = ""] = (await readdir(join(restored, "logs/0/segments"))).sort();
    const path = join(restored, "logs/0/segments", segment);
    const bytes = await readFile(path);
    bytes[bytes.length - 700]! ^= 4;
    await writeFile(path, bytes);
    const client = new HoldfastClient(other.listen);
    const backup = client.backup({ directory: join(folder, "of-damaged") }, { deadlineMs: 60_000 });
    await expect(backup).rejects.toMatchObject({
      code: GrpcStatus.DATA_LOSS,
      reason: "DATA_DAMAGED",
      metadata: { damage: expect.stringContaining(path) },
    });
    expect(await readdir(join(folder, "of-damaged/logs/0/segments"))).toEqual([]);
    client.close();
    await other.end("SIGKILL");
  }, 60_000);

  test("a server whose images are all gone is refused by the segment that is missing", async () => {
    await rm(join(data, "logs/0/images"), { recursive: true });
    const [first = ""] = (await readdir(join(data, "logs/0/segments"))).sort();
    const missing = `${String(Number(first.slice(0, 8)) - 1).padStart(8, "0")}.seg is missing`;
    const { code, said } = await runServe(["--data", data, "--listen", "127.0.0.1:0"], SETTINGS);
    expect(code).toBe(1);
    expect(said).toContain(missing);
  });
});
