/** The feed on a journal in memory: every consumer is told all of its own, once and in order, however slowly it reads. */
import { describe, expect, test } from "vitest";
import type { OrderMessage } from "../../src/actor/service.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { FeedBench, message, take } from "./feed-bench.js";

describe("consumers of every speed", () => {
  test("are told all of their own, once and in order, from the ring or from the journal", async () => {
    const seed = chosenSeed();
    for (let run = 0; run < 20; run++) {
      const random = new SeededRandom(seed + run);
      const bench = new FeedBench();
      await bench.append([{ partition: 1, outcomes: 3 }]);
      const readers = await Promise.all(
        ["s1", "s2", "both", "both"].map(async (source, index) => {
          const watch = await bench.watch({ source, fromOldest: true });
          return { source, index, watch, names: [] as string[], cursor: "" };
        }),
      );
      for (let step = 0; step < 60; step++) {
        const records = Array.from({ length: random.below(4) }, () => ({
          partition: 1 + random.below(2),
          outcomes: random.below(5),
        }));
        if (records.length > 0) await bench.append(records);
        for (const reader of readers) {
          if (random.chance(reader.index * 0.25)) continue;
          const due = bench.of(reader.source).length - reader.names.length;
          for (let taken = random.below(due + 1); taken > 0; taken--) {
            const { event, cursor } = await message(reader.watch);
            reader.names.push(event!.reservationId);
            reader.cursor = cursor;
          }
          if (reader.cursor !== "" && random.chance(0.1)) {
            reader.watch.close();
            reader.watch = await bench.watch({ source: reader.source, cursor: reader.cursor });
          }
        }
      }
      for (const { source, watch, names } of readers) {
        names.push(...(await take(watch, bench.of(source).length - names.length)));
        expect(names, `HOLDFAST_TEST_SEED=${seed + run}`).toEqual(bench.of(source));
        watch.close();
      }
      expect(bench.reads).toBeGreaterThan(4);
    }
  });

  test("who have caught up are not read to again, whatever happens in other warehouses", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 1 }]);
    const watch = await bench.watch({ source: "s1" });
    const waiting = message(watch);
    for (let block = 0; block < 40; block++) await bench.append([{ partition: 2, outcomes: 3 }]);
    await bench.append([{ partition: 1, outcomes: 1 }]);
    expect((await waiting).event).toMatchObject({ reservationId: bench.of("s1").at(-1) });
    expect(bench.reads).toBe(0);
  });

  test("are told nothing of what came before, when they asked from now on", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 4 }]);
    const watch = await bench.watch({});
    await bench.append([{ partition: 1, outcomes: 2 }]);
    expect(await take(watch, 2)).toEqual(["1/5", "1/6"]);
  });
});

describe("a consumer that is told nothing", () => {
  test("gets a cursor soon, and then only when it stands further on than the one before", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 2, outcomes: 1 }]);
    const watch = await bench.watch({ source: "s1" });
    const first = message(watch);
    bench.timers.fire();
    expect((await first).event).toBeUndefined();
    let second: OrderMessage | undefined;
    const waiting = message(watch).then((next) => {
      second = next;
    });
    const rest = () => new Promise((resolve) => setImmediate(resolve));
    bench.timers.fire();
    await rest();
    expect(second).toBeUndefined();
    await bench.append([{ partition: 2, outcomes: 0 }]);
    await rest();
    bench.timers.fire();
    await waiting;
    expect(second!.event).toBeUndefined();
    expect(second!.cursor).not.toBe((await first).cursor);
    await bench.append([{ partition: 1, outcomes: 1 }]);
    watch.close();
    expect(await take(await bench.watch({ source: "s1", cursor: second!.cursor }), 1)).toEqual(bench.of("s1"));
    expect(bench.timers.waiting).toBe(0);
  });
});

describe("what is no longer kept", () => {
  const forget = async () => {
    const bench = new FeedBench();
    for (let block = 0; block < 6; block++) await bench.append([{ partition: 1, outcomes: 2 }]);
    const watch = await bench.watch({ fromOldest: true });
    const cursors: string[] = [];
    for (let count = 0; count < 12; count++) cursors.push((await message(watch)).cursor);
    watch.close();
    bench.forgotten = 3;
    return { bench, cursors };
  };

  test("is told with the oldest cursor, from which all that is kept comes", async () => {
    const { bench, cursors } = await forget();
    const refused = await bench.feed.watch({ source: "both", dealerId: "", cursor: cursors[2]!, fromOldest: false });
    expect(refused).toMatchObject({ reason: "CURSOR_TOO_OLD" });
    const { oldest_cursor: cursor } = (refused as { metadata: Record<string, string> }).metadata;
    const kept = bench.of("both").slice(6);
    expect(await take(await bench.watch({ cursor: cursor! }), 6)).toEqual(kept);
    expect(await take(await bench.watch({ fromOldest: true }), 6)).toEqual(kept);
  });

  test("ends a watch that is further behind than that", async () => {
    const { bench } = await forget();
    bench.forgotten = 0;
    const watch = await bench.watch({ fromOldest: true });
    expect(await take(watch, 1)).toEqual(["1/1"]);
    bench.forgotten = 4;
    const seen: unknown[] = [];
    for (let next = await watch.next(); ; next = await watch.next()) {
      if (next === undefined || "reason" in next) {
        expect(next).toMatchObject({ reason: "CURSOR_TOO_OLD", metadata: { oldest_cursor: expect.any(String) } });
        break;
      }
      seen.push(next.event!.reservationId);
    }
    // What had been read of the journal is told, nothing after a hole.
    expect(seen).toEqual(bench.of("both").slice(1, 1 + seen.length));
    expect(await watch.next()).toMatchObject({ reason: "CURSOR_TOO_OLD" });
  });

  test("is not missed by a cursor after the last event of a block that is gone while the next is kept", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 2, outcomes: 1 }]);
    const watch = await bench.watch({ source: "s1" });
    const first = message(watch);
    bench.timers.fire();
    const { cursor } = await first;
    watch.close();
    await bench.append([{ partition: 1, outcomes: 1 }]);
    bench.forgotten = 1;
    expect(await take(await bench.watch({ source: "s1", cursor }), 1)).toEqual(bench.of("s1"));
  });
});

describe("the end of a watch", () => {
  test("by its consumer settles what it waits for, and leaves nothing behind", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 1 }]);
    const watch = await bench.watch({});
    const waiting = watch.next();
    watch.close();
    watch.close();
    expect(await waiting).toBeUndefined();
    expect(await watch.next()).toBeUndefined();
    expect(bench.timers.waiting).toBe(0);
  });

  test("by the log is told to everyone, and to whoever comes later", async () => {
    const bench = new FeedBench();
    await bench.append([{ partition: 1, outcomes: 1 }]);
    const waiting = (await bench.watch({})).next();
    const ending = { reason: "JOURNAL_UNAVAILABLE", message: "", metadata: {}, fields: [] } as const;
    bench.feed.close(ending);
    expect(await waiting).toEqual(ending);
    expect(await bench.feed.watch({ source: "both", dealerId: "", cursor: "", fromOldest: true })).toEqual(ending);
  });
});
