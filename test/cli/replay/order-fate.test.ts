import { describe, expect, test } from "vitest";
import { fateOf, type Shares } from "../../../src/cli/replay/order-fate.js";
import { planReplay } from "../../../src/cli/replay/replay-plan.js";
import { worldOf } from "../../../src/cli/replay/replay-world.js";

const SHARES: Shares = { partial: 0.5, commit: 0.7, expire: 0.5, dispatch: 0.6 };
const ORDERS = Array.from({ length: 2_000 }, (_, number) => ({ orderId: String(number), customerId: "c" }));

function shareOf(predicate: (fate: ReturnType<typeof fateOf>) => boolean, shares = SHARES): number {
  return ORDERS.filter((order) => predicate(fateOf(order, "1", shares))).length / ORDERS.length;
}

describe("the fate of an order", () => {
  test("is the same for the same seed, and another for another", () => {
    const fates = (seed: string) => ORDERS.map((order) => fateOf(order, seed, SHARES));
    expect(fates("1")).toEqual(fates("1"));
    expect(fates("1")).not.toEqual(fates("2"));
  });

  test("falls as often as the shares say", () => {
    expect(shareOf(({ partial }) => partial)).toBeCloseTo(0.5, 1);
    expect(shareOf(({ ending }) => ending.startsWith("commit"))).toBeCloseTo(0.7, 1);
    expect(shareOf(({ ending }) => ending === "expire")).toBeCloseTo(0.15, 1);
    expect(shareOf(({ dispatch }) => dispatch !== "none")).toBeCloseTo(0.6, 1);
  });

  test("takes every form", () => {
    const forms = <T>(of: (fate: ReturnType<typeof fateOf>) => T) =>
      new Set(ORDERS.map((order) => of(fateOf(order, "1", SHARES))));
    expect(forms(({ ending }) => ending)).toEqual(
      new Set(["commit at once", "commit", "commit half", "expire", "hold"]),
    );
    expect(forms(({ dispatch }) => dispatch)).toEqual(new Set(["none", "whole", "two halves", "first half"]));
    expect(forms(({ dispatchBy }) => dispatchBy)).toEqual(new Set(["reservation", "order"]));
  });

  test("with shares of 0 nothing happens, with shares of 1 everything", () => {
    const none = { partial: 0, commit: 0, expire: 0, dispatch: 0 };
    expect(shareOf(({ partial, ending, dispatch }) => !partial && ending === "hold" && dispatch === "none", none)).toBe(
      1,
    );
    const all = { partial: 1, commit: 1, expire: 1, dispatch: 1 };
    expect(shareOf((fate) => fate.partial && fate.ending.startsWith("commit") && fate.dispatch !== "none", all)).toBe(
      1,
    );
  });
});

describe("the world of a replay", () => {
  const placedAt = "2010-12-01T08:00:00Z";
  const plan = planReplay([
    { orderId: "1", placedAt, customerId: "a", sku: "10001", quantity: 6 },
    { orderId: "1", placedAt, customerId: "a", sku: "10001", quantity: 4 },
    { orderId: "2", placedAt, customerId: "b", sku: "10001", quantity: 3 },
    { orderId: "3", placedAt, customerId: "c", sku: "10002", quantity: 1 },
    { orderId: "4", placedAt, customerId: "d", sku: "10001", quantity: 5 },
    { orderId: "C5", placedAt, customerId: "a", sku: "10001", quantity: -100 },
  ]);

  test("spreads the customers over three warehouses and stocks the share of what is ordered there", () => {
    const { dealers, stocks } = worldOf(plan, { runId: "r", stockShare: 0.8 });
    expect([...dealers.values()].map(({ warehouseId }) => warehouseId)).toEqual(
      [1, 2, 3, 1].map((number) => `r-warehouse-${number}`),
    );
    expect(stocks).toEqual([
      { warehouseId: "r-warehouse-1", sku: "10001", units: 12 },
      { warehouseId: "r-warehouse-2", sku: "10001", units: 2 },
      { warehouseId: "r-warehouse-3", sku: "10002", units: 1 },
    ]);
  });

  test("knows a stock of which there is nothing", () => {
    const { stocks } = worldOf(plan, { runId: "r", stockShare: 0 });
    expect(stocks.map(({ units }) => units)).toEqual([0, 0, 0]);
  });

  test("shares no name with another run", () => {
    const namesOf = (runId: string): string[] => {
      const { source, warehouseIds, dealers } = worldOf(plan, { runId, stockShare: 1 });
      return [source, ...warehouseIds, ...[...dealers.values()].map(({ dealerId }) => dealerId)];
    };
    expect(namesOf("one").filter((name) => namesOf("two").includes(name))).toEqual([]);
  });
});
