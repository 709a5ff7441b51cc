/** WatchOrders at the edge: what a watch is asked for, when it is asked on, and how its end reaches the caller. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OrderMessage } from "../../../src/actor/service.js";
import { type Refusal, refusal } from "../../../src/domain/refusal.js";
import { WatchOrdersRequestSchema, WatchOrdersResponseSchema } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { OrderWatcher } from "../order-watcher.js";
import { detailsOf, refusalOf } from "../refusal-of.js";
import { EdgeHarness } from "./edge-harness.js";
import { EVENT, numbered, ScriptedOrderWatch } from "./scripted-order-watch.js";
import { UnreadStream } from "./unread-stream.js";

const MANY = 5_000;
let edge: EdgeHarness;

beforeEach(async () => {
  edge = await EdgeHarness.start({ streamsMax: 2 });
});

afterEach(() => edge.stop());

function script(...messages: (OrderMessage | Refusal | Error)[]): ScriptedOrderWatch {
  const watch = new ScriptedOrderWatch(messages);
  edge.ports.orderWatch = watch;
  return watch;
}

describe("a watch of orders", () => {
  test("asks for what the caller asked for, and gives every field", async () => {
    script({ event: EVENT, cursor: "c1" }, { event: undefined, cursor: "c2" });
    const watcher = new OrderWatcher(edge.client, { source: "erp", cursor: "c0", fromOldest: true });
    await edge.until(() => watcher.messages.length === 2);
    expect(edge.ports.orderQueries).toEqual([{ source: "erp", dealerId: "", cursor: "c0", fromOldest: true }]);
    expect(watcher.messages).toMatchObject([
      {
        event: {
          eventId: "o1.1.7.0",
          type: 7,
          reservationId: "r1",
          revision: BigInt(Number.MAX_SAFE_INTEGER),
          dealerId: "D1",
          orderId: "O1",
          warehouseId: "W1",
          lines: [{ sku: "A", quantity: 5n, remaining: 2n }],
          reason: "X",
          occurTime: { seconds: 1_790_000_000n, nanos: 123_000_000 },
        },
        cursor: "c1",
      },
      { cursor: "c2" },
    ]);
    expect(watcher.messages[1]!.event).toBeUndefined();
    watcher.cancel();
  });

  test("is asked on only as the caller reads, and nothing of it is lost", async () => {
    const watch = script(...numbered(MANY), refusal("SHUTTING_DOWN", "over"));
    const silent = new UnreadStream(edge.address, "/holdfast.v1.ErpService/WatchOrders");
    silent.send(toBinary(WatchOrdersRequestSchema, create(WatchOrdersRequestSchema, { source: "erp" })));
    silent.halfClose();
    await edge.until(() => watch.asked > 0);
    await edge.untilAtRest(() => watch.asked);
    // What the caller's window holds, and what we have on the way to it.
    expect(watch.asked).toBeLessThan(1_000);
    const answers = await silent.readAll();
    const ids = answers.map((bytes) => fromBinary(WatchOrdersResponseSchema, bytes).event!.eventId);
    expect(ids).toEqual(Array.from({ length: MANY }, (_, index) => `o${index}`));
    silent.close();
  });

  test("is closed when its caller goes away, also while it waits, and leaves its place to another", async () => {
    for (let caller = 0; caller < 5; caller++) {
      const watch = script({ event: EVENT, cursor: "c" });
      const watcher = new OrderWatcher(edge.client, { source: "erp" });
      await watcher.until(1);
      watcher.cancel();
      await edge.until(() => watch.closed > 0);
    }
  });
});

describe("the caller is told", () => {
  const ending = (request = { source: "erp" }) => new OrderWatcher(edge.client, request).ended;

  test("why there is no watch", async () => {
    edge.ports.orderWatch = refusal("CURSOR_TOO_OLD", "gone", { metadata: { oldest_cursor: "c9" } });
    expect(await detailsOf(ending())).toMatchObject({
      code: "OUT_OF_RANGE",
      infos: ["holdfast/CURSOR_TOO_OLD"],
      metadata: { oldest_cursor: "c9" },
    });
  });

  test("why it ended, after everything that came before", async () => {
    const watch = script({ event: EVENT, cursor: "c" }, refusal("JOURNAL_UNAVAILABLE", "over"));
    const watcher = new OrderWatcher(edge.client, { source: "erp" });
    expect(await refusalOf(watcher.ended)).toMatchObject({ infos: ["holdfast/JOURNAL_UNAVAILABLE"] });
    expect(watcher.events).toHaveLength(1);
    expect(watch.closed).toBe(1);
  });

  test("nothing but INTERNAL of what nobody foresaw; the cause is in the log", async () => {
    const cause = new Error("a secret");
    const watch = script(cause);
    const seen = await detailsOf(ending());
    expect(seen).toMatchObject({ code: "INTERNAL", infos: ["holdfast/INTERNAL"] });
    expect(seen.message).not.toContain("secret");
    expect(edge.logged.map(({ fields }) => fields.err)).toEqual([cause]);
    expect(watch.closed).toBe(1);
  });

  test("that there are too many streams, before a watch is begun", async () => {
    script();
    const open = [0, 1].map(() => new OrderWatcher(edge.client, { source: "erp" }));
    await Promise.all(open.map(({ begun }) => begun));
    expect(await refusalOf(ending())).toMatchObject({ code: "RESOURCE_EXHAUSTED", infos: ["holdfast/OVERLOADED"] });
    expect(edge.ports.orderQueries).toHaveLength(2);
    for (const watcher of open) watcher.cancel();
  });

  test("of a bad source before a watch is begun", async () => {
    expect(await refusalOf(ending({ source: "a\nb" }))).toMatchObject({ code: "INVALID_ARGUMENT", fields: ["source"] });
    expect(edge.ports.orderQueries).toEqual([]);
  });

  test("of a shutdown, while it waits", async () => {
    const watch = script({ event: EVENT, cursor: "c" });
    const watcher = new OrderWatcher(edge.client, { source: "erp" });
    await watcher.until(1);
    const stopped = edge.server.shutdown(5_000);
    expect(await refusalOf(watcher.ended)).toMatchObject({ infos: ["holdfast/SHUTTING_DOWN"] });
    await stopped;
    expect(watch.closed).toBe(1);
  });
});
