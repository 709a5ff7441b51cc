/** WatchOrders of one dealer over gRPC: all of his own in whatever warehouse, nobody else's, and cursors that are his alone. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OrderEventType } from "../../src/gen/holdfast/v1/order_event_pb.js";
import { OrderWatcher, said } from "./order-watcher.js";
import { refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

let service: ServiceHarness;
const watchers: OrderWatcher[] = [];

beforeEach(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 100);
});

afterEach(async () => {
  for (const watcher of watchers.splice(0)) watcher.cancel();
  await service.stop();
  expect(service.failures).toEqual([]);
});

function watch(request: { dealerId?: string; source?: string; cursor?: string; fromOldest?: boolean }): OrderWatcher {
  const watcher = new OrderWatcher(service.client, request);
  watchers.push(watcher);
  return watcher;
}

async function begin(dealerId: string): Promise<OrderWatcher> {
  const watcher = watch({ dealerId });
  await watcher.begun;
  return watcher;
}

const order = (dealerId: string, warehouseId = "W1") => service.hold("A", 1, { dealerId, warehouseId, commit: true });

const idsOf = (watcher: OrderWatcher) => watcher.events.map(({ reservationId }) => reservationId);

describe("a watch by dealer", () => {
  test("tells what becomes of his orders, and of no others", async () => {
    const watcher = await begin("D7");
    await order("D1");
    const id = await service.hold("A", 3, { dealerId: "D7", orderId: "O9" });
    await service.commit(id, "D7");
    await order("D70");
    const dispatch = { warehouseId: "W1", sku: "A", quantity: 2n, reservationId: id };
    await service.erp({ case: "orderDispatched", value: dispatch });
    await service.release(id, "D7");
    await watcher.until(4);
    expect(watcher.events.map(said)).toEqual([
      `COMMITTED ${id} rev 2 A 3/3`,
      `DISPATCHED ${id} rev 3 A 2/1`,
      `RELEASED ${id} rev 4 A 1/0 CANCELLED`,
      `FULFILLED ${id} rev 4 A 2/0`,
    ]);
    for (const event of watcher.events) expect(event).toMatchObject({ dealerId: "D7", orderId: "O9" });
  });

  test("tells the dealer of a hold that nobody approved that it has to be sent again", async () => {
    const watcher = await begin("D7");
    const holdDuration = { seconds: 0n, nanos: 1_000_000 };
    const id = await service.hold("A", 3, { dealerId: "D7", holdDuration });
    await watcher.until(2);
    expect(watcher.events.map(said)).toEqual([`EXPIRED ${id} rev 2 A 3/0`, `RESUBMISSION_NEEDED ${id} rev 2 A 3/0`]);
    expect(watcher.events[1]!.type).toBe(OrderEventType.RESUBMISSION_NEEDED);
  });

  test("tells of every warehouse that he orders in, also of those that come later", async () => {
    const watcher = await begin("D7");
    const ids = [await order("D7")];
    await service.receive("A", 9, "W2");
    await order("D1", "W2");
    ids.push(await order("D7", "W2"), await order("D7"));
    await watcher.until(3);
    expect(idsOf(watcher)).toEqual(ids);
  });

  test("from the oldest tells what came before it, the same events under the same ids as by source", async () => {
    const ids = [await order("D7")];
    await order("D1");
    ids.push(await order("D7"));
    const all = watch({ source: "erp", fromOldest: true });
    const own = watch({ dealerId: "D7", fromOldest: true });
    await Promise.all([all.until(3), own.until(2)]);
    expect(idsOf(own)).toEqual(ids);
    expect(own.events).toEqual(all.events.filter(({ dealerId }) => dealerId === "D7"));
  });

  test("goes on from each cursor, across a restart, and a rebuild of everything but the journal", async () => {
    for (let round = 0; round < 3; round++) await Promise.all([order("D7"), order("D1")]);
    const first = watch({ dealerId: "D7", fromOldest: true });
    const events = [...(await first.until(3))];
    await service.restart();
    for (const [index, { cursor }] of first.messages.slice(0, 2).entries()) {
      expect(await watch({ dealerId: "D7", cursor }).until(2 - index)).toEqual(events.slice(index + 1));
    }
    const last = watch({ dealerId: "D7", cursor: first.messages[2]!.cursor });
    await order("D1");
    const id = await order("D7");
    await last.until(1);
    expect(idsOf(last)).toEqual([id]);
    await service.restart({ withoutSnapshots: true });
    expect(await watch({ dealerId: "D7", fromOldest: true }).until(4)).toEqual([...events, ...last.events]);
  });

  test("of one whom nobody knows gets a cursor, after which his first order is not missed", async () => {
    const watcher = watch({ dealerId: "new" });
    await order("D1");
    const cursor = await watcher.untilCursor();
    expect(watcher.events).toEqual([]);
    watcher.cancel();
    const id = await order("new");
    const again = watch({ dealerId: "new", cursor });
    await again.until(1);
    expect(idsOf(again)).toEqual([id]);
  });
});

describe("a watch is refused, with the field named,", () => {
  const badField = (...fields: string[]) => ({ code: "INVALID_ARGUMENT", infos: ["holdfast/INVALID_FIELD"], fields });
  const refused = async (request: Parameters<typeof watch>[0]) => refusalOf(watch(request).ended);

  test("for both a source and a dealer, and for neither", async () => {
    expect(await refused({ source: "erp", dealerId: "D7" })).toEqual(badField("source", "dealer_id"));
    expect(await refused({})).toEqual(badField("source", "dealer_id"));
  });

  test.each([
    ["of 129 characters", "x".repeat(129)],
    ["with a control character", "D\u00007"],
  ])("for a dealer %s", async (_, dealerId) => {
    expect(await refused({ dealerId })).toEqual(badField("dealer_id"));
  });

  test("for a cursor of another dealer, of a source, or of a dealer with the source's name", async () => {
    await order("erp");
    const byDealer = watch({ dealerId: "erp", fromOldest: true });
    const bySource = watch({ source: "erp", fromOldest: true });
    await Promise.all([byDealer.until(1), bySource.until(1)]);
    expect(await refused({ dealerId: "D7", cursor: byDealer.cursor })).toEqual(badField("cursor"));
    expect(await refused({ source: "erp", cursor: byDealer.cursor })).toEqual(badField("cursor"));
    expect(await refused({ dealerId: "erp", cursor: bySource.cursor })).toEqual(badField("cursor"));
  });
});
