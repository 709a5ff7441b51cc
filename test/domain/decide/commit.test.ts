import { describe, test } from "vitest";
import { decideCommit } from "../../../src/domain/decide/commit.js";
import type { PartitionStore } from "../../../src/snapshots/partition-store.js";
import { CONTEXT, committed, given, held, lost, released, stock } from "./scenario.js";

function commit(reservation: number, lines: Readonly<Record<string, number>> = {}, dealerId = "D1") {
  return (state: PartitionStore) =>
    decideCommit(
      state,
      reservation,
      {
        kind: "Commit",
        requestId: "c1",
        dealerId,
        reservationId: state.reservationId(reservation, 1),
        lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity })),
      },
      CONTEXT,
    );
}

const stocks = [...stock(1, "A", 10), ...stock(2, "B", 10)];

describe("commit", () => {
  test("without lines confirms all that is open", () => {
    given(...stocks, held(1, { 1: 3, 2: 2 }))
      .when(commit(1))
      .then(committed(1));
  });

  test("of some units says by line what is confirmed; the rest is released with it", () => {
    given(...stocks, held(1, { 1: 3, 2: 2 }))
      .when(commit(1, { A: 1 }))
      .then(committed(1, [1, 0]));
  });

  test("that names every open unit is one of all", () => {
    given(...stocks, held(1, { 1: 3, 2: 2 }))
      .when(commit(1, { B: 2, A: 3 }))
      .then(committed(1));
  });

  test("of what an earlier release left open takes just that", () => {
    given(...stocks, held(1, { 1: 3, 2: 2 }), released(1, [1, 2]))
      .when(commit(1))
      .then(committed(1));
  });

  test("of more than is open is refused, with the line", () => {
    const scenario = given(...stocks, held(1, { 1: 3, 2: 2 }), released(1, [1, 0]));
    scenario
      .when(commit(1, { B: 2, A: 3 }))
      .thenRefused("QUANTITY_EXCEEDED", { reservation_id: scenario.id(1), sku: "A", requested: "3", open: "2" }, [
        "lines[1].quantity",
      ]);
  });

  test("of a SKU that is not in it is refused", () => {
    const scenario = given(...stocks, held(1, { 1: 3 }));
    scenario
      .when(commit(1, { B: 1 }))
      .thenRefused("QUANTITY_EXCEEDED", { reservation_id: scenario.id(1), sku: "B", requested: "1", open: "0" }, [
        "lines[0].quantity",
      ]);
  });

  test("by another dealer is as of a reservation that does not exist", () => {
    const scenario = given(...stocks, held(1, { 1: 3 }));
    scenario.when(commit(1, {}, "D2")).thenRefused("RESERVATION_NOT_FOUND", { reservation_id: scenario.id(1) });
    scenario.when(commit(2)).thenRefused("RESERVATION_NOT_FOUND", { reservation_id: scenario.id(2) });
  });

  test.each([
    ["RESERVATION_COMMITTED", "COMMITTED", committed(1)],
    ["RESERVATION_RELEASED", "RELEASED", released(1)],
    ["RESERVATION_EXPIRED", "EXPIRED", { kind: "HoldExpired", reservation: 1 }],
  ] as const)("is refused with %s after its end or its first commit", (reason, state, event) => {
    const scenario = given(...stocks, held(1, { 1: 3 }), event);
    scenario.when(commit(1)).thenRefused(reason, { reservation_id: scenario.id(1), state });
  });
});

describe("commit in a shortfall", () => {
  /** 10 on hand and promised: 4 committed, then holds of 3 and 3. Then some are lost. */
  const promised = [...stocks, held(1, { 1: 3 }), held(2, { 1: 3, 2: 1 }), held(3, { 1: 4 }), committed(3)];

  test("of a hold that is covered is taken: commits come first, then holds by age", () => {
    given(...promised, lost(1, "A", 3))
      .when(commit(1))
      .then(committed(1));
  });

  test("of more than is covered changes nothing and says how much is", () => {
    const scenario = given(...promised, lost(1, "A", 2));
    scenario.when(commit(2)).thenRefused("STOCK_SHORTFALL", {
      reservation_id: scenario.id(2),
      sku: "A",
      requested: "3",
      covered: "1",
    });
  });

  test("of the covered units, and of lines that are not short, is taken", () => {
    given(...promised, lost(1, "A", 2))
      .when(commit(2, { A: 1, B: 1 }))
      .then(committed(2, [1, 1]));
    given(...promised, lost(1, "A", 10))
      .when(commit(2, { B: 1 }))
      .then(committed(2, [0, 1]));
  });

  test("that exactly covers everything is none", () => {
    given(...promised)
      .when(commit(2))
      .then(committed(2));
  });

  test("of anything is refused where nothing is left for holds", () => {
    const scenario = given(...promised, lost(1, "A", 8));
    scenario.when(commit(1, { A: 1 })).thenRefused("STOCK_SHORTFALL", {
      reservation_id: scenario.id(1),
      sku: "A",
      requested: "1",
      covered: "0",
    });
  });
});
