/** WatchOrders over gRPC: what became of the orders of a source's warehouses, from now, from the oldest, and from a cursor. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OrderWatcher, said } from "./order-watcher.js";
import { refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const UNAVAILABLE = { code: "UNAVAILABLE", infos: ["holdfast/SHUTTING_DOWN"], fields: [] };

function badField(...fields: string[]) {
  return { code: "INVALID_ARGUMENT", infos: ["holdfast/INVALID_FIELD"], fields };
}

let service: ServiceHarness;
const watchers: OrderWatcher[] = [];

beforeEach(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 100);
});

afterEach(async () => {
  for (const watcher of watchers.splice(0)) watcher.cancel();
  await service.stop();
});

function watch(request: { source?: string; cursor?: string; fromOldest?: boolean } = {}): OrderWatcher {
  const watcher = new OrderWatcher(service.client, { source: "erp", ...request });
  watchers.push(watcher);
  return watcher;
}

/** Commits so many orders of one unit; their ids. */
async function commitOrders(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let order = 0; order < count; order++) ids.push(await service.hold("A", 1, { commit: true }));
  return ids;
}

describe("a watch of orders", () => {
  test("tells what becomes of an order, each event with the order's names", async () => {
    const watcher = watch();
    await watcher.begun;
    const id = await service.hold("A", 3, { dealerId: "D7", orderId: "O9" });
    await service.commit(id, "D7");
    const dispatch = { warehouseId: "W1", sku: "A", quantity: 2n, orderId: "O9" };
    await service.erp({ case: "orderDispatched", value: dispatch });
    await service.release(id, "D7");
    const events = await watcher.until(4);
    expect(events.map(said)).toEqual([
      `COMMITTED ${id} rev 2 A 3/3`,
      `DISPATCHED ${id} rev 3 A 2/1`,
      `RELEASED ${id} rev 4 A 1/0 CANCELLED`,
      `FULFILLED ${id} rev 4 A 2/0`,
    ]);
    for (const event of events) {
      expect(event).toMatchObject({ dealerId: "D7", orderId: "O9", warehouseId: "W1" });
      expect(Number(event.occurTime!.seconds)).toBeGreaterThan(1_700_000_000);
    }
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4);
  });

  test("from the oldest tells what came before it too, in order, and then goes on", async () => {
    const ids = await commitOrders(5);
    const watcher = watch({ fromOldest: true });
    await watcher.until(5);
    ids.push(...(await commitOrders(3)));
    expect((await watcher.until(8)).map(({ reservationId }) => reservationId)).toEqual(ids);
  });

  test("goes on after any cursor with what came after that message, the same events under the same ids", async () => {
    await commitOrders(6);
    const first = watch({ fromOldest: true });
    const events = await first.until(6);
    for (const [index, { cursor }] of first.messages.entries()) {
      const rest = events.slice(index + 1);
      const again = watch({ cursor, fromOldest: true });
      if (rest.length > 0) expect(await again.until(rest.length)).toEqual(rest);
      again.cancel();
    }
  });

  test("goes on across a restart, and a rebuild of everything but the journal", async () => {
    const ids = await commitOrders(3);
    const before = watch({ fromOldest: true });
    const known = await before.until(2);
    const { cursor } = before.messages[1]!;
    await service.restart();
    ids.push(...(await commitOrders(2)));
    const after = watch({ cursor });
    expect((await after.until(3)).map(({ reservationId }) => reservationId)).toEqual(ids.slice(2));
    await service.restart({ withoutSnapshots: true });
    const anew = watch({ fromOldest: true });
    const all = await anew.until(5);
    expect(all.map(({ reservationId }) => reservationId)).toEqual(ids);
    expect(all.slice(0, 2)).toEqual(known);
  });

  test("ends with the server, who says so", async () => {
    const watcher = watch();
    await watcher.begun;
    await service.restart();
    expect(await refusalOf(watcher.ended)).toEqual(UNAVAILABLE);
  });

  test("by a source tells of the warehouses that it feeds, also those that come later, and of no others", async () => {
    await service.erp({ case: "stockReceived", value: { warehouseId: "W2", sku: "A", quantity: 9n } }, "wms");
    const watcher = watch({ source: "wms" });
    await watcher.begun;
    await commitOrders(1);
    const own = await service.hold("A", 1, { commit: true, warehouseId: "W2" });
    await service.erp({ case: "stockReceived", value: { warehouseId: "W3", sku: "A", quantity: 9n } }, "wms");
    const later = await service.hold("A", 1, { commit: true, warehouseId: "W3" });
    expect((await watcher.until(2)).map(({ reservationId }) => reservationId)).toEqual([own, later]);
  });

  test("of a source that nobody knows waits for it", async () => {
    const watcher = watch({ source: "new" });
    await watcher.begun;
    await commitOrders(1);
    await service.erp({ case: "stockReceived", value: { warehouseId: "W9", sku: "A", quantity: 9n } }, "new");
    const id = await service.hold("A", 1, { commit: true, warehouseId: "W9" });
    expect((await watcher.until(1)).map(({ reservationId }) => reservationId)).toEqual([id]);
  });

  test("that has nothing to tell gives a cursor all the same, after which nothing is missed", async () => {
    const watcher = watch({ source: "wms" });
    const cursor = await watcher.untilCursor();
    expect(watcher.events).toEqual([]);
    watcher.cancel();
    await service.erp({ case: "stockReceived", value: { warehouseId: "W2", sku: "A", quantity: 9n } }, "wms");
    const id = await service.hold("A", 1, { commit: true, warehouseId: "W2" });
    const again = watch({ source: "wms", cursor });
    expect((await again.until(1)).map(({ reservationId }) => reservationId)).toEqual([id]);
  });
});

describe("a watch is refused", () => {
  const refused = async (request: { source?: string; cursor?: string }) => refusalOf(watch(request).ended);

  test("without a source", async () => {
    expect(await refused({ source: "" })).toEqual(badField("source", "dealer_id"));
  });

  test.each([
    ["a letter", "x"],
    ["55 letters", "A".repeat(55)],
    ["55 other characters", "-".repeat(55)],
    ["10,000 letters", "A".repeat(10_000)],
    ["a letter of two bytes", "ä"],
  ])("with %s for a cursor", async (_, cursor) => {
    expect(await refused({ cursor })).toEqual(badField("cursor"));
  });

  test("with the cursor of another source", async () => {
    await commitOrders(1);
    const watcher = watch({ fromOldest: true });
    await watcher.until(1);
    const { cursor } = watcher;
    expect(await refused({ source: "wms", cursor })).toEqual(badField("cursor"));
    const changed = cursor.slice(0, 20) + (cursor[20] === "A" ? "B" : "A") + cursor.slice(21);
    expect(await refused({ cursor: changed })).toEqual(badField("cursor"));
  });
});
