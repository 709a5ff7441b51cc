/** Coverage and risk (docs/api.md, Shortfall): committed units in order of commit, then holds in order of creation, unit by unit. */
import { describe, expect, test } from "vitest";
import { coveredByLine, coveredByLines, riskChanges } from "../../src/domain/coverage.js";
import type { PartitionEvent, RiskChanged } from "../../src/domain/event.js";
import { applied, committed, given, held, lost, type Scenario, stock } from "./decide/scenario.js";

function risk(reservation: number, atRisk: boolean, line = 0): RiskChanged {
  return { kind: "RiskChanged", reservation, line, atRisk };
}

/** What changes of risk the stock's figures ask for now. */
function changes(scenario: Scenario, ofStock = 1): readonly RiskChanged[] {
  return riskChanges(scenario.state, scenario.state.stocks.get(ofStock)!);
}

/** Held 2, 3, 4 in turn; the last two are committed, the newest first. */
const promised: readonly PartitionEvent[] = [
  ...stock(1, "A", 9),
  held(1, { 1: 2 }),
  held(2, { 1: 3 }),
  held(3, { 1: 4 }),
  committed(3),
  committed(2),
];

describe("coverage", () => {
  test.each([
    [0, [4, 3, 2], []],
    [1, [4, 3, 1], [risk(1, true)]],
    [2, [4, 3, 0], [risk(1, true)]],
    [3, [4, 2, 0], [risk(2, true), risk(1, true)]],
    [5, [4, 0, 0], [risk(2, true), risk(1, true)]],
    [6, [3, 0, 0], [risk(3, true), risk(2, true), risk(1, true)]],
    [9, [0, 0, 0], [risk(3, true), risk(2, true), risk(1, true)]],
    [15, [0, 0, 0], [risk(3, true), risk(2, true), risk(1, true)]],
  ])("with %i of 9 lost covers %j of the commits and the hold", (units, covered, expected) => {
    const scenario = given(...promised, ...(units === 0 ? [] : [lost(1, "A", units)]));
    const figures = scenario.state.stocks.get(1)!;
    expect([3, 2, 1].map((reservation) => coveredByLine(scenario.state, figures, reservation))).toEqual(covered);
    const together = coveredByLines(scenario.state, figures, new Set([1, 2, 3, 4]));
    expect([3, 2, 1, 4].map((reservation) => together.get(reservation))).toEqual([...covered, undefined]);
    expect(changes(scenario)).toEqual(expected);
  });

  test("a later line that fits into what is left is not covered past an earlier one that does not", () => {
    const scenario = given(
      ...stock(1, "A", 6),
      held(1, { 1: 4 }),
      held(2, { 1: 1 }),
      held(3, { 1: 1 }),
      lost(1, "A", 3),
    );
    expect(changes(scenario)).toEqual([risk(1, true), risk(2, true), risk(3, true)]);
  });

  test("demand from elsewhere and blocked units come off first", () => {
    const demand = { kind: "DemandAllocated", warehouseId: "W1", sku: "A", delta: 1, reference: "" } as const;
    const blocked = { kind: "StockBlocked", warehouseId: "W1", sku: "A", delta: 2 } as const;
    const scenario = given(
      ...promised,
      applied(demand, 1, { allocatedDelta: 1 }),
      applied(blocked, 1, { unavailableDelta: 2 }),
    );
    expect(changes(scenario)).toEqual([risk(2, true), risk(1, true)]);
  });

  test("safety stock covers like any other", () => {
    const attribution = { actor: "", reason: "" };
    const kept: PartitionEvent = { kind: "StockPolicySet", stock: 1, safetyStock: 9, lowAt: -1, attribution };
    expect(changes(given(...promised, kept))).toEqual([]);
  });

  test("only what changes is told: risk that stays is not, and it ends when stock arrives", () => {
    const scenario = given(...promised, lost(1, "A", 3), risk(2, true), risk(1, true));
    expect(changes(scenario)).toEqual([]);
    scenario.given(lost(1, "A", 3));
    expect(changes(scenario)).toEqual([risk(3, true)]);
    const arrived = (quantity: number) =>
      applied({ kind: "StockReceived", warehouseId: "W1", sku: "A", quantity, reference: "" }, 1, {
        onHandDelta: quantity,
      });
    scenario.given(arrived(4));
    expect(changes(scenario)).toEqual([risk(2, false)]);
    scenario.given(arrived(100));
    expect(changes(scenario)).toEqual([risk(2, false), risk(1, false)]);
  });

  test("a commit overtakes the older hold beside it", () => {
    const scenario = given(...stock(1, "A", 6), held(1, { 1: 3 }), held(2, { 1: 3 }), lost(1, "A", 3), risk(2, true));
    expect(changes(scenario)).toEqual([]);
    scenario.given(committed(2));
    expect(changes(scenario)).toEqual([risk(2, false), risk(1, true)]);
  });

  test("a reservation is at risk while one of its lines is, and its revision tells each turn of that once", () => {
    const scenario = given(...stock(1, "A", 2), ...stock(2, "B", 2), held(1, { 1: 2, 2: 2 }));
    const { state } = scenario.given(risk(1, true, 0), risk(1, true, 1), risk(1, false, 0));
    expect(state.reservations.get(1)).toMatchObject({ atRisk: true, revision: 2 });
    scenario.given(risk(1, false, 1));
    expect(state.reservations.get(1)).toMatchObject({ atRisk: false, revision: 3 });
  });
});
