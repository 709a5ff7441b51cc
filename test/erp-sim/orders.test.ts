import { expect, test } from "vitest";
import { ORDER_HELP, parseOrder } from "../../scripts/erp-sim/orders.js";

test.each([
  ["lag 5s", { kind: "faults", change: { lagMs: 5_000 } }],
  ["lag 0", { kind: "faults", change: { lagMs: 0 } }],
  ["lose 2%", { kind: "faults", change: { lose: 0.02 } }],
  ["lose 0", { kind: "faults", change: { lose: 0 } }],
  ["repeat 0.01", { kind: "faults", change: { repeat: 0.01 } }],
  ["  Reorder   3 ", { kind: "faults", change: { reorder: 3 } }],
  ["away", { kind: "away" }],
  ["back", { kind: "back" }],
  ["count", { kind: "count", number: 10 }],
  ["count 25", { kind: "count", number: 25 }],
  ["drift 3", { kind: "drift", number: 3 }],
  ["happen", { kind: "happen", number: 1 }],
  ["quiet", { kind: "quiet" }],
  ["quit", { kind: "quit" }],
])("%s is understood", (line, order) => {
  expect(parseOrder(line)).toEqual(order);
});

test.each(["", "lag", "lag five", "lose 101%", "lose -1%", "reorder x", "quit now", "away 5s", "lag 5s 6s", "explode"])(
  '"%s" is refused in words',
  (line) => {
    expect(() => parseOrder(line)).toThrow(/is no|not understood/);
  },
);

test("the help names every order that is understood", () => {
  for (const word of [
    "lag",
    "lose",
    "repeat",
    "reorder",
    "away",
    "back",
    "count",
    "drift",
    "happen",
    "quiet",
    "status",
    "quit",
  ])
    expect(ORDER_HELP).toContain(word);
});
