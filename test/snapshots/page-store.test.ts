/** What every page store has to do, held to each of them: LevelDB, the one in memory, and the one that the simulation makes fail. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openLevelPageStore } from "../../src/snapshots/level-page-store.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import type { PageBatch, PageStore } from "../../src/snapshots/page-store.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { Coverage } from "../sim/coverage.js";
import { NO_FAULTS } from "../sim/fault-plan.js";
import { SimulatedPages } from "../sim/simulated-pages.js";
import { VirtualTime } from "../sim/virtual-time.js";

/** A place for pages that outlives the store which is open on it. */
interface Place {
  open(): Promise<PageStore>;
  /** Lets a write that is under way come to its end. */
  pass(): Promise<unknown>;
}

const folders: string[] = [];
const stores: PageStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function levelDb(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-pages-"));
  folders.push(folder);
  return { open: () => openLevelPageStore(join(folder, "level")), pass: async () => {} };
}

async function memory(): Promise<Place> {
  const store = new MemoryPageStore();
  return { open: async () => store, pass: async () => {} };
}

async function simulated(): Promise<Place> {
  const time = new VirtualTime();
  const context = { time, random: new SeededRandom(1), coverage: new Coverage(), faults: NO_FAULTS, note: () => {} };
  const pages = new SimulatedPages(context);
  return { open: async () => pages.open(), pass: () => time.advance(1_000_000) };
}

class Pages {
  readonly #place: Place;
  #store: PageStore;

  private constructor(place: Place, store: PageStore) {
    this.#place = place;
    this.#store = store;
  }

  static async open(place: Place): Promise<Pages> {
    const pages = new Pages(place, await place.open());
    stores.push(pages.#store);
    return pages;
  }

  async reopen(): Promise<void> {
    await this.#store.close();
    stores.splice(stores.indexOf(this.#store), 1);
    this.#store = await this.#place.open();
    stores.push(this.#store);
  }

  begin(puts: readonly (readonly [Uint8Array, Uint8Array])[], deletes: readonly Uint8Array[] = []): Promise<void> {
    const batch: PageBatch = { puts: puts.map(([key, value]) => ({ key, value })), deletes };
    return this.#store.write(batch);
  }

  async write(...how: Parameters<Pages["begin"]>): Promise<void> {
    const written = this.begin(...how);
    await this.#place.pass();
    await written;
  }

  get(key: Uint8Array): string | undefined {
    const value = this.#store.get(key);
    return value && Buffer.from(value).toString("hex");
  }

  pass(): Promise<unknown> {
    return this.#place.pass();
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");

describe.each([
  ["LevelDB", levelDb],
  ["memory", memory],
  ["the simulation", simulated],
])("pages in %s", (_, makePlace) => {
  test("a key that was never written has no value", async () => {
    const pages = await Pages.open(await makePlace());
    await pages.write([[bytes(1, 2), bytes(7)]]);
    for (const key of [bytes(1), bytes(1, 2, 0), bytes(1, 3), bytes(0xff)]) expect(pages.get(key)).toBeUndefined();
  });

  test("keys and values are any bytes: high, zero, none, many", async () => {
    const pages = await Pages.open(await makePlace());
    const large = new SeededRandom(5).bytes(1024 * 1024);
    const puts = [
      [bytes(0), bytes()],
      [bytes(0, 0), bytes(0)],
      [bytes(0xc3, 0x28), bytes(0xff, 0xfe)],
      [bytes(0xef, 0xbf, 0xbd), bytes(1)],
      [bytes(0xff, 0xff), large],
    ] as const;
    await pages.write(puts);
    await pages.reopen();
    for (const [key, value] of puts) expect(pages.get(key)).toBe(hex(value));
  });

  test("what a resolved write put and deleted is so for the next who opens it", async () => {
    const pages = await Pages.open(await makePlace());
    await pages.write([
      [bytes(1), bytes(1)],
      [bytes(2), bytes(2)],
    ]);
    await pages.write([[bytes(1), bytes(11)]], [bytes(2), bytes(3)]);
    await pages.reopen();
    expect([1, 2, 3].map((key) => pages.get(bytes(key)))).toEqual(["0b", undefined, undefined]);
  });

  test("what the caller does with its bytes afterwards changes nothing", async () => {
    const pages = await Pages.open(await makePlace());
    const key = bytes(1);
    const value = bytes(1, 2, 3);
    await pages.write([[key, value]]);
    value.fill(9);
    key.fill(8);
    expect(pages.get(bytes(1))).toBe("010203");
    await pages.reopen();
    expect(pages.get(bytes(1))).toBe("010203");
  });

  test("a batch is seen whole or not at all", async () => {
    const pages = await Pages.open(await makePlace());
    const before = [bytes(1), bytes(2)].map((key) => [key, bytes(0)] as const);
    const after = [bytes(1), bytes(2)].map((key) => [key, bytes(1)] as const);
    await pages.write(before);
    const written = pages.begin(after);
    expect(["0000", "0101"]).toContain(`${pages.get(bytes(1))}${pages.get(bytes(2))}`);
    await pages.pass();
    await written;
    expect(`${pages.get(bytes(1))}${pages.get(bytes(2))}`).toBe("0101");
  });

  test("after any batches there is what a map would have", async () => {
    const seed = chosenSeed();
    const random = new SeededRandom(seed);
    const pages = await Pages.open(await makePlace());
    const model = new Map<string, string>();
    const keys = Array.from({ length: 40 }, () => random.bytes(13));
    for (let batch = 0; batch < 60; batch++) {
      const touched = keys.filter(() => random.chance(0.2));
      const deletes = touched.filter(() => random.chance(0.3));
      const puts = touched.filter((key) => !deletes.includes(key));
      const valued = puts.map((key) => [key, random.bytes(random.below(300))] as const);
      await pages.write(valued, deletes);
      for (const [key, value] of valued) model.set(hex(key), hex(value));
      for (const key of deletes) model.delete(hex(key));
      if (random.chance(0.1)) await pages.reopen();
      const found = keys.map((key) => pages.get(key));
      expect(found, `with HOLDFAST_TEST_SEED=${seed}`).toEqual(keys.map((key) => model.get(hex(key))));
    }
  });
});
