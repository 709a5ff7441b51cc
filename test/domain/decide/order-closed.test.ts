import { describe, test } from "vitest";
import type { ErpBody } from "../../../src/domain/erp-event.js";
import type { PartitionEvent } from "../../../src/domain/event.js";
import { applied, committed, given, held, released, stock } from "./scenario.js";

type Closed = Extract<ErpBody, { kind: "OrderClosed" }>;

function close(by: Partial<Closed>): Closed {
  const nothing = { sku: "", reservationId: "", orderId: "", dealerId: "" };
  return { kind: "OrderClosed", warehouseId: "W1", reason: "REJECTED", ...nothing, ...by };
}

function freed(reservation: number, quantities?: readonly number[]): PartitionEvent {
  return { kind: "ReservationReleased", reservation, quantities, reason: "REJECTED", attribution: undefined };
}

const stocks = [...stock(1, "A", 20), ...stock(2, "B", 20)];
const dispatched: PartitionEvent = { kind: "UnitsDispatched", reservation: 1, line: 0, quantity: 2 };

describe("an order that the ERP closes", () => {
  test("gives back what is open of all its reservations, held and committed, in the order of their making", () => {
    const body = close({ orderId: "O1" });
    given(
      ...stocks,
      held(1, { 1: 3, 2: 1 }),
      held(2, { 1: 2 }),
      held(3, { 1: 2 }, { orderId: "O2" }),
      held(4, { 2: 2 }),
      committed(4),
      committed(1),
      dispatched,
    )
      .whenErp(body)
      .then(applied(body, 0), freed(1), freed(2), freed(4));
  });

  test("for one SKU gives back that one's units, and the whole where nothing else is open", () => {
    const body = close({ orderId: "O1", sku: "A" });
    given(...stocks, held(1, { 1: 3, 2: 1 }), held(2, { 1: 2 }), held(3, { 2: 2 }))
      .whenErp(body)
      .then(applied(body, 1), freed(1, [3, 0]), freed(2));
  });

  test("of a reservation that was partly dispatched gives back the rest only", () => {
    const body = close({ orderId: "O1", sku: "A" });
    given(...stocks, held(1, { 1: 3, 2: 1 }), committed(1), dispatched)
      .whenErp(body)
      .then(applied(body, 1), freed(1, [1, 0]));
  });

  test("by reservation_id gives back that reservation's, for its dealer only", () => {
    const scenario = given(...stocks, held(1, { 1: 3 }), held(2, { 1: 2 }));
    const body = close({ reservationId: scenario.id(2) });
    scenario.whenErp(body).then(applied(body, 0), freed(2));
    const others = close({ reservationId: scenario.id(2), dealerId: "D2" });
    scenario.whenErp(others).then(applied(others, 0));
  });

  test("that is not open here is nothing to do", () => {
    const scenario = given(...stocks, held(1, { 1: 3 }), released(1));
    for (const body of [
      close({ orderId: "O1" }),
      close({ orderId: "O9" }),
      close({ reservationId: scenario.id(1) }),
      close({ reservationId: "no id at all" }),
    ]) {
      scenario.whenErp(body).then(applied(body, 0));
    }
  });

  const twoDealers = [...stocks, held(1, { 1: 3 }), held(2, { 1: 2 }, { dealerId: "D2" })];

  test("that two dealers have is rejected unless the dealer is named", () => {
    given(...twoDealers)
      .whenErp(close({ orderId: "O1" }))
      .thenRejected("DEALER_AMBIGUOUS: dealer_id");
    const body = close({ orderId: "O1", dealerId: "D2" });
    given(...twoDealers)
      .whenErp(body)
      .then(applied(body, 0), freed(2));
  });

  test("gives back only what is open in stocks of the source that closes it, and is rejected where that is nothing", () => {
    const body = close({ orderId: "O1" });
    const foreign = stock(2, "B", 20).map((event) =>
      event.kind === "ErpEventApplied" ? { ...event, event: { ...event.event, source: "wms" } } : event,
    );
    given(...stock(1, "A", 20), ...foreign, held(1, { 1: 3, 2: 1 }), held(2, { 2: 2 }))
      .whenErp(body)
      .then(applied(body, 0), freed(1, [3, 0]));
    given(...stock(1, "A", 20), ...foreign, held(1, { 2: 1 }))
      .whenErp(body)
      .thenRejected("NOT_SOURCE_OF_RECORD");
  });
});
