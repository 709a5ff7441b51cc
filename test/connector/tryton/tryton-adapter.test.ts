import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OrderEvent, OrderEventSchema, OrderEventType } from "../../../src/client/index.js";
import { SYSTEM_RETRY_ENVIRONMENT } from "../../../src/client/retry.js";
import type { Changes, ErpChange, ErpPosition } from "../../../src/connector/erp-adapter.js";
import { ErpGuard } from "../../../src/connector/erp-guard.js";
import { TrytonAdapter, type TrytonSettings } from "../../../src/connector/tryton/tryton-adapter.js";
import { type FakeMove, FakeTryton, OTHER, PLACES } from "./fake-tryton.js";

const LIMITS = {
  timeoutMs: 10_000,
  attemptsMax: 1,
  concurrentMax: 2,
  requestsPerSecondMax: 100_000,
  breakAfterFailures: 100,
  breakForMs: 1,
};
const SECOND = 1_000_000;
const OVERLAP_MS = 10_000;
const { signal } = new AbortController();

let tryton: FakeTryton;
let url: string;

beforeEach(async () => {
  tryton = new FakeTryton();
  url = await tryton.listen();
});
afterEach(() => tryton.close());

function adapter(settings: Partial<TrytonSettings> = {}): TrytonAdapter {
  const guard = new ErpGuard(LIMITS, { responded: () => {}, circuitChanged: () => {} }, SYSTEM_RETRY_ENVIRONMENT);
  const access = { url, database: "erp", user: "holdfast", password: "right" };
  return new TrytonAdapter({ ...access, overlapMs: OVERLAP_MS, customer: undefined, ...settings }, guard);
}

/** A move that is done, from the supplier into storage unless it says otherwise. */
function move(id: number, second: number, more: Partial<FakeMove> = {}): FakeMove {
  const { supplier, storage } = PLACES;
  return {
    id,
    state: "done",
    from: supplier,
    to: storage,
    product: 1,
    quantity: 1,
    changedAt: second * SECOND,
    ...more,
  };
}

async function readAll(from: TrytonAdapter, cursor?: string, eventsMax = 100) {
  const events: ErpChange[] = [];
  let next = cursor;
  for (;;) {
    const changes: Changes = await from.changes(next, { eventsMax, signal });
    events.push(...changes.events);
    next = changes.cursor;
    if (!changes.hasMore) return { events, cursor: next, ids: events.map(({ eventId }) => eventId) };
  }
}

describe("done moves", () => {
  const { supplier, customer, storage, output, shelf, lost, input } = PLACES;

  test.each([
    ["from a supplier", supplier, storage, [["stockReceived", { warehouseId: "WH", quantity: 4n }]]],
    ["from the input zone", input, shelf, [["stockReceived", { warehouseId: "WH", quantity: 4n }]]],
    ["into the input zone alone", supplier, input, []],
    ["within the warehouse", shelf, output, []],
    ["to a customer", output, customer, [["orderDispatched", { warehouseId: "WH", quantity: 4n, reservationId: "" }]]],
    ["from a customer", customer, storage, [["stockReturned", { warehouseId: "WH", quantity: 4n }]]],
    ["lost", storage, lost, [["stockAdjusted", { delta: -4n, reason: "to lost_found" }]]],
    ["found", lost, storage, [["stockAdjusted", { delta: 4n, reason: "from lost_found" }]]],
    ["back to a supplier", storage, supplier, [["stockAdjusted", { delta: -4n, reason: "to supplier" }]]],
    [
      "to another warehouse",
      storage,
      OTHER.storage,
      [
        ["stockAdjusted", { warehouseId: "WH", delta: -4n, reason: "to storage" }],
        ["stockReceived", { warehouseId: "place 15", quantity: 4n }],
      ],
    ],
  ])("%s", async (_, from, to, expected) => {
    tryton.moves.push(move(1, 100, { from, to, quantity: 4 }));
    const { events } = await readAll(adapter());
    expect(events.map(({ body }) => [body.case, body.value])).toMatchObject(expected);
  });

  test("that are no whole number are told as an event that Holdfast cannot take, so that an operator sees them", async () => {
    tryton.moves.push(move(1, 100, { quantity: 2.5 }));
    const { events } = await readAll(adapter());
    expect(events[0]?.body).toMatchObject({
      case: "stockReceived",
      value: { sku: "bolt", quantity: 0n, reference: "Tryton's move 1: 2.5 is no whole number of units" },
    });
  });

  test("of our shipments are dispatches of their reservations, those of others of none", async () => {
    tryton.shipments.push(
      { id: 1, reference: "holdfast:r-1", state: "done", moves: [] },
      { id: 2, reference: "PO 7", state: "done", moves: [] },
    );
    const leaving = { from: output, to: customer };
    tryton.moves.push(
      move(1, 100, { ...leaving, shipment: "stock.shipment.out,1" }),
      move(2, 101, { ...leaving, shipment: "stock.shipment.out,2" }),
      move(3, 102, { ...leaving, shipment: "stock.shipment.in.return,1" }),
    );
    const { events } = await readAll(adapter());
    expect(events.map(({ body }) => body.value)).toMatchObject([
      { reservationId: "r-1" },
      { reservationId: "" },
      { reservationId: "" },
    ]);
  });

  test("of a product without a code have a name of their own", async () => {
    tryton.moves.push(move(1, 100, { product: 3 }));
    expect((await readAll(adapter())).events[0]?.body.value).toMatchObject({ sku: "#3" });
  });
});

describe("the cursor", () => {
  test.each([1, 2, 3, 7, 1_000])(
    "leaves out none of many moves of one moment, %d events at a time",
    async (eventsMax) => {
      for (let id = 1; id <= 25; id++) tryton.moves.push(move(id, 100));
      const { ids } = await readAll(adapter(), undefined, eventsMax);
      expect(ids).toEqual(tryton.moves.map(({ id }) => `move-${id}-in`));
    },
  );

  test("finds a move that was committed late, with a time before those that were read", async () => {
    tryton.moves.push(move(2, 100), move(3, 105));
    const first = await readAll(adapter());
    tryton.moves.push(move(1, 96));
    const again = await readAll(adapter(), first.cursor);
    expect(again.ids).toEqual(["move-1-in"]);
    expect((await readAll(adapter(), again.cursor)).ids).toEqual([]);
  });

  test("goes back by the overlap also in a run that has read on without a pause", async () => {
    for (let id = 1; id <= 9; id++) tryton.moves.push(move(id, 100 + id));
    const reader = adapter();
    const first = await readAll(reader, undefined, 2);
    tryton.moves.push(move(10, 103));
    expect((await readAll(reader, first.cursor, 2)).ids).toEqual(["move-10-in"]);
  });

  test("tells a move once that is written again long after it was done", async () => {
    tryton.moves.push(move(1, 100), move(2, 101));
    const first = await readAll(adapter());
    tryton.moves[0]!.changedAt = 900 * SECOND;
    tryton.moves.push(move(3, 901));
    expect((await readAll(adapter(), first.cursor)).ids).toEqual(["move-3-in"]);
  });

  test("waits for a move that is not done yet, and stays short over those that never will be", async () => {
    tryton.moves.push(
      move(1, 100),
      move(2, 100, { state: "draft" }),
      move(3, 100, { state: "cancelled" }),
      move(4, 101),
    );
    const first = await readAll(adapter());
    expect(first.ids).toEqual(["move-1-in", "move-4-in"]);
    expect(JSON.parse(first.cursor!)).toEqual({ newest: 101 * SECOND, handled: "1,3-4" });
    Object.assign(tryton.moves[1]!, { state: "done", changedAt: 200 * SECOND });
    const second = await readAll(adapter(), first.cursor);
    expect(second.ids).toEqual(["move-2-in"]);
    expect(JSON.parse(second.cursor!)).toEqual({ newest: 200 * SECOND, handled: "1-4" });
  });
});

test("the present cursor is the one that reading everything comes to", async () => {
  expect(await adapter().presentCursor(signal)).toBeUndefined();
  for (let id = 1; id <= 1_005; id++) tryton.moves.push(move(id, 100 + (id % 7)));
  const { cursor } = await readAll(adapter());
  expect(await adapter().presentCursor(signal)).toBe(cursor);
});

describe("the session", () => {
  test("that ran out is made anew, and nothing is asked twice", async () => {
    tryton.moves.push(move(1, 100));
    const reader = adapter();
    const first = await readAll(reader);
    tryton.expireSession();
    tryton.moves.push(move(2, 101));
    expect((await readAll(reader, first.cursor)).ids).toEqual(["move-2-in"]);
    expect(tryton.sessions).toBe(2);
  });

  test("with a wrong password fails without telling it", async () => {
    const failure = await adapter({ password: "wrong secret" })
      .health(signal)
      .catch((error: Error) => error);
    expect(failure).toMatchObject({
      code: "ERP_UNAVAILABLE",
      message: expect.stringMatching(/does not let user holdfast in/),
    });
    expect(JSON.stringify(failure) + String(failure)).not.toContain("wrong secret");
  });
});

describe("positions", () => {
  async function positions(warehouseId?: string, skus?: string[]): Promise<ErpPosition[]> {
    const stocks = skus?.map((sku) => ({ warehouseId: "WH", sku }));
    const pages: ErpPosition[] = [];
    for await (const page of adapter().positions({ runId: "r", warehouseId, stocks }, signal)) pages.push(...page);
    return pages;
  }

  test("are what the moves that were told add up to, warehouse by warehouse", async () => {
    tryton.moves.push(
      move(1, 100, { quantity: 10 }),
      move(2, 101, { from: PLACES.shelf, to: PLACES.output, quantity: 3 }),
      move(3, 102, { from: PLACES.storage, to: OTHER.storage, quantity: 2 }),
      move(4, 103, { to: PLACES.input, quantity: 50 }),
    );
    const nonZero = (await positions()).filter(({ onHand }) => onHand !== 0n);
    expect(nonZero).toEqual([
      { warehouseId: "WH", sku: "bolt", onHand: 8n, unavailable: 0n },
      { warehouseId: "place 15", sku: "bolt", onHand: 2n, unavailable: 0n },
    ]);
  });

  test("can be asked of one warehouse, and of single stocks", async () => {
    expect((await positions("WH")).map(({ sku }) => sku)).toEqual(["bolt", "nut", "#3"]);
    expect((await positions(undefined, ["nut"])).map(({ warehouseId, sku }) => [warehouseId, sku])).toEqual([
      ["WH", "nut"],
    ]);
  });
});

describe("orders", () => {
  function committed(more: Partial<OrderEvent> = {}): OrderEvent {
    return create(OrderEventSchema, {
      eventId: "e",
      type: OrderEventType.COMMITTED,
      reservationId: "r-1",
      dealerId: "d-1",
      warehouseId: "WH",
      lines: [
        { sku: "bolt", quantity: 5n, remaining: 5n },
        { sku: "nut", quantity: 2n, remaining: 2n },
      ],
      ...more,
    } as Parameters<typeof create<typeof OrderEventSchema>>[1]);
  }

  const asOrdered = {
    reference: "holdfast:r-1",
    state: "waiting",
    moves: [
      { sku: "bolt", quantity: 5 },
      { sku: "nut", quantity: 2 },
    ],
  };

  test("become one shipment, however often they are told", async () => {
    await adapter().deliverOrder(committed(), signal);
    await adapter().deliverOrder(committed(), signal);
    expect(tryton.shipments).toEqual([{ id: 1, ...asOrdered }]);
  });

  test.each(["model.stock.shipment.out.create", "model.stock.shipment.out.wait"])(
    "become one shipment though the answer to %s is lost",
    async (method) => {
      let lost = 0;
      tryton.after = (called) => {
        if (called === method && ++lost === 1) throw new Error("the line broke");
      };
      await expect(adapter().deliverOrder(committed(), signal)).rejects.toMatchObject({ code: "ERP_UNAVAILABLE" });
      await adapter().deliverOrder(committed(), signal);
      expect(lost).toBeGreaterThan(0);
      expect(tryton.shipments).toEqual([{ id: 1, ...asOrdered }]);
    },
  );

  test("that were made twice, since Tryton finished a request that was given up, are cancelled but for the first", async () => {
    for (const id of [1, 2]) tryton.shipments.push({ id, reference: "holdfast:r-1", state: "draft", moves: [] });
    await adapter().deliverOrder(committed(), signal);
    expect(tryton.shipments.map(({ state }) => state)).toEqual(["waiting", "cancelled"]);
  });

  test.each([
    ["a dealer that is no party", { dealerId: "d-9" }, /no party with the code d-9/],
    ["a warehouse that is none", { warehouseId: "moon" }, /no warehouse moon/],
    ["a product that is none", { lines: [{ sku: "cog", quantity: 1n, remaining: 1n }] as never }, /no product cog/],
  ])("of %s are refused, and nothing is made", async (_, more, message) => {
    await expect(adapter().deliverOrder(committed(more), signal)).rejects.toMatchObject({
      code: "ERP_REFUSED",
      message: expect.stringMatching(message),
    });
    expect(tryton.shipments).toEqual([]);
  });

  test("that Tryton refuses are refused with its words, what fails in it is not", async () => {
    tryton.before = (method) => (method.endsWith("create") ? ["UserError", ["No more.", ""]] : undefined);
    await expect(adapter().deliverOrder(committed(), signal)).rejects.toMatchObject({
      code: "ERP_REFUSED",
      message: "Tryton refuses model.stock.shipment.out.create: No more.",
    });
    tryton.before = (method) => (method.endsWith("create") ? ["database is locked", ""] : undefined);
    await expect(adapter().deliverOrder(committed(), signal)).rejects.toMatchObject({ code: "ERP_UNAVAILABLE" });
  });

  test("that end before they became shipments are nothing to Tryton", async () => {
    await adapter().deliverOrder(committed({ type: OrderEventType.RELEASED }), signal);
    await adapter().deliverOrder(committed({ type: OrderEventType.DISPATCHED }), signal);
    expect(tryton.shipments).toEqual([]);
  });
});
