/** The process is killed at random moments while images are made and segments let go; nothing acknowledged is lost. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HoldfastClient } from "../../../src/client/index.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { RunningServer } from "../process/running-server.js";
import { Load, missing, SETTINGS, stockUp, until } from "./order-load.js";

const ROUNDS = Number(process.env.HOLDFAST_TEST_KILLS ?? 6);
const SEED = chosenSeed();
/** Images one after the other. */
const OFTEN = { ...SETTINGS, HOLDFAST_IMAGES_EVERY_BYTES: "256KiB", HOLDFAST_CHECKPOINT_TAIL_RECORDS_MAX: "500" };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-images-killed-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test(`after each of ${ROUNDS} kills in the middle of images all is there, with and without LevelDB (HOLDFAST_TEST_SEED=${SEED})`, {
  timeout: 30_000 + ROUNDS * 15_000,
}, async () => {
  const random = new SeededRandom(SEED);
  const log = join(folder, "logs/0");
  const acknowledged = new Map<string, string>();
  const seen = { made: 0, halfMade: 0, shortened: 0, rebuilt: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const server = await RunningServer.start(folder, OFTEN);
    if (server.logged("snapshot made anew from an image") !== undefined) seen.rebuilt += 1;
    const client = new HoldfastClient(server.listen);
    if (round === 0) await stockUp(client);
    expect(await missing(client, new Map([...acknowledged].slice(-2_000)))).toEqual([]);
    client.close();
    const load = new Load(server.listen);
    // Now and then at leisure, so that there is something to find half removed later.
    if (round % 3 === 2)
      await until("the journal was shortened", () => server.logged("journal shortened") !== undefined);
    else await sleep(1_000 + random.below(2_500));
    await server.end("SIGKILL");
    await load.stop();
    for (const [id, dealerId] of load.acknowledged) acknowledged.set(id, dealerId);
    if (server.logged("image made") !== undefined) seen.made += 1;
    if (server.logged("journal shortened") !== undefined) seen.shortened += 1;
    const names = await readdir(join(log, "images")).catch(() => []);
    if (names.some((name) => name.endsWith(".new"))) seen.halfMade += 1;
    if (round % 2 === 0) {
      await rm(join(log, "level"), { recursive: true });
      await rm(join(log, "CHECKPOINT"), { force: true });
    }
  }
  const server = await RunningServer.start(folder, OFTEN);
  const client = new HoldfastClient(server.listen);
  expect(await missing(client, acknowledged)).toEqual([]);
  client.close();
  expect(await server.end("SIGTERM")).toBe(0);
  process.stdout.write(`seed ${SEED}: ${acknowledged.size} orders acknowledged, ${JSON.stringify(seen)}\n`);
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
});
