import { describe, expect, test } from "vitest";
import type { ErpBody } from "../../../src/domain/erp-event.js";
import type { PartitionEvent } from "../../../src/domain/event.js";
import { applied, committed, erpEvent, given, held, released, stock } from "./scenario.js";

type Dispatch = Extract<ErpBody, { kind: "OrderDispatched" }>;

function dispatch(quantity: number, by: Partial<Dispatch> = {}): Dispatch {
  const nobody = { reservationId: "", orderId: "", dealerId: "" };
  return { kind: "OrderDispatched", warehouseId: "W1", sku: "A", quantity, ...nobody, ...by };
}

/** What every dispatch does: on_hand falls, and the event says what else came of it, in a form that a reversal can undo. */
function gone(body: Dispatch, ...what: readonly PartitionEvent[]): readonly PartitionEvent[] {
  const units = what.flatMap((event) => (event.kind === "UnitsDispatched" ? [event] : []));
  const taken = units.map(({ reservation, line, quantity }) => ({ reservation, line, quantity }));
  const exception = what.some((event) => event.kind === "DispatchUnmatched") ? 1 : 0;
  return [applied(body, 1, { onHandDelta: -body.quantity, consumed: taken, exception }), ...what];
}

function consumed(reservation: number, line: number, quantity: number): PartitionEvent {
  return { kind: "UnitsDispatched", reservation, line, quantity };
}

function unmatched(body: Dispatch, quantity: number, reason: string): PartitionEvent {
  return { kind: "DispatchUnmatched", stock: 1, event: erpEvent(body), quantity, reason };
}

const stocks = [...stock(1, "A", 20), ...stock(2, "B", 20)];
const byOrder = { orderId: "O1" };

describe("a dispatch by order_id", () => {
  test("consumes the oldest commit first, whichever reservation was made first", () => {
    const body = dispatch(6, byOrder);
    given(
      ...stocks,
      held(1, { 1: 3 }),
      held(2, { 2: 1, 1: 4 }),
      held(3, { 1: 5 }),
      committed(2),
      committed(3),
      committed(1),
    )
      .whenErp(body)
      .then(...gone(body, consumed(2, 0, 4), consumed(3, 0, 2)));
  });

  test("goes on over all reservations of the order, and lists what is beyond as an exception", () => {
    const body = dispatch(9, byOrder);
    given(...stocks, held(1, { 1: 3 }), held(2, { 1: 4 }), committed(2), committed(1))
      .whenErp(body)
      .then(...gone(body, consumed(2, 0, 4), consumed(1, 0, 3), unmatched(body, 2, "QUANTITY_EXCEEDED")));
  });

  test("leaves holds, other orders, other SKUs and ended reservations alone", () => {
    const body = dispatch(2, byOrder);
    given(
      ...stocks,
      held(1, { 1: 3 }),
      held(2, { 1: 3 }, { orderId: "O2" }),
      held(3, { 2: 3 }),
      held(4, { 1: 3 }),
      committed(2),
      committed(3),
      committed(4),
      released(4),
    )
      .whenErp(body)
      .then(...gone(body, unmatched(body, 2, "ORDER_NOT_COMMITTED")));
  });

  const twoDealers = [...stocks, held(1, { 1: 3 }), held(2, { 1: 3 }, { dealerId: "D2" }), committed(2), committed(1)];

  test("that two dealers have committed units under consumes nothing", () => {
    const body = dispatch(2, byOrder);
    given(...twoDealers)
      .whenErp(body)
      .then(...gone(body, unmatched(body, 2, "DEALER_AMBIGUOUS")));
  });

  test("and dealer_id consumes that dealer's only", () => {
    const body = dispatch(4, { ...byOrder, dealerId: "D1" });
    given(...twoDealers)
      .whenErp(body)
      .then(...gone(body, consumed(1, 0, 3), unmatched(body, 1, "QUANTITY_EXCEEDED")));
  });

  test("is not ambiguous through a dealer who has only a hold, another SKU, or nothing left", () => {
    const body = dispatch(2, byOrder);
    const others = { dealerId: "D2" };
    given(
      ...stocks,
      held(1, { 1: 3 }),
      held(2, { 1: 3 }, others),
      held(3, { 2: 3 }, others),
      held(4, { 1: 1, 2: 1 }, others),
      committed(1),
      committed(3),
      committed(4),
      released(4, [1, 0]),
    )
      .whenErp(body)
      .then(...gone(body, consumed(1, 0, 2)));
  });
});

describe("a dispatch by reservation_id", () => {
  const made = [...stocks, held(1, { 2: 1, 1: 3 }), held(2, { 1: 3 })];

  test("consumes that reservation's units only", () => {
    const scenario = given(...made, committed(2), committed(1));
    const body = dispatch(5, { reservationId: scenario.id(1) });
    // Numbers as keys stand in rising order: line 0 is A.
    scenario.whenErp(body).then(...gone(body, consumed(1, 0, 3), unmatched(body, 2, "QUANTITY_EXCEEDED")));
  });

  test.each([
    ["RESERVATION_PENDING", [], {}],
    ["RESERVATION_ENDED", [{ kind: "HoldExpired", reservation: 1 }], {}],
    ["DEALER_MISMATCH", [committed(1)], { dealerId: "D2" }],
    ["QUANTITY_EXCEEDED", [committed(1), released(1, [3, 0])], {}],
  ] as const)("is an exception, %s", (reason, events: readonly PartitionEvent[], more) => {
    const scenario = given(...made, ...events);
    const body = dispatch(2, { reservationId: scenario.id(1), ...more });
    scenario.whenErp(body).then(...gone(body, unmatched(body, 2, reason)));
  });

  test.each(["r1.1.9.00000000", "no id at all"])(
    "that names %s is an exception, RESERVATION_NOT_FOUND",
    (reservationId) => {
      const body = dispatch(2, { reservationId });
      given(...made, committed(1))
        .whenErp(body)
        .then(...gone(body, unmatched(body, 2, "RESERVATION_NOT_FOUND")));
    },
  );
});

describe("a dispatch is a fact", () => {
  test("of stock that was never reserved it consumes nothing and is no exception", () => {
    const body = dispatch(5);
    given(...stocks, held(1, { 1: 20 }), committed(1))
      .whenErp(body)
      .then(...gone(body));
  });

  test("on_hand falls below zero, also of a stock that nobody knew", () => {
    const body = dispatch(5, byOrder);
    given()
      .whenErp(body)
      .then({ kind: "StockOpened", stock: 1, sku: "A" }, ...gone(body, unmatched(body, 5, "ORDER_NOT_COMMITTED")));
  });

  test("after it the line and the stock stand as the events say", () => {
    const { state } = given(...stocks, held(1, { 1: 3 }), committed(1), consumed(1, 0, 2));
    expect(state.stocks.get(1)).toMatchObject({ committed: 1, reserved: 0 });
    expect(state.reservations.get(1)).toMatchObject({
      state: "COMMITTED",
      lines: [{ open: 1, dispatched: 2, released: 0 }],
    });
  });
});
