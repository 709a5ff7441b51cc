/** kill -9 at random moments under mixed load. Twenty kills; `npm run test:crash` makes it a hundred. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HoldfastClient } from "../../../src/client/index.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { RunningServer } from "../process/running-server.js";
import { CrashLedger } from "./crash-ledger.js";
import { CrashLoad, DEALERS, ONE_TRY, SKUS, WAREHOUSE } from "./crash-load.js";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
const KILLS = Number(process.env.HOLDFAST_TEST_KILLS ?? 20);
/** Checkpoints come often, so that kills fall into them too. */
const SETTINGS = { HOLDFAST_CHECKPOINT_TAIL_RECORDS_MAX: "300", HOLDFAST_JOURNAL_SEGMENT_BYTES: "1MiB" };
/** Generous, for a machine that does other things too; what it took is printed. */
const READY_WITHIN_MS = 20_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-crash-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test(`after each of ${KILLS} kills everything acknowledged is there, and what was not resolves with its request_id`, {
  timeout: 60_000 + KILLS * 5_000,
}, async () => {
  const random = new SeededRandom(chosenSeed());
  const ledger = new CrashLedger();
  const load = new CrashLoad(ledger, random);
  const readyMs: number[] = [];
  let server = await RunningServer.start(folder, SETTINGS);
  let client = new HoldfastClient(server.listen, ONE_TRY);
  await load.erpUpTo(client, SKUS.length);
  for (let kill = 1; kill <= KILLS; kill++) {
    const loading = load.run(client);
    await sleep(20 + random.below(400));
    await server.end("SIGKILL");
    await loading;
    client.close();
    const startedAt = performance.now();
    server = await RunningServer.start(folder, SETTINGS);
    readyMs.push(performance.now() - startedAt);
    client = new HoldfastClient(server.listen, ONE_TRY);
    await load.resolve(client);
    await ledger.check(client, DEALERS, WAREHOUSE);
  }
  client.close();
  expect(await server.end("SIGTERM")).toBe(0);
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "verify", "--data", folder, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, stocks: SKUS.length, reservations: ledger.size });
  const ready = `ready after ${Math.round(Math.max(...readyMs))} ms at most`;
  process.stdout.write(`seed ${random.seed}: ${JSON.stringify(load.done)}, ${ready}\n`);
  expect(Math.max(...readyMs)).toBeLessThan(READY_WITHIN_MS);
  for (const [kind, count] of Object.entries(load.done)) expect(count, `${kind} happened`).toBeGreaterThan(0);
});
