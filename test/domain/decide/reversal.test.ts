import { describe, expect, test } from "vitest";
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import type { ErpEventApplied, PartitionEvent } from "../../../src/domain/event.js";
import { applied, committed, erpEvent, given, held, released, type Scenario, stock } from "./scenario.js";

const A = { warehouseId: "W1", sku: "A" };
const received: ErpBody = { kind: "StockReceived", ...A, quantity: 5, reference: "" };
const counted: ErpBody = { kind: "StockCounted", ...A, onHand: 7 };
const blocked: ErpBody = { kind: "StockBlocked", ...A, delta: 2 };
const allocated: ErpBody = { kind: "DemandAllocated", ...A, delta: 3, reference: "" };
const dispatched: ErpBody = {
  kind: "OrderDispatched",
  ...A,
  quantity: 4,
  reservationId: "",
  orderId: "O1",
  dealerId: "",
};
const closed: ErpBody = {
  kind: "OrderClosed",
  ...A,
  reservationId: "",
  orderId: "O1",
  dealerId: "",
  reason: "REJECTED",
};

function reversalOf(reversedEventId: string): ErpBody {
  return { kind: "EventReversed", ...A, reversedEventId };
}

/** One event of its own sequence, with what it did. */
function event(sequence: number, body: ErpBody, effect: Partial<ErpEventApplied>): ErpEventApplied {
  const own: ErpEvent = { ...erpEvent(body), sequence, eventId: `e${sequence}` };
  return { ...applied(body, 1, effect), event: own };
}

const stocks = [...stock(1, "A", 10), ...stock(2, "B", 10)];
/** 20 is not remembered as an event: the scenario's own number 7 is. */
const NEXT = { sequence: 20, eventId: "e20" };

function undone(body: ErpBody, effect: Partial<ErpEventApplied>): ErpEventApplied {
  return { ...applied(body, 1, effect), event: { ...erpEvent(body), ...NEXT } };
}

describe("a reversal of", () => {
  test("a receipt takes the units off again, also below zero", () => {
    const body = reversalOf("e10");
    given(...stocks, event(10, received, { onHandDelta: 5 }))
      .whenErp(body, NEXT)
      .then(undone(body, { onHandDelta: -5, reverses: 3 }));
  });

  test("a count undoes its difference to what was there, not the movements since", () => {
    const body = reversalOf("e10");
    given(...stocks, event(10, counted, { onHandDelta: -3 }), event(11, received, { onHandDelta: 5 }))
      .whenErp(body, NEXT)
      .then(undone(body, { onHandDelta: 3, reverses: 3 }));
  });

  test("blocked stock and demand from elsewhere undoes just that counter", () => {
    const scenario = given(
      ...stocks,
      event(10, blocked, { unavailableDelta: 2 }),
      event(11, allocated, { allocatedDelta: 3 }),
    );
    const block = reversalOf("e10");
    scenario.whenErp(block, NEXT).then(undone(block, { unavailableDelta: -2, reverses: 3 }));
    const demand = reversalOf("e11");
    scenario.whenErp(demand, NEXT).then(undone(demand, { allocatedDelta: -3, reverses: 4 }));
  });

  test("blocked stock that was unblocked since would fall below zero, and is rejected", () => {
    const freed: ErpBody = { kind: "StockBlocked", ...A, delta: -2 };
    given(...stocks, event(10, blocked, { unavailableDelta: 2 }), event(11, freed, { unavailableDelta: -2 }))
      .whenErp(reversalOf("e10"), NEXT)
      .thenRejected("BELOW_ZERO: unavailable");
  });
});

/** A dispatch of 4: so many of each reservation's first line, and what was left over as an exception. */
function dispatch(units: Readonly<Record<number, number>>, unmatched = 0): readonly PartitionEvent[] {
  const consumed = Object.entries(units).map(([key, quantity]) => ({ reservation: Number(key), line: 0, quantity }));
  const exception = unmatched === 0 ? 0 : 1;
  const happened = event(10, dispatched, { onHandDelta: -4, consumed, exception });
  return [
    happened,
    ...consumed.map((taken): PartitionEvent => ({ kind: "UnitsDispatched", ...taken })),
    ...(unmatched === 0
      ? []
      : [{ kind: "DispatchUnmatched", stock: 1, event: happened.event, quantity: unmatched, reason: "X" } as const]),
  ];
}

function returned(reservation: number, quantity: number): PartitionEvent {
  return { kind: "UnitsReturned", reservation, line: 0, quantity };
}

describe("a reversed dispatch", () => {
  const body = reversalOf("e10");

  test("commits the units again where the reservation is open", () => {
    given(...stocks, held(1, { 1: 5 }), committed(1), ...dispatch({ 1: 4 }))
      .whenErp(body, NEXT)
      .then(undone(body, { onHandDelta: 4, reverses: 3 }), returned(1, 4));
  });

  test("makes a successor, committed, of one that has ended since, with the line's units only", () => {
    const scenario = given(...stocks, held(1, { 1: 4, 2: 2 }), committed(1), ...dispatch({ 1: 4 }), released(1));
    const reopened: PartitionEvent = {
      kind: "ReservationReopened",
      reservation: 2,
      epoch: 1,
      ended: 1,
      quantities: [4, 0],
    };
    scenario.whenErp(body, NEXT).then(undone(body, { onHandDelta: 4, reverses: 3 }), reopened);
    const { state } = scenario.given(undone(body, { onHandDelta: 4, reverses: 3 }), reopened);
    expect(state.reservations.get(1)).toMatchObject({
      state: "FULFILLED",
      lines: [{ dispatched: 4 }, { released: 2 }],
    });
    expect(state.reservations.get(2)).toMatchObject({
      id: scenario.id(2),
      reopenedFrom: scenario.id(1),
      state: "COMMITTED",
      revision: 1,
      dealerId: "D1",
      orderId: "O1",
      commitOrder: state.reservations.get(1)!.commitOrder,
      lines: [{ sku: "A", requested: 4, open: 4, dispatched: 0, released: 0 }],
    });
    expect(state.stocks.get(1)).toMatchObject({ onHand: 10, committed: 4 });
  });

  test("that consumed of several does both in their order, a successor for each that has ended", () => {
    given(
      ...stocks,
      held(1, { 1: 1 }),
      held(2, { 1: 5 }),
      held(3, { 1: 1 }),
      committed(1),
      committed(2),
      committed(3),
      ...dispatch({ 1: 1, 2: 2, 3: 1 }),
    )
      .whenErp(body, NEXT)
      .then(
        undone(body, { onHandDelta: 4, reverses: 3 }),
        { kind: "ReservationReopened", reservation: 4, epoch: 1, ended: 1, quantities: [1] },
        returned(2, 2),
        { kind: "ReservationReopened", reservation: 5, epoch: 1, ended: 3, quantities: [1] },
      );
  });

  test("needs no person any more for what it had not matched", () => {
    given(...stocks, held(1, { 1: 3 }), committed(1), ...dispatch({ 1: 1 }, 3))
      .whenErp(body, NEXT)
      .then(undone(body, { onHandDelta: 4, reverses: 3 }), returned(1, 1), {
        kind: "DispatchAttached",
        exception: 1,
        reservation: 0,
        line: 0,
        quantity: 3,
        attribution: { actor: "erp", reason: "the dispatch was reversed" },
      });
  });

  test("gives back also what an operator had attached to a reservation", () => {
    const attribution = { actor: "op", reason: "" };
    given(
      ...stocks,
      held(1, { 1: 5 }),
      held(2, { 1: 2 }),
      committed(1),
      committed(2),
      ...dispatch({ 1: 2 }, 2),
      { kind: "UnitsDispatched", reservation: 2, line: 0, quantity: 1 },
      { kind: "DispatchAttached", exception: 1, reservation: 2, line: 0, quantity: 1, attribution },
    )
      .whenErp(body, NEXT)
      .then(undone(body, { onHandDelta: 4, reverses: 3 }), returned(1, 2), returned(2, 1), {
        kind: "DispatchAttached",
        exception: 1,
        reservation: 0,
        line: 0,
        quantity: 1,
        attribution: { actor: "erp", reason: "the dispatch was reversed" },
      });
  });
});

function reversed(scenario: Scenario, eventId: string): Scenario {
  const body = reversalOf(eventId);
  return scenario.given({ ...undone(body, { onHandDelta: -5, reverses: 3 }) });
}

describe("a reversal is rejected", () => {
  const made = () => given(...stocks, event(10, received, { onHandDelta: 5 }));

  test("the second time, and of a reversal", () => {
    reversed(made(), "e10").whenErp(reversalOf("e10"), { sequence: 21 }).thenRejected("ALREADY_REVERSED");
    reversed(made(), "e10").whenErp(reversalOf("e20"), { sequence: 21 }).thenRejected("NOT_REVERSIBLE");
  });

  test("where nothing is known of the event, or of the stock", () => {
    made().whenErp(reversalOf("e9"), NEXT).thenRejected("EVENT_NOT_FOUND");
    given().whenErp(reversalOf("e9"), NEXT).thenRejected("EVENT_NOT_FOUND");
    made()
      .whenErp({ ...reversalOf("e10"), sku: "B" } as ErpBody, NEXT)
      .thenRejected("EVENT_NOT_FOUND");
  });

  test("of another source's event, which is not its stock", () => {
    made()
      .whenErp(reversalOf("e10"), { ...NEXT, source: "wms" })
      .thenRejected("NOT_SOURCE_OF_RECORD");
  });

  test("of an order's end: what it freed may be somebody else's by now", () => {
    given(...stocks, event(10, closed, {}))
      .whenErp(reversalOf("e10"), NEXT)
      .thenRejected("NOT_REVERSIBLE");
  });
});
