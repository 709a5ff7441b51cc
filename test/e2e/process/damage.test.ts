/**
 * Damage to the data folder of a real server. What can be made anew is, and exactly the same reservations are served;
 * what is the truth is refused by name, by `serve` and by `verify`. test/damage tries far more of it, within one process.
 */
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { makeSubject, type Subject, stateOf } from "./damaged-folder.js";
import { RunningServer, runServe, runVerify } from "./running-server.js";

const FIRST_SEGMENT = "segments/00000001.seg";
const SECOND_SEGMENT = "segments/00000002.seg";
/** Every block of a LevelDB table is hit by a flipped bit in each of so many bytes. */
const TABLE_STRIDE = 2_000;
const WITNESS_SLOTS = [20, 4_096 + 20];

const SEED = chosenSeed();

let subject: Subject;
beforeAll(async () => {
  subject = await makeSubject();
});
afterAll(() => subject.remove());

async function flip(log: string, path: string, offsets: readonly number[]): Promise<void> {
  const bytes = await readFile(join(log, path));
  for (const offset of offsets) bytes[offset]! ^= 0x10;
  await writeFile(join(log, path), bytes);
}

async function tablesOf(log: string): Promise<readonly string[]> {
  const tables = (await readdir(join(log, "level"))).filter((name) => name.endsWith(".ldb"));
  expect(tables).not.toEqual([]);
  return tables.map((name) => join("level", name));
}

async function flipTables(log: string): Promise<void> {
  for (const table of await tablesOf(log)) {
    const { length } = await readFile(join(log, table));
    const offsets = Array.from({ length: Math.ceil(length / TABLE_STRIDE) }, (_, index) => index * TABLE_STRIDE);
    await flip(log, table, offsets);
  }
}

/** Starts a server on the folder, which must say what was true before the damage, and how it got there. */
async function replayedBy(folder: string): Promise<number> {
  const server = await RunningServer.start(folder);
  expect(await stateOf(server)).toEqual(subject.state);
  const replays = server.everyLogged("recovery done").map(({ replayedRecords }) => Number(replayedRecords));
  expect(await server.end("SIGTERM")).toBe(0);
  return replays.at(-1)!;
}

describe("damage to what can be made anew", () => {
  test("without any, a start replays what came after the checkpoint and no more", async () => {
    const replayed = await replayedBy(await subject.copy());
    expect(replayed).toBeGreaterThan(0);
    expect(replayed).toBeLessThan(subject.records / 2);
  });

  test.each<[string, (log: string) => Promise<unknown>]>([
    ["flipped bits all over LevelDB's tables", flipTables],
    [
      "LevelDB's tables deleted",
      async (log) => Promise.all((await tablesOf(log)).map((table) => rm(join(log, table)))),
    ],
    ["the whole LevelDB folder deleted", (log) => rm(join(log, "level"), { recursive: true })],
    ["a bit flipped in CHECKPOINT", (log) => flip(log, "CHECKPOINT", [100])],
    ["CHECKPOINT cut short", (log) => truncate(join(log, "CHECKPOINT"), 100)],
    ["CHECKPOINT deleted", (log) => rm(join(log, "CHECKPOINT"))],
  ])("%s: exactly the same is served, from the whole journal, and is proven afterwards", async (_, damage) => {
    const folder = await subject.copy();
    await damage(join(folder, "logs/0"));
    expect(await replayedBy(folder)).toBe(subject.records);
    expect(await runVerify(folder)).toMatchObject({ code: 0 });
  });
});

describe("damage to the journal", () => {
  const early = () => subject.blockOffsets[Math.floor(subject.blockOffsets.length / 4)]!;
  const late = () => subject.blockOffsets.at(-5)!;

  test.each<[string, (log: string) => Promise<unknown>, () => string]>([
    [
      "a bit flipped in a block",
      (log) => flip(log, FIRST_SEGMENT, [late() + 200]),
      () => `${FIRST_SEGMENT}, offset ${late()}`,
    ],
    ["a bit flipped in a segment's header", (log) => flip(log, FIRST_SEGMENT, [30]), () => FIRST_SEGMENT],
    [
      "the first segment cut short",
      (log) => truncate(join(log, FIRST_SEGMENT), 600_000),
      () => `${FIRST_SEGMENT} has 600000 bytes`,
    ],
    [
      "the last segment cut short",
      (log) => truncate(join(log, SECOND_SEGMENT), 100),
      () => `${SECOND_SEGMENT} is short`,
    ],
    ["the first segment deleted", (log) => rm(join(log, FIRST_SEGMENT)), () => `${FIRST_SEGMENT} is missing`],
    ["the last segment deleted", (log) => rm(join(log, SECOND_SEGMENT)), () => `${SECOND_SEGMENT} is missing`],
    ["a bit flipped in FORMAT", (log) => flip(log, "FORMAT", [15]), () => "FORMAT is not what was written"],
    ["FORMAT deleted", (log) => rm(join(log, "FORMAT")), () => "FORMAT is missing"],
    [
      "a bit flipped in both slots of WITNESS",
      (log) => flip(log, "WITNESS", WITNESS_SLOTS),
      () => "WITNESS: neither slot",
    ],
    ["WITNESS cut short", (log) => truncate(join(log, "WITNESS"), 4_096), () => "WITNESS has 4096 bytes"],
    ["WITNESS deleted", (log) => rm(join(log, "WITNESS")), () => "WITNESS is missing"],
  ])("%s: serve and verify name it and exit with 1", async (_, damage, naming) => {
    const folder = await subject.copy();
    const log = join(folder, "logs/0");
    await damage(log);
    for (const run of [runVerify, (data: string) => runServe(["--data", data])]) {
      const { code, said } = await run(folder);
      expect(said).toContain(`${log}/${naming()}`);
      expect(code).toBe(1);
    }
  });

  test("a refused start makes nothing worse: with the bit put right, everything is served again", async () => {
    const folder = await subject.copy();
    await flip(join(folder, "logs/0"), FIRST_SEGMENT, [late() + 200]);
    expect(await runServe(["--data", folder])).toMatchObject({ code: 1 });
    await flip(join(folder, "logs/0"), FIRST_SEGMENT, [late() + 200]);
    expect(await replayedBy(folder)).toBeLessThan(subject.records / 2);
  });

  test("a block before the checkpoint is not needed while the snapshot stands; verify names it, and so does a start that needs it", async () => {
    const folder = await subject.copy();
    const log = join(folder, "logs/0");
    await flip(log, FIRST_SEGMENT, [early() + 200]);
    const named = `${log}/${FIRST_SEGMENT}, offset ${early()}`;
    const verified = await runVerify(folder);
    expect(verified.said).toContain(named);
    expect(verified.code).toBe(1);
    expect(await replayedBy(folder)).toBeLessThan(subject.records / 2);
    await rm(join(log, "CHECKPOINT"));
    const { code, said } = await runServe(["--data", folder]);
    expect(said).toContain(named);
    expect(code).toBe(1);
  });
});

/** Bits turned over anywhere: with the damages above, thirty through the real server. */
const FLIPS = 12;

test(`a bit turned over anywhere: exactly the same is served, or the start names the file, ${FLIPS} times, seed ${SEED}`, async () => {
  const random = new SeededRandom(SEED);
  for (let flips = 0; flips < FLIPS; flips++) {
    const folder = await subject.copy();
    const log = join(folder, "logs/0");
    const files = (await readdir(log, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const names = files.map((entry) => relative(log, join(entry.parentPath, entry.name)));
    const name = random.pick(names.filter((path) => !path.startsWith("lock/")));
    const { length } = await readFile(join(log, name));
    if (length === 0) continue;
    const offset = random.below(length);
    await flip(log, name, [offset]);
    const started = await RunningServer.start(folder).catch((cause: Error) => cause);
    if (started instanceof Error) {
      expect(started.message, `${name}, offset ${offset}`).toContain(`${log}/`);
      continue;
    }
    expect(await stateOf(started), `${name}, offset ${offset}`).toEqual(subject.state);
    expect(await started.end("SIGTERM")).toBe(0);
  }
});
