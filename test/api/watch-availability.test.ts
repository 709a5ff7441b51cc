/** WatchAvailability over gRPC: a snapshot, then what changes; from a cursor; of some SKUs; of a dealer. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { AvailabilityWatcher } from "./availability-watcher.js";
import { refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

let service: ServiceHarness;
const watchers: AvailabilityWatcher[] = [];

beforeEach(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 100);
  await service.receive("B", 50);
});

afterEach(async () => {
  for (const watcher of watchers.splice(0)) {
    watcher.cancel();
    expect(watcher.wrong).toEqual([]);
  }
  await service.stop();
});

interface Request {
  readonly dealerId?: string;
  readonly warehouseId?: string;
  readonly skus?: string[];
  readonly cursor?: string;
}

function watch(
  request: Request = { warehouseId: "W1" },
  known?: AvailabilityWatcher,
  of = service,
): AvailabilityWatcher {
  const watcher = new AvailabilityWatcher(of.client, request, known?.stocks.values());
  watchers.push(watcher);
  return watcher;
}

async function complete(request?: Request): Promise<AvailabilityWatcher> {
  const watcher = watch(request);
  await watcher.until(() => watcher.isComplete);
  return watcher;
}

async function resumed(
  after: AvailabilityWatcher,
  request: Request = { warehouseId: "W1" },
): Promise<AvailabilityWatcher> {
  const watcher = watch({ ...request, cursor: after.cursor }, after);
  await watcher.until(() => watcher.messages.length > 0);
  return watcher;
}

/** Everything that can be read of a warehouse. */
async function fresh(request: Request = { warehouseId: "W1" }) {
  const { availability } = await service.call(AvailabilityService.method.getAvailability, {
    ...request,
    pageSize: 1_000,
  });
  return new Map(availability.map((stock) => [stock.sku, stock]));
}

function putDealer(dealerId: string, warehouseId: string) {
  return service.call(OperationsService.method.putDealer, { dealer: { dealerId, name: "", warehouseId } });
}

function badField(...fields: string[]) {
  return { code: "INVALID_ARGUMENT", infos: ["holdfast/INVALID_FIELD"], fields };
}

describe("a watch of a warehouse", () => {
  test("begins with a snapshot and goes on with what changes", async () => {
    const watcher = await complete();
    expect(watcher.words).toEqual(["snapshot"]);
    expect(watcher.stocks).toEqual(await fresh());
    await service.hold("A", 30);
    await watcher.until(() => watcher.atp("A") === 70n);
    expect(watcher.words.at(-1)).toBe("changes");
    expect(watcher.told(1)).toEqual(["A"]);
    await service.receive("C", 7);
    await watcher.until(() => watcher.atp("C") === 7n);
    expect(watcher.stocks).toEqual(await fresh());
  });

  test("is told as soon as the answer that caused it", async () => {
    const watcher = await complete();
    for (let unit = 1; unit <= 20; unit++) await service.hold("A", 1);
    await watcher.until(() => watcher.atp("A") === 80n);
    expect(watcher.stocks.get("A")).toMatchObject({ reserved: 20n, onHand: 100n, version: 21n });
  });

  test("of a warehouse without stocks begins with an empty snapshot", async () => {
    await putDealer("D9", "W9");
    const watcher = await complete({ warehouseId: "W9" });
    expect(watcher.messages).toHaveLength(1);
    await service.receive("A", 5, "W9");
    await watcher.until(() => watcher.atp("A") === 5n);
  });

  test("of many stocks is told in bounded parts, complete with the last", async () => {
    const events = Array.from({ length: 700 }, (_, index) => ({
      source: "wms",
      sequence: BigInt(index + 1),
      eventId: `wms-${index}`,
      body: { case: "stockReceived" as const, value: { warehouseId: "W2", sku: `S${index}`, quantity: 9n } },
    }));
    await service.events(events);
    const watcher = await complete({ warehouseId: "W2" });
    expect(watcher.words).toEqual(["snapshot", "snapshot", "snapshot"]);
    const ends = watcher.messages.map(({ event }) => event.case === "batch" && event.value.snapshotComplete);
    expect(ends).toEqual([false, false, true]);
    expect(watcher.stocks).toEqual(await fresh({ warehouseId: "W2" }));
    const middle = watch({ warehouseId: "W2", cursor: watcher.messages[0]!.cursor });
    await middle.until(() => middle.isComplete);
    expect([...watcher.told().slice(0, 256), ...middle.told()]).toEqual(watcher.told());
  });

  test("hears of what every stock inherits", async () => {
    const watcher = await complete();
    const policy = { warehouseId: "W1", safetyStock: 10n };
    await service.call(OperationsService.method.putPolicy, { policy });
    await watcher.until(() => watcher.atp("A") === 90n && watcher.atp("B") === 40n);
    expect(watcher.stocks).toEqual(await fresh());
    expect(watcher.words).not.toContain("reset WAREHOUSE_REASSIGNED");
  });

  test("that does not exist is refused, and so is a question that is none", async () => {
    const refused = (request: Request) => refusalOf(watch(request).ended);
    expect(await refused({ warehouseId: "W7" })).toMatchObject({ infos: ["holdfast/WAREHOUSE_NOT_FOUND"] });
    expect(await refused({ dealerId: "D7" })).toMatchObject({ infos: ["holdfast/DEALER_NOT_FOUND"] });
    expect(await refused({})).toMatchObject(badField("dealer_id", "warehouse_id"));
    expect(await refused({ dealerId: "D1", warehouseId: "W1" })).toMatchObject(badField("dealer_id", "warehouse_id"));
    expect(await refused({ warehouseId: "W1", skus: ["A", ""] })).toMatchObject(badField("skus[1]"));
    const many = Array.from({ length: 1_001 }, (_, index) => `S${index}`);
    expect(await refused({ warehouseId: "W1", skus: many })).toMatchObject({ infos: ["holdfast/LIMIT_EXCEEDED"] });
  });

  test("ends with the service, which says so", async () => {
    const watcher = await complete();
    const ended = refusalOf(watcher.ended);
    await service.restart();
    expect(await ended).toMatchObject({ code: "UNAVAILABLE", infos: ["holdfast/SHUTTING_DOWN"] });
  });
});

describe("a cursor", () => {
  test("goes on with what has changed since, and nothing else", async () => {
    const before = await complete();
    before.cancel();
    await service.hold("B", 5);
    const after = await resumed(before);
    expect(after.words).toEqual(["changes"]);
    expect(after.told()).toEqual(["B"]);
    expect(after.stocks).toEqual(await fresh());
  });

  test("is answered at once where nothing has changed", async () => {
    const before = await complete();
    const after = await resumed(before);
    expect(after.words).toEqual(["heartbeat"]);
    const again = await resumed(after);
    expect(again.words).toEqual(["heartbeat"]);
  });

  test("is good after a restart, without a snapshot", async () => {
    const before = await complete();
    await service.hold("B", 5);
    await service.restart();
    await service.hold("B", 5);
    const after = await resumed(before);
    await after.until(() => after.atp("B") === 40n);
    expect(after.words).not.toContain("snapshot");
    expect(after.stocks).toEqual(await fresh());
    // Of both sides of the restart: what came in the same millisecond as the last that was told may be told again.
    const again = await resumed(after);
    expect(again.words).toEqual(["heartbeat"]);
  });

  test("is good after what every stock inherits changed over a restart", async () => {
    const before = await complete();
    before.cancel();
    await service.call(OperationsService.method.putPolicy, { policy: { warehouseId: "W1", safetyStock: 1n } });
    await service.restart();
    const after = await resumed(before);
    expect([...after.told()].sort()).toEqual(["A", "B"]);
    expect(after.stocks).toEqual(await fresh());
  });

  test("of another question, or that is none, is refused", async () => {
    const watcher = await complete();
    const { cursor } = watcher;
    const refused = (request: Request) => refusalOf(watch(request).ended);
    for (const bad of ["x", cursor.slice(1), `${cursor}A`, `${cursor[0] === "B" ? "C" : "B"}${cursor.slice(1)}`]) {
      expect(await refused({ warehouseId: "W1", cursor: bad })).toMatchObject(badField("cursor"));
    }
    expect(await refused({ warehouseId: "W1", skus: ["A"], cursor })).toMatchObject(badField("cursor"));
    await putDealer("D1", "W1");
    expect(await refused({ dealerId: "D1", cursor })).toMatchObject(badField("cursor"));
  });

  test("of another installation is reset, with a snapshot", async () => {
    const elsewhere = await ServiceHarness.start();
    await elsewhere.receive("Z", 1);
    const watcher = watch({ warehouseId: "W1" }, undefined, elsewhere);
    await watcher.until(() => watcher.isComplete);
    const { cursor } = watcher;
    watcher.cancel();
    await elsewhere.stop();
    const here = watch({ warehouseId: "W1", cursor });
    await here.until(() => here.isComplete);
    expect(here.words).toEqual(["reset CURSOR_TOO_OLD", "snapshot"]);
    expect(here.stocks).toEqual(await fresh());
  });
});

describe("a watch of some SKUs", () => {
  test("is told of these and no others, and zeros for those that nobody has seen", async () => {
    const watcher = await complete({ warehouseId: "W1", skus: ["B", "new", "B"] });
    expect(watcher.told()).toEqual(["B", "new"]);
    expect(watcher.stocks.get("new")).toMatchObject({ version: 0n, availableToPromise: 0n });
    await service.hold("A", 1);
    await service.receive("new", 3);
    await watcher.until(() => watcher.atp("new") === 3n);
    await service.hold("B", 1);
    await watcher.until(() => watcher.atp("B") === 49n);
    expect(watcher.told(1)).toEqual(["new", "B"]);
  });

  test("goes on from its cursor", async () => {
    const request = { warehouseId: "W1", skus: ["B", "new"] };
    const before = await complete(request);
    before.cancel();
    await service.receive("new", 3);
    await service.hold("A", 1);
    const after = await resumed(before, request);
    expect(after.told()).toEqual(["new"]);
    await service.restart();
    await service.hold("B", 1);
    const again = await resumed(after, { ...request, skus: ["new", "B"] });
    await again.until(() => again.atp("B") === 49n);
    expect(again.told()).not.toContain("A");
  });
});

describe("a watch of a dealer", () => {
  test("tells what a dealer may know of his warehouse, as reading does", async () => {
    await putDealer("D1", "W1");
    const watcher = await complete({ dealerId: "D1" });
    expect(watcher.stocks).toEqual(await fresh({ dealerId: "D1" }));
    expect(watcher.stocks.get("A")).toMatchObject({ onHand: 0n, availableToPromise: 100n });
    await service.hold("A", 1);
    await watcher.until(() => watcher.atp("A") === 99n);
    expect(watcher.stocks.get("A")!.reserved).toBe(0n);
  });

  test("follows him to another warehouse, open or with a cursor", async () => {
    await service.receive("C", 3, "W2");
    await putDealer("D1", "W1");
    const open = await complete({ dealerId: "D1" });
    const closed = await complete({ dealerId: "D1" });
    closed.cancel();
    await putDealer("D1", "W2");
    await open.until(() => open.atp("C") === 3n);
    expect(open.words).toEqual(["snapshot", "reset WAREHOUSE_REASSIGNED", "snapshot"]);
    expect([...open.stocks.keys()]).toEqual(["C"]);
    const after = watch({ dealerId: "D1", cursor: closed.cursor });
    await after.until(() => after.isComplete);
    expect(after.words).toEqual(["reset WAREHOUSE_REASSIGNED", "snapshot"]);
    await service.hold("A", 1, { dealerId: "D2" });
    await service.hold("C", 1, { warehouseId: "W2" });
    await open.until(() => open.atp("C") === 2n);
    expect(open.stocks).toEqual(await fresh({ dealerId: "D1" }));
  });
});
