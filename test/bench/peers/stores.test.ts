/** One set of properties for both peers: the race is fair only if they keep the promises that Holdfast keeps. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPeer, type PeerProgram } from "../../../scripts/bench/peers/instances/find-programs.js";
import { startPostgres } from "../../../scripts/bench/peers/instances/postgres-instance.js";
import { startRedis } from "../../../scripts/bench/peers/instances/redis-instance.js";
import type { StoreInstance } from "../../../scripts/bench/peers/instances/store-instance.js";
import type { GrantedHold, PeerStore, ReserveOrder } from "../../../scripts/bench/peers/stores/peer-store.js";
import { PostgresStore } from "../../../scripts/bench/peers/stores/postgres-store.js";
import { RedisStore } from "../../../scripts/bench/peers/stores/redis-store.js";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Over as soon as it is granted. */
const NO_HOLD_MS = 0;
const WAREHOUSE = "W1";

const peers = [
  {
    name: "postgres",
    start: startPostgres,
    open: (instance: StoreInstance) => PostgresStore.open(instance.address, 8),
  },
  { name: "redis", start: startRedis, open: (instance: StoreInstance) => RedisStore.open(instance.address, 2) },
] as const;

let requests = 0;

/** An order with an id of its own for one unit of "A", changed as told. */
function order(changes: Partial<ReserveOrder> = {}): ReserveOrder {
  const requestId = `request-${++requests}`;
  const lines = [{ sku: "A", quantity: 1 }];
  const fixed = { dealerId: "dealer", orderId: "order", warehouseId: WAREHOUSE, holdMs: DAY_MS };
  return { ...fixed, requestId, content: "same", lines, ...changes };
}

const change = (hold: GrantedHold, changes: { requestId?: string; content?: string; dealerId?: string } = {}) => ({
  dealerId: "dealer",
  requestId: `request-${++requests}`,
  content: "same",
  reservationId: hold.reservationId,
  ...changes,
});

for (const { name, start, open } of peers) {
  const program = findPeer(name);
  if (program.kind === "missing") {
    test.skip(`the ${name} peer keeps the contract (SKIPPED: ${program.reason})`, () => {});
    continue;
  }
  describe(`the ${name} peer`, () => describePeer(program, start, open));
}

function describePeer(
  program: PeerProgram,
  start: (program: PeerProgram, folder: string) => Promise<StoreInstance>,
  open: (instance: StoreInstance) => Promise<PeerStore>,
): void {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-peer-"));
  let store: PeerStore;
  let instance: StoreInstance;
  let stocks = 0;

  beforeAll(async () => {
    instance = await start(program, folder);
    store = await open(instance);
  });

  afterAll(async () => {
    await store?.close();
    await instance?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A stock of its own for each test. */
  async function stocked(quantity: number): Promise<string> {
    const sku = `S${++stocks}`;
    await store.receive(WAREHOUSE, sku, quantity);
    return sku;
  }

  async function figures(sku: string) {
    const found = (await store.readStock(WAREHOUSE)).find((stock) => stock.sku === sku)!;
    return [found.onHand, found.reserved, found.committed, found.unitsOfReservations];
  }

  async function granted(changes: Partial<ReserveOrder>): Promise<GrantedHold> {
    const decision = await store.reserve(order(changes));
    if (decision.kind !== "granted") throw new Error(`not granted: ${JSON.stringify(decision)}`);
    return decision;
  }

  test("grants what is there and rejects what is not, with what there is", async () => {
    const sku = await stocked(5);
    const hold = await granted({ lines: [{ sku, quantity: 3 }] });
    expect(hold.expiresAtMs - hold.createdAtMs).toBe(DAY_MS);
    expect(await store.reserve(order({ lines: [{ sku, quantity: 3 }] }))).toEqual({ kind: "short", available: [2] });
    expect(await figures(sku)).toEqual([5, 3, 0, 3]);
  });

  test("a request sent again gets the first decision, granted or short, and moves nothing", async () => {
    const sku = await stocked(2);
    const first = order({ lines: [{ sku, quantity: 2 }] });
    const hold = await store.reserve(first);
    expect(hold.kind).toBe("granted");
    const second = order({ lines: [{ sku, quantity: 1 }] });
    const short = await store.reserve(second);
    expect(short).toEqual({ kind: "short", available: [0] });
    await store.release(change(hold as GrantedHold));
    expect(await store.reserve(first)).toEqual(hold);
    expect(await store.reserve(second)).toEqual(short);
    expect(await figures(sku)).toEqual([2, 0, 0, 0]);
  });

  test("a request_id with other content is refused, over all methods", async () => {
    const sku = await stocked(2);
    const first = order({ lines: [{ sku, quantity: 1 }] });
    const hold = (await store.reserve(first)) as GrantedHold;
    const reused = { kind: "refused", reason: "REQUEST_ID_REUSED" };
    expect(await store.reserve({ ...first, content: "else" })).toEqual(reused);
    expect(await store.commit(change(hold, { requestId: first.requestId, content: "else" }))).toEqual(reused);
    expect(await figures(sku)).toEqual([2, 1, 0, 1]);
  });

  test("one request sent many times at once is decided once", async () => {
    const sku = await stocked(100);
    const same = order({ lines: [{ sku, quantity: 1 }] });
    const decisions = await Promise.all(Array.from({ length: 20 }, () => store.reserve(same)));
    for (const decision of decisions) expect(decision).toEqual(decisions[0]);
    expect(await figures(sku)).toEqual([100, 1, 0, 1]);
  });

  test("all lines of an order are granted, or none", async () => {
    const [plenty, scarce] = [await stocked(10), await stocked(1)];
    const lines = [plenty, scarce].map((sku) => ({ sku, quantity: 2 }));
    expect(await store.reserve(order({ lines }))).toEqual({ kind: "short", available: [10, 1] });
    expect(await figures(plenty)).toEqual([10, 0, 0, 0]);
    expect(await figures(scarce)).toEqual([1, 0, 0, 0]);
  });

  test("a SKU that was never seen is refused, and nothing of it is remembered", async () => {
    const unseen = order({ lines: [{ sku: "later", quantity: 1 }] });
    expect(await store.reserve(unseen)).toEqual({ kind: "refused", reason: "SKU_NOT_FOUND" });
    await store.receive(WAREHOUSE, "later", 1);
    expect(await store.reserve(unseen)).toMatchObject({ kind: "granted" });
  });

  test("a hold whose time is over does not count, and can be neither committed nor released", async () => {
    const [one, other] = [await stocked(2), await stocked(2)];
    const lines = [one, other].map((sku) => ({ sku, quantity: 2 }));
    const hold = await granted({ lines, holdMs: NO_HOLD_MS });
    expect(await store.commit(change(hold))).toEqual({ kind: "refused", reason: "RESERVATION_EXPIRED" });
    await granted({ lines });
    expect(await store.release(change(hold))).toEqual({ kind: "refused", reason: "RESERVATION_EXPIRED" });
    expect(await figures(one)).toEqual([2, 2, 0, 2]);
    expect(await figures(other)).toEqual([2, 2, 0, 2]);
  });

  test("due holds end by themselves, without a reserve", async () => {
    const sku = await stocked(2);
    await granted({ lines: [{ sku, quantity: 2 }], holdMs: NO_HOLD_MS });
    await store.endDueHolds();
    expect(await figures(sku)).toEqual([2, 0, 0, 0]);
  });

  test("commit keeps the units, release frees them, and each is answered again as at first", async () => {
    const sku = await stocked(4);
    const lines = [{ sku, quantity: 3 }];
    const hold = await granted({ lines });
    const commit = change(hold);
    const committed = await store.commit(commit);
    expect(committed).toMatchObject({ kind: "changed", orderId: "order", warehouseId: WAREHOUSE, lines, revision: 2 });
    expect(await figures(sku)).toEqual([4, 0, 3, 3]);
    expect(await store.commit(change(hold))).toEqual({ kind: "refused", reason: "RESERVATION_COMMITTED" });
    const released = await store.release(change(hold));
    expect(released).toMatchObject({ kind: "changed", lines, revision: 3 });
    expect(await store.commit(commit)).toEqual(committed);
    expect(await store.release(change(hold))).toEqual({ kind: "refused", reason: "RESERVATION_RELEASED" });
    expect(await figures(sku)).toEqual([4, 0, 0, 0]);
  });

  test("another dealer's reservation, and one that never was, are not found", async () => {
    const hold = await granted({ lines: [{ sku: await stocked(1), quantity: 1 }] });
    const notFound = { kind: "refused", reason: "RESERVATION_NOT_FOUND" };
    expect(await store.release(change(hold, { dealerId: "someone else" }))).toEqual(notFound);
    expect(await store.commit({ ...change(hold), reservationId: "r1.1.1.none" })).toEqual(notFound);
  });

  test("orders that cross on scarce SKUs, in either order, with holds that end meanwhile, never oversell", async () => {
    const skus = [await stocked(30), await stocked(30), await stocked(30)];
    const crossing = Array.from({ length: 120 }, (_, at) => {
      const lines = [skus[at % 3]!, skus[(at + 1 + (at % 2)) % 3]!].map((sku) => ({ sku, quantity: 1 }));
      return order({ lines, holdMs: at % 4 === 0 ? NO_HOLD_MS : DAY_MS });
    });
    const decisions = await Promise.all(crossing.map((each) => store.reserve(each)));
    expect(decisions.map((decision) => decision.kind)).toContain("short");
    for (const sku of skus) {
      const [, reserved, , units] = await figures(sku);
      expect(reserved).toBe(units);
      expect(reserved).toBeLessThanOrEqual(30);
    }
  });
}
