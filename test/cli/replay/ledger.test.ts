import { describe, expect, test } from "vitest";
import { planCancellation } from "../../../src/cli/replay/cancellation.js";
import { type Fact, type GrantedLine, Ledger } from "../../../src/cli/replay/ledger.js";

function stocked(units: number, sku = "A"): Fact {
  return { kind: "stocked", warehouseId: "w", sku, units };
}

function granted(reservationId: string, lines: GrantedLine[], committed = false): Fact {
  return { kind: "granted", reservationId, dealerId: "d", orderId: "o", warehouseId: "w", committed, lines };
}

function line(quantity: number, sku = "A"): GrantedLine {
  return { sku, requested: quantity, granted: quantity };
}

function recorded(...facts: Fact[]): Ledger {
  const ledger = new Ledger();
  for (const fact of facts) ledger.apply(fact);
  return ledger;
}

function stockOf(ledger: Ledger, sku = "A"): number[] {
  const stock = [...ledger.stocks()].find((each) => each.sku === sku);
  return [stock?.onHand ?? 0, stock?.reserved ?? 0, stock?.committed ?? 0];
}

function linesOf(ledger: Ledger, reservationId: string): number[][] {
  return [...ledger.reservation(reservationId).lines.values()].map((each) => [
    each.requested,
    each.reserved,
    each.committed,
    each.dispatched,
    each.released,
  ]);
}

describe("the replay's record", () => {
  test("follows a hold through commit, dispatch in two parts and its end", () => {
    const ledger = recorded(stocked(10), granted("r", [line(6)]));
    expect([stockOf(ledger), linesOf(ledger, "r"), ledger.reservation("r").state]).toEqual([
      [10, 6, 0],
      [[6, 6, 0, 0, 0]],
      "PENDING",
    ]);
    ledger.apply({ kind: "committed", reservationId: "r", lines: [{ sku: "A", quantity: 6 }] });
    expect([stockOf(ledger), ledger.reservation("r").state]).toEqual([[10, 0, 6], "COMMITTED"]);
    ledger.apply({ kind: "dispatched", reservationId: "r", sku: "A", quantity: 4 });
    expect([stockOf(ledger), linesOf(ledger, "r"), ledger.reservation("r").state]).toEqual([
      [6, 0, 2],
      [[6, 0, 2, 4, 0]],
      "COMMITTED",
    ]);
    ledger.apply({ kind: "dispatched", reservationId: "r", sku: "A", quantity: 2 });
    expect([stockOf(ledger), ledger.reservation("r").state]).toEqual([[4, 0, 0], "FULFILLED"]);
    expect(ledger.oversoldUnits).toBe(0);
  });

  test("releases what a commit does not name", () => {
    const ledger = recorded(stocked(10), stocked(10, "B"), granted("r", [line(6), line(5, "B")]), {
      kind: "committed",
      reservationId: "r",
      lines: [{ sku: "A", quantity: 2 }],
    });
    expect(linesOf(ledger, "r")).toEqual([
      [6, 0, 2, 0, 4],
      [5, 0, 0, 0, 5],
    ]);
    expect([stockOf(ledger), stockOf(ledger, "B")]).toEqual([
      [10, 0, 2],
      [10, 0, 0],
    ]);
  });

  test("ends RELEASED, EXPIRED or FULFILLED by what happened to the units", () => {
    const all = [{ sku: "A", quantity: 2 }];
    const ledger = recorded(
      stocked(10),
      granted("released", [line(2)]),
      { kind: "released", reservationId: "released", lines: all },
      granted("expired", [line(2)]),
      { kind: "expired", reservationId: "expired" },
      granted("rest released after a dispatch", [line(2)], true),
      { kind: "dispatched", reservationId: "rest released after a dispatch", sku: "A", quantity: 1 },
      { kind: "released", reservationId: "rest released after a dispatch", lines: [{ sku: "A", quantity: 1 }] },
    );
    expect([...ledger.reservations()].map(({ state }) => state)).toEqual(["RELEASED", "EXPIRED", "FULFILLED"]);
    expect(stockOf(ledger)).toEqual([9, 0, 0]);
  });

  test("counts units granted beyond what is there, at that moment, even when they are given back later", () => {
    const ledger = recorded(stocked(10), granted("a", [line(7)]), granted("b", [line(5)]));
    expect(ledger.oversoldUnits).toBe(2);
    ledger.apply({ kind: "released", reservationId: "a", lines: [{ sku: "A", quantity: 7 }] });
    ledger.apply(granted("c", [line(5)]));
    expect(ledger.oversoldUnits).toBe(2);
    ledger.apply(granted("d", [line(3)]));
    expect(ledger.oversoldUnits).toBe(5);
  });

  test("refuses facts that contradict it", () => {
    const ledger = recorded(stocked(10), granted("r", [line(3)]));
    const tooMuch: Fact = { kind: "released", reservationId: "r", lines: [{ sku: "A", quantity: 4 }] };
    expect(() => ledger.apply(tooMuch)).toThrow("1 units more");
    expect(() => ledger.apply(granted("r", [line(1)]))).toThrow("twice");
    expect(() => ledger.apply({ kind: "expired", reservationId: "x" })).toThrow("no reservation x");
  });
});

describe("a cancellation", () => {
  const ledger = recorded(
    ...[stocked(100), stocked(100, "B")],
    granted("old", [line(5)]),
    granted("new", [line(3), line(2, "B")], true),
  );
  const latestFirst = [...ledger.reservations()].reverse();

  test("takes from the latest reservation first, and goes on to older ones", () => {
    const plan = planCancellation([{ sku: "A", quantity: 4 }], latestFirst);
    expect(plan).toEqual({
      releases: new Map([
        ["new", [{ sku: "A", quantity: 3 }]],
        ["old", [{ sku: "A", quantity: 1 }]],
      ]),
      unmatchedLines: 0,
    });
  });

  test("makes one release for each reservation, and takes no unit twice", () => {
    const lines = [2, 2, 2].map((quantity) => ({ sku: "A", quantity }));
    const plan = planCancellation([...lines, { sku: "B", quantity: 1 }], latestFirst);
    expect(plan.releases).toEqual(
      new Map([
        [
          "new",
          [
            { sku: "A", quantity: 3 },
            { sku: "B", quantity: 1 },
          ],
        ],
        ["old", [{ sku: "A", quantity: 3 }]],
      ]),
    );
  });

  test("counts each line with units that nobody holds", () => {
    const plan = planCancellation(
      [
        { sku: "A", quantity: 9 },
        { sku: "B", quantity: 2 },
        { sku: "Z", quantity: 1 },
      ],
      latestFirst,
    );
    expect(plan.unmatchedLines).toBe(2);
    expect(plan.releases.get("old")).toEqual([{ sku: "A", quantity: 5 }]);
  });
});
