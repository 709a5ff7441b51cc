/** Events that come after their source went on without them, and what the figures were at a past sequence. */
import { describe, expect, test } from "vitest";
import type { ErpBody } from "../../../src/domain/erp-event.js";
import type { ErpEventApplied, PartitionEvent } from "../../../src/domain/event.js";
import { addMovement } from "../../../src/domain/evolve/erp-events.js";
import { figuresAt } from "../../../src/domain/movement.js";
import { applied, committed, erpEvent, given, held, type Scenario } from "./scenario.js";

const A = { warehouseId: "W1", sku: "A" };

function receipt(quantity: number): ErpBody {
  return { kind: "StockReceived", ...A, quantity, reference: "" };
}

function count(onHand: number): ErpBody {
  return { kind: "StockCounted", ...A, onHand };
}

/** What an event of this sequence did. */
function event(sequence: number, body: ErpBody, effect: Partial<ErpEventApplied>): ErpEventApplied {
  return { ...applied(body, 1, effect), event: { ...erpEvent(body), sequence, eventId: `e${sequence}` } };
}

const opened: PartitionEvent = { kind: "StockOpened", stock: 1, sku: "A" };
/** Sequence 2 was passed over; 3 has come. */
const skipped = [opened, event(1, receipt(10), { onHandDelta: 10 }), event(3, receipt(5), { onHandDelta: 5 })] as const;
const late = (sequence: number) => ({ sequence, eventId: `e${sequence}`, isLate: true });

describe("an event that comes after it was passed over", () => {
  test("moves what it would have moved", () => {
    given(...skipped)
      .whenErp(receipt(7), late(2))
      .then(event(2, receipt(7), { onHandDelta: 7, isLate: true }));
  });

  test("is told as superseded where its stock was counted since: the count has seen it", () => {
    given(...skipped, event(4, count(20), { onHandDelta: 5 }))
      .whenErp(receipt(7), late(2))
      .thenRejected("SUPERSEDED");
  });

  test("is told as superseded where the difference was healed since, at a sequence after it", () => {
    const scenario = given(...skipped);
    healed(scenario, { sequence: 3, onHandDelta: 4 });
    scenario.whenErp(receipt(7), late(2)).thenRejected("SUPERSEDED");
  });

  test("moves what it would have moved where the stock was healed as of a sequence before it", () => {
    const scenario = given(...skipped);
    healed(scenario, { sequence: 1, onHandDelta: 4 });
    scenario.whenErp(receipt(7), late(2)).then(event(2, receipt(7), { onHandDelta: 7, isLate: true }));
  });

  test("a count is told as the difference to what was there then, not now", () => {
    given(...skipped)
      .whenErp(count(12), late(2))
      .then(event(2, count(12), { onHandDelta: 2, isLate: true }));
  });

  test("a count that another count came after is superseded", () => {
    given(...skipped, event(4, count(20), { onHandDelta: 5 }))
      .whenErp(count(12), late(2))
      .thenRejected("SUPERSEDED");
  });

  test("of a stock that nobody knew is its first", () => {
    given()
      .whenErp(count(12), late(2))
      .then(opened, event(2, count(12), { onHandDelta: 12, isLate: true }));
  });
});

describe("after a count has seen what was on hand, a late event does the rest:", () => {
  const counted = () => given(...skipped, event(4, count(20), { onHandDelta: 5 }));
  const order = { reservationId: "", orderId: "O1", dealerId: "" };
  const dispatched = (quantity: number, named = order): ErpBody => ({
    kind: "OrderDispatched",
    ...A,
    quantity,
    ...named,
  });
  const taken = { reservation: 1, line: 0, quantity: 4 };
  const late2 = (body: ErpBody, effect: Partial<ErpEventApplied>) => event(2, body, { ...effect, isLate: true });
  /** With an order of 4, committed. */
  const ordered = () => counted().given(held(1, { 1: 4 }), committed(1));

  test("a dispatch consumes its order's units, and on_hand stands", () => {
    const body = dispatched(4);
    ordered()
      .whenErp(body, late(2))
      .then(late2(body, { consumed: [taken] }), { kind: "UnitsDispatched", ...taken });
  });

  test("units that nobody had ordered are an exception; a dispatch that names nobody is superseded", () => {
    const body = dispatched(5);
    const happened = late2(body, { consumed: [taken], exception: 1 });
    ordered()
      .whenErp(body, late(2))
      .then(
        happened,
        { kind: "UnitsDispatched", ...taken },
        { kind: "DispatchUnmatched", stock: 1, event: happened.event, quantity: 1, reason: "QUANTITY_EXCEEDED" },
      );
    ordered()
      .whenErp(dispatched(4, { ...order, orderId: "" }), late(2))
      .thenRejected("SUPERSEDED");
  });

  test("its reversal brings the units back, which the source's books do at its own sequence", () => {
    const body: ErpBody = { kind: "EventReversed", ...A, reversedEventId: "e2" };
    const scenario = ordered().given(late2(dispatched(4), { consumed: [taken] }), {
      kind: "UnitsDispatched",
      ...taken,
    });
    scenario
      .whenErp(body, { sequence: 20, eventId: "e20" })
      .then(
        { ...event(20, body, { onHandDelta: 4, reverses: 4 }) },
        { kind: "ReservationReopened", reservation: 2, epoch: 1, ended: 1, quantities: [4] },
      );
  });

  test("an order is closed, demand from elsewhere is taken, stock is blocked", () => {
    const closed: ErpBody = { kind: "OrderClosed", ...A, ...order, reason: "CANCELLED" };
    const release = { quantities: undefined, reason: "CANCELLED", attribution: undefined } as const;
    ordered()
      .whenErp(closed, late(2))
      .then(late2(closed, {}), { kind: "ReservationReleased", reservation: 1, ...release });
    const demand: ErpBody = { kind: "DemandAllocated", ...A, delta: 3, reference: "" };
    counted()
      .whenErp(demand, late(2))
      .then(late2(demand, { allocatedDelta: 3 }));
    const block: ErpBody = { kind: "StockBlocked", ...A, delta: 2 };
    counted()
      .whenErp(block, late(2))
      .then(late2(block, { unavailableDelta: 2 }));
  });

  test("a reversal undoes what the count did not see", () => {
    const block: ErpBody = { kind: "StockBlocked", ...A, delta: 2 };
    const blocked = given(
      opened,
      event(1, block, { unavailableDelta: 2 }),
      event(2, receipt(10), { onHandDelta: 10 }),
      event(5, count(20), { onHandDelta: 10 }),
    );
    const undo = (reversedEventId: string): ErpBody => ({ kind: "EventReversed", ...A, reversedEventId });
    blocked
      .whenErp(undo("e1"), late(3))
      .then(event(3, undo("e1"), { unavailableDelta: -2, reverses: 1, isLate: true }));
    blocked.whenErp(undo("e2"), late(3)).thenRejected("SUPERSEDED");
  });
});

test("a healing has seen what was unavailable as well, but no order and no demand from elsewhere", () => {
  const scenario = given(...skipped);
  healed(scenario, { sequence: 3, onHandDelta: 4 });
  const demand: ErpBody = { kind: "DemandAllocated", ...A, delta: 3, reference: "" };
  scenario.whenErp({ kind: "StockBlocked", ...A, delta: 2 }, late(2)).thenRejected("SUPERSEDED");
  scenario.whenErp(demand, late(2)).then(event(2, demand, { allocatedDelta: 3, isLate: true }));
});

function healed(scenario: Scenario, facts: { readonly sequence: number; readonly onHandDelta: number }): void {
  const stock = scenario.state.stocks.touch(1);
  stock.onHand += facts.onHandDelta;
  addMovement(scenario.state, stock, {
    kind: "healed",
    source: "erp",
    eventId: "",
    timeMs: 0,
    unavailableDelta: 0,
    allocatedDelta: 0,
    consumed: [],
    exception: 0,
    isLate: true,
    reverses: 0,
    ...facts,
  });
}

describe("the figures at a past sequence", () => {
  const at = ({ state }: Scenario, sequence: number, source = "erp") =>
    figuresAt(state, state.stocks.get(1)!, source, sequence);
  const block: ErpBody = { kind: "StockBlocked", ...A, delta: 2 };
  const history = given(
    opened,
    event(1, receipt(10), { onHandDelta: 10 }),
    event(4, block, { unavailableDelta: 2 }),
    event(6, receipt(5), { onHandDelta: 5 }),
    event(2, receipt(7), { onHandDelta: 7, isLate: true }),
    event(9, count(30), { onHandDelta: 8 }),
  );

  test.each([
    [0, 0, 0, true],
    [1, 10, 0, true],
    [2, 17, 0, true],
    [3, 17, 0, true],
    [4, 17, 2, true],
    [8, 22, 2, true],
    [9, 30, 2, false],
    [99, 30, 2, false],
  ])(
    "%i are what all events up to it make, those included that came late",
    (sequence, onHand, unavailable, isSuperseded) => {
      expect(at(history, sequence)).toEqual({ onHand, unavailable, isSuperseded, isHealed: false });
    },
  );

  test("of another source of record begin with what the move found", () => {
    const moved = given(
      opened,
      event(8, receipt(10), { onHandDelta: 10 }),
      { kind: "StockSourceMoved", stock: 1, source: "wms", fromSequence: 5, attribution: { actor: "", reason: "" } },
      {
        ...event(6, receipt(3), { onHandDelta: 3 }),
        event: { ...erpEvent(receipt(3)), source: "wms", sequence: 6, eventId: "w6" },
      },
    );
    expect(at(moved, 5, "wms")).toMatchObject({ onHand: 10, unavailable: 0, isSuperseded: false });
    expect(at(moved, 6, "wms")).toMatchObject({ onHand: 13, unavailable: 0, isSuperseded: false });
  });
});

describe("a stock whose source of record was moved", () => {
  const attribution = { actor: "op", reason: "the WMS takes over" };
  const moved = () =>
    given(opened, event(1, receipt(10), { onHandDelta: 10 }), {
      kind: "StockSourceMoved",
      stock: 1,
      source: "wms",
      fromSequence: 5,
      attribution,
    });

  test("takes the new source's events from the stated sequence on", () => {
    const body = receipt(3);
    const envelope = { source: "wms", sequence: 5, eventId: "w5" };
    moved()
      .whenErp(body, envelope)
      .then({ ...applied(body, 1, { onHandDelta: 3 }), event: { ...erpEvent(body), ...envelope } });
  });

  test("takes none before it, and none of the old source", () => {
    moved().whenErp(receipt(3), { source: "wms", sequence: 4 }).thenRejected("NOT_SOURCE_OF_RECORD");
    moved().whenErp(receipt(3), { source: "erp", sequence: 2 }).thenRejected("NOT_SOURCE_OF_RECORD");
  });
});
