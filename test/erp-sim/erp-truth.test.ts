import { describe, expect, test } from "vitest";
import { ErpTruth, type TruthEvent, type TruthStock } from "../../scripts/erp-sim/erp-truth.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";

const SIZE = { source: "erp", seed: 7, warehouseIds: ["north", "south"], skus: ["A", "B", "C"], initialUnits: 20 };

function opened(seed = 7): ErpTruth {
  const truth = new ErpTruth({ ...SIZE, seed });
  truth.open(1_000);
  return truth;
}

/** What the events alone say is there. */
function recount(events: readonly TruthEvent[]): Map<string, { onHand: number; unavailable: number }> {
  const figures = new Map<string, { onHand: number; unavailable: number }>();
  for (const { body } of events) {
    const key = `${body.value.warehouseId}/${body.value.sku}`;
    const stock = figures.get(key) ?? { onHand: 0, unavailable: 0 };
    figures.set(key, stock);
    if (body.case === "stockReceived") stock.onHand += body.value.quantity;
    else if (body.case === "stockAdjusted") stock.onHand += body.value.delta;
    else if (body.case === "stockCounted") stock.onHand = body.value.onHand;
    else if (body.case === "stockBlocked") stock.unavailable += body.value.delta;
    else stock.onHand -= body.value.quantity;
  }
  return figures;
}

const figuresOf = (stocks: readonly TruthStock[]) =>
  new Map(
    stocks.map(({ warehouseId, sku, onHand, unavailable }) => [`${warehouseId}/${sku}`, { onHand, unavailable }]),
  );

/** A day of everything that can happen. */
function live(truth: ErpTruth, random: SeededRandom, steps: number): void {
  for (let step = 0; step < steps; step++) {
    const roll = random.below(10);
    if (roll === 0) truth.count(1 + random.below(3), step);
    else if (roll < 6) truth.happen(step);
    else {
      const line = {
        warehouseId: random.pick(SIZE.warehouseIds),
        sku: random.pick(SIZE.skus),
        reservationId: "r",
        dealerId: "d",
      };
      truth.dispatch({ ...line, quantity: 1 + random.below(30) }, step);
    }
  }
}

describe("the simulated ERP's books", () => {
  test("are the sum of their events, whatever happens, and never below 0", () => {
    const seed = chosenSeed();
    const truth = opened(seed);
    live(truth, new SeededRandom(seed), 3_000);
    const events = truth.eventsAfter(0);
    expect(recount(events), `seed ${seed}`).toEqual(figuresOf(truth.stocks()));
    for (const { onHand, unavailable } of truth.stocks()) {
      expect(unavailable, `seed ${seed}`).toBeGreaterThanOrEqual(0);
      expect(onHand, `seed ${seed}`).toBeGreaterThanOrEqual(unavailable);
    }
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
    expect(new Set(events.map(({ body }) => body.case)).size).toBe(5);
  });

  test("are the same for the same seed and calls, and others for another seed", () => {
    const lives = [7, 7, 8].map((seed) => {
      const truth = opened(seed);
      live(truth, new SeededRandom(1), 200);
      return truth.eventsAfter(0);
    });
    expect(lives[1]).toEqual(lives[0]);
    expect(lives[2]).not.toEqual(lives[0]);
  });

  test("ship what is there and not blocked, and no more", () => {
    const truth = opened();
    const { onHand } = truth.stock("north", "A")!;
    const line = { warehouseId: "north", sku: "A", reservationId: "r", dealerId: "d" };
    expect(truth.dispatch({ ...line, quantity: onHand - 1 }, 5)).toBe(onHand - 1);
    expect(truth.dispatch({ ...line, quantity: 4 }, 5)).toBe(1);
    expect(truth.dispatch({ ...line, quantity: 4 }, 5)).toBe(0);
    expect(truth.dispatch({ ...line, sku: "unknown", quantity: 4 }, 5)).toBe(0);
    const last = truth.eventsAfter(truth.lastSequence - 1);
    expect(last.map(({ body }) => body)).toEqual([{ case: "orderDispatched", value: { ...line, quantity: 1 } }]);
  });

  test("drift by 1 to 9 units in as many stocks as told, without an event", () => {
    const truth = opened();
    const before = figuresOf(truth.stocks());
    const { lastSequence } = truth;
    expect(truth.drift(4)).toBe(4);
    const after = figuresOf(truth.stocks());
    const changes = [...after]
      .map(([key, { onHand }]) => Math.abs(onHand - before.get(key)!.onHand))
      .filter((by) => by > 0);
    expect(changes).toHaveLength(4);
    for (const by of changes) expect(by).toBeLessThanOrEqual(9);
    expect(truth.lastSequence).toBe(lastSequence);
    expect(truth.drift(100)).toBe(6);
  });

  test("tell positions that are true at the sequence that they name, while more happens between them", () => {
    const truth = opened();
    const events = truth.eventsAfter(0).length;
    const told = [];
    for (const position of truth.positions({ full: true, warehouseId: "south" })) {
      told.push(position);
      truth.happen(9);
    }
    expect(told.map(({ warehouseId, sku }) => `${warehouseId}/${sku}`)).toEqual(["south/A", "south/B", "south/C"]);
    expect(told[0]!.asOfSequence).toBe(events);
    expect(told[2]!.asOfSequence).toBeGreaterThan(events);
    for (const { warehouseId, sku, onHand, unavailable, asOfSequence } of told) {
      const then = recount(truth.eventsAfter(0).slice(0, asOfSequence)).get(`${warehouseId}/${sku}`);
      expect({ onHand, unavailable }).toEqual(then);
    }
  });

  test("tell of a partial run only what moved since the last", () => {
    const truth = opened();
    expect([...truth.positions({ full: true, warehouseId: "" })]).toHaveLength(6);
    expect([...truth.positions({ full: false, warehouseId: "" })]).toEqual([]);
    truth.dispatch({ warehouseId: "south", sku: "B", quantity: 1, reservationId: "r", dealerId: "d" }, 9);
    expect([...truth.positions({ full: false, warehouseId: "north" })]).toEqual([]);
    expect([...truth.positions({ full: false, warehouseId: "" })]).toMatchObject([{ warehouseId: "south", sku: "B" }]);
  });

  test("give back the events after a sequence until they are forgotten", () => {
    const truth = opened();
    expect(truth.eventsAfter(4).map(({ sequence }) => sequence)).toEqual([5, 6]);
    truth.forgetThrough(3);
    truth.forgetThrough(2);
    expect(truth.eventsAfter(0).map(({ sequence }) => sequence)).toEqual([4, 5, 6]);
    expect(truth.lastSequence).toBe(6);
    truth.forgetThrough(100);
    expect(truth.lastSequence).toBe(6);
  });
});
