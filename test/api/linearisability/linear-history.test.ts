import { describe, expect, test } from "vitest";
import { type Effect, linearise, type Operation } from "./linear-history.js";

/** Operations one after the other. */
function inTurn(...effects: readonly Effect[]): readonly Operation[] {
  return effects.map((effect, index) => ({ ...effect, calledAt: index * 2, answeredAt: index * 2 + 1 }));
}

/** Operations all under way at once. */
function atOnce(...effects: readonly Effect[]): readonly Operation[] {
  return effects.map((effect, index) => ({ ...effect, calledAt: index, answeredAt: 100 + index }));
}

const take = (quantity: number): Effect => ({ kind: "reserved", quantity });
const see = (available: number): Effect => ({ kind: "read", available });
const refuse = (quantity: number, available: number): Effect => ({ kind: "rejected", quantity, available });

describe("a history of one stock", () => {
  test("is explained by the order of its answers where nothing overlaps", () => {
    expect(linearise(inTurn(take(3), see(2), refuse(3, 2), { kind: "released", quantity: 3 }, see(5)), 5)).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });

  test("is explained by another order where operations overlap", () => {
    expect(linearise(atOnce(see(2), take(3)), 5)).toEqual([1, 0]);
    expect(linearise(atOnce(refuse(4, 1), { kind: "received", quantity: 4 }, take(4), see(1)), 5)).toBeDefined();
  });

  test.each<[string, readonly Operation[]]>([
    ["the last unit was sold twice", atOnce(take(5), take(1))],
    ["a read is stale after an answer", inTurn(take(3), see(5))],
    ["a rejection saw what was not there", atOnce(refuse(6, 4), see(5))],
    ["a rejection although there was enough", atOnce(refuse(2, 5))],
    ["two reads saw two changes in two orders", [...atOnce(take(1), take(2)), ...inTurn(see(4), see(3))]],
    ["a release was forgotten", inTurn(take(5), { kind: "released", quantity: 5 }, see(0))],
  ])("is not explained when %s", (_, history) => {
    expect(linearise(history, 5)).toBeUndefined();
  });
});
