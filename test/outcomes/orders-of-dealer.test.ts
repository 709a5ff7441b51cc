/** Watches by dealer on a journal in memory: each is told all of his own, from journals of before too, and costs the others nothing. */
import { describe, expect, test } from "vitest";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { FeedBench, message, take } from "./feed-bench.js";

const DEALERS = ["d1", "d2", "d3", "d4"];

describe("dealers of every speed", () => {
  test("are told all of their own, once and in order, from the ring or from the journal, old records and new", async () => {
    const seed = chosenSeed();
    for (let run = 0; run < 20; run++) {
      const random = new SeededRandom(seed + run);
      const bench = new FeedBench();
      // Two watches each; the last dealer begins to order late, and nobody called "none" ever does.
      const readers = await Promise.all(
        [...DEALERS, ...DEALERS, "none"].map(async (dealerId, index) => {
          const watch = await bench.watch({ dealerId, fromOldest: true });
          return { dealerId, index, watch, names: [] as string[], cursor: "" };
        }),
      );
      for (let step = 0; step < 60; step++) {
        const happenings = Array.from({ length: random.below(4) }, () => ({
          partition: 1 + random.below(2),
          outcomes: random.below(5),
          dealerId: DEALERS[random.below(step < 30 ? 3 : 4)]!,
          isOld: step < 20,
        }));
        if (happenings.length > 0) await bench.append(happenings);
        for (const reader of readers) {
          if (random.chance(reader.index * 0.12)) continue;
          const due = bench.ofDealer(reader.dealerId).length - reader.names.length;
          for (let taken = random.below(due + 1); taken > 0; taken--) {
            const { event, cursor } = await message(reader.watch);
            reader.names.push(event!.reservationId);
            reader.cursor = cursor;
          }
          if (reader.cursor !== "" && random.chance(0.1)) {
            reader.watch.close();
            reader.watch = await bench.watch({ dealerId: reader.dealerId, cursor: reader.cursor });
          }
        }
      }
      for (const { dealerId, watch, names } of readers) {
        names.push(...(await take(watch, bench.ofDealer(dealerId).length - names.length)));
        expect(names, `HOLDFAST_TEST_SEED=${seed + run}`).toEqual(bench.ofDealer(dealerId));
        watch.close();
      }
      expect(bench.ofDealer("d4").length).toBeGreaterThan(0);
      expect(bench.reads).toBeGreaterThan(readers.length);
    }
  });
});

describe("a dealer who is always a little behind", () => {
  test("is told all of his own from the ring, for however long", async () => {
    const bench = new FeedBench();
    const watch = await bench.watch({ dealerId: "d1" });
    const names: string[] = [];
    await bench.append([{ partition: 1, outcomes: 3, dealerId: "d1" }]);
    for (let block = 0; block < 1_000; block++) {
      names.push(...(await take(watch, 1)));
      await bench.append([
        { partition: 1, outcomes: 1, dealerId: "d1" },
        { partition: 2, outcomes: 1, dealerId: "d2" },
      ]);
    }
    names.push(...(await take(watch, 3)));
    expect(names).toEqual(bench.ofDealer("d1"));
    expect(bench.reads).toBe(0);
  });
});

describe("a dealer who has never ordered", () => {
  test("is told of his first order while he waits", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 2, dealerId: "other" }]);
    const waiting = message(await bench.watch({ dealerId: "new" }));
    await bench.append([
      { partition: 1, outcomes: 1, dealerId: "other" },
      { partition: 2, outcomes: 1, dealerId: "new" },
    ]);
    expect((await waiting).event).toMatchObject({ reservationId: "2/4", dealerId: "new" });
  });

  test("gets a cursor that moves on with what is others', and misses nothing after it", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 1, dealerId: "other" }]);
    const watch = await bench.watch({ dealerId: "new", fromOldest: true });
    const first = message(watch);
    await new Promise((resolve) => setImmediate(resolve));
    bench.timers.fire();
    const { event, cursor } = await first;
    expect(event).toBeUndefined();
    watch.close();
    await bench.append([{ partition: 1, outcomes: 1, dealerId: "new" }]);
    expect(await take(await bench.watch({ dealerId: "new", cursor }), 1)).toEqual(["1/2"]);
  });
});

describe("a journal of before", () => {
  test("is told by whose the reservations are", async () => {
    const bench = new FeedBench();
    for (const dealerId of ["d1", "d2", "d1"])
      await bench.append([{ partition: 1, outcomes: 1, dealerId, isOld: true }]);
    await bench.append([{ partition: 1, outcomes: 1, dealerId: "d1" }]);
    expect(await take(await bench.watch({ dealerId: "d1", fromOldest: true }), 3)).toEqual(["1/1", "1/3", "1/4"]);
    expect(await take(await bench.watch({ dealerId: "d2", fromOldest: true }), 1)).toEqual(["1/2"]);
  });
});

describe("many who watch", () => {
  test("cost an outcome that is none of theirs nothing", async () => {
    const bench = new FeedBench({ ringOutcomesMax: 1_000, ringCostMax: 10_000, readOutcomesMax: 5 });
    const waiting: Promise<unknown>[] = [];
    let told = 0;
    for (let dealer = 0; dealer < 500; dealer++) {
      const watch = await bench.watch({ dealerId: `idle-${dealer}` });
      waiting.push(message(watch).then(() => (told += 1)));
    }
    const watch = await bench.watch({ dealerId: "busy" });
    const names: string[] = [];
    const timersBefore = bench.timers.waiting;
    for (let block = 0; block < 100; block++) {
      await bench.append([{ partition: 1, outcomes: 1, dealerId: "busy" }]);
      names.push(...(await take(watch, 1)));
    }
    expect(names).toEqual(bench.ofDealer("busy"));
    expect({ told, sought: bench.dealersSought, reads: bench.reads }).toEqual({ told: 0, sought: 1, reads: 0 });
    expect(bench.timers.waiting).toBe(timersBefore);
    await bench.append([{ partition: 2, outcomes: 1, dealerId: "idle-499" }]);
    await waiting.at(-1);
    expect(told).toBe(1);
  });

  test("of one dealer are all told", async () => {
    const bench = new FeedBench();
    const watches = await Promise.all([1, 2, 3].map(() => bench.watch({ dealerId: "d1" })));
    await bench.append([{ partition: 1, outcomes: 2, dealerId: "d1" }]);
    for (const watch of watches) expect(await take(watch, 2)).toEqual(["1/1", "1/2"]);
    watches[0]!.close();
    await bench.append([{ partition: 1, outcomes: 1, dealerId: "d1" }]);
    for (const watch of watches.slice(1)) expect(await take(watch, 1)).toEqual(["1/3"]);
  });
});

describe("a cursor of a dealer", () => {
  test("is refused for another dealer, and for a source of his name", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 1, dealerId: "both" }]);
    const { cursor } = await message(await bench.watch({ dealerId: "both", fromOldest: true }));
    const foreign = { reason: "INVALID_FIELD", fields: ["cursor"] };
    const ask = { source: "", dealerId: "", cursor, fromOldest: false };
    expect(await bench.feed.watch({ ...ask, dealerId: "d1" })).toMatchObject(foreign);
    expect(await bench.feed.watch({ ...ask, source: "both" })).toMatchObject(foreign);
  });

  test("too old is told with the oldest one, which is his", async () => {
    const bench = new FeedBench();
    for (let block = 0; block < 4; block++) await bench.append([{ partition: 1, outcomes: 1, dealerId: "d1" }]);
    const { cursor } = await message(await bench.watch({ dealerId: "d1", fromOldest: true }));
    bench.forgotten = 2;
    const refused = await bench.feed.watch({ source: "", dealerId: "d1", cursor, fromOldest: false });
    expect(refused).toMatchObject({ reason: "CURSOR_TOO_OLD" });
    const { oldest_cursor: oldest } = (refused as { metadata: Record<string, string> }).metadata;
    expect(await take(await bench.watch({ dealerId: "d1", cursor: oldest! }), 2)).toEqual(["1/3", "1/4"]);
  });
});
