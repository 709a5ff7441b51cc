import { describe, test } from "vitest";
import { decideAttachDispatch } from "../../../src/domain/decide/attach-dispatch.js";
import { type Decision, decided, refused } from "../../../src/domain/decide/decision.js";
import type { ErpBody } from "../../../src/domain/erp-event.js";
import type { PartitionEvent } from "../../../src/domain/event.js";
import type { PartitionState } from "../../../src/domain/partition-state.js";
import { committed, erpEvent, given, held, released, type Scenario, stock } from "./scenario.js";

const attribution = { actor: "ann", reason: "found the note" };
const dispatch: ErpBody = {
  kind: "OrderDispatched",
  warehouseId: "W1",
  sku: "A",
  quantity: 9,
  reservationId: "",
  orderId: "unknown",
  dealerId: "",
};

/** A dispatch of A with five units that matched nothing: exception 1. */
const unmatched: PartitionEvent = {
  kind: "DispatchUnmatched",
  stock: 2,
  event: erpEvent(dispatch),
  quantity: 5,
  reason: "ORDER_NOT_COMMITTED",
};
const stocks = [...stock(1, "B", 50), ...stock(2, "A", 50), unmatched];

function attach(scenario: Scenario, reservation: number, quantity = 0, exception = 1) {
  const reservationId = scenario.id(reservation);
  const command = {
    kind: "AttachDispatch",
    warehouseId: "W1",
    exception,
    reservationId,
    quantity,
    attribution,
  } as const;
  return scenario.when((state: PartitionState): Decision => {
    const result = decideAttachDispatch(state, reservation, command);
    return "reason" in result ? refused(result) : decided(0, result);
  });
}

function attached(reservation: number, line: number, quantity: number): readonly PartitionEvent[] {
  const units = { reservation, line, quantity };
  return [
    { kind: "UnitsDispatched", ...units },
    { kind: "DispatchAttached", exception: 1, ...units, attribution },
  ];
}

describe("a dispatch that matched nothing, attached to a reservation", () => {
  test("consumes as many committed units as both have, or as many as are named", () => {
    const scenario = () => given(...stocks, held(1, { 1: 4, 2: 7 }), committed(1));
    attach(scenario(), 1).then(...attached(1, 1, 5));
    attach(scenario(), 1, 2).then(...attached(1, 1, 2));
    attach(given(...stocks, held(1, { 2: 3 }), committed(1)), 1).then(...attached(1, 0, 3));
  });

  test("takes what is left from another reservation, until nothing is", () => {
    const rest = given(
      ...stocks,
      held(1, { 2: 3 }),
      committed(1),
      held(2, { 2: 8 }),
      committed(2),
      ...attached(1, 0, 3),
    );
    attach(rest, 2).then(...attached(2, 0, 2));
    attach(rest.given(...attached(2, 0, 2)), 2, 1).thenRefused("DISPATCH_EXCEPTION_RESOLVED", {
      exception: "1",
      quantity: "5",
    });
  });

  test("changes nothing when the same is asked for again", () => {
    const some = given(...stocks, held(1, { 2: 7 }), committed(1), ...attached(1, 0, 2));
    attach(some, 1, 2).then();
    attach(some, 1, 3).then(...attached(1, 0, 3));
    const all = given(...stocks, held(1, { 2: 3 }), committed(1), ...attached(1, 0, 3));
    attach(all, 1).then();
    attach(all, 1, 3).then();
  });

  test("never takes more than the reservation has open, or than the dispatch has unmatched", () => {
    const scenario = given(...stocks, held(1, { 1: 9, 2: 3 }), committed(1), held(2, { 2: 9 }), committed(2));
    const open = (reservation: number, requested: number, units: number) => ({
      reservation_id: scenario.id(reservation),
      sku: "A",
      requested: `${requested}`,
      open: `${units}`,
      unmatched: "5",
    });
    attach(scenario, 1, 4).thenRefused("QUANTITY_EXCEEDED", open(1, 4, 3), ["quantity"]);
    attach(scenario, 2, 6).thenRefused("QUANTITY_EXCEEDED", open(2, 6, 9), ["quantity"]);
  });

  test("is refused by a reservation without that SKU, a hold, and one that has ended", () => {
    const other = given(...stocks, held(1, { 1: 9 }), committed(1));
    const metadata = { reservation_id: other.id(1), sku: "A", requested: "0", open: "0", unmatched: "5" };
    attach(other, 1).thenRefused("QUANTITY_EXCEEDED", metadata, ["quantity"]);
    const hold = given(...stocks, held(1, { 2: 9 }));
    attach(hold, 1).thenRefused("RESERVATION_PENDING", { reservation_id: hold.id(1), state: "PENDING" });
    const gone = given(...stocks, held(1, { 2: 9 }), released(1));
    attach(gone, 1).thenRefused("RESERVATION_RELEASED", { reservation_id: gone.id(1), state: "RELEASED" });
  });

  test("is refused where there is no such exception or reservation", () => {
    const scenario = given(...stocks, held(1, { 2: 9 }), committed(1));
    const metadata = { warehouse_id: "W1", exception: "2" };
    attach(scenario, 1, 0, 2).thenRefused("DISPATCH_EXCEPTION_NOT_FOUND", metadata);
    const nobody = { reservation_id: scenario.id(7), warehouse_id: "W1" };
    attach(scenario, 7).thenRefused("RESERVATION_NOT_FOUND", nobody);
  });
});
