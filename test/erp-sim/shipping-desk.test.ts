import { expect, test } from "vitest";
import { type OrderNews, type Ship, ShippingDesk } from "../../scripts/erp-sim/shipping-desk.js";
import { SeededRandom } from "../journal/seeded-random.js";

const DELAY = { dispatchMinMs: 1_000, dispatchMaxMs: 1_000 };

function news(kind: OrderNews["kind"], reservationId: string, quantity: number, remaining: number): OrderNews {
  return { kind, reservationId, dealerId: "d", warehouseId: "north", lines: [{ sku: "A", quantity, remaining }] };
}

const committed = (reservationId: string, quantity: number) => news("committed", reservationId, quantity, quantity);

function deskWith(...news: OrderNews[]): ShippingDesk {
  const desk = new ShippingDesk(DELAY, new SeededRandom(1));
  for (const each of news) desk.hear(each, 0);
  return desk;
}

/** Ships everything; what was asked for. */
function shipAll(desk: ShippingDesk, nowMs: number): string[] {
  const shipped: string[] = [];
  const ship: Ship = ({ reservationId, sku, quantity }) => {
    shipped.push(`${reservationId} ${sku} ${quantity}`);
    return quantity;
  };
  desk.shipDue(nowMs, ship);
  return shipped;
}

test("an order is shipped once it is due, and once only", () => {
  const desk = deskWith(committed("r1", 3), committed("r1", 3), committed("r2", 4));
  expect(shipAll(desk, 999)).toEqual([]);
  expect(desk.openUnits).toBe(7);
  expect(shipAll(desk, 1_000)).toEqual(["r1 A 3", "r2 A 4"]);
  desk.hear(committed("r1", 3), 1_000);
  expect(shipAll(desk, 9_000)).toEqual([]);
  expect([desk.units, desk.dispatchedOrders, desk.openOrders]).toEqual([7, 2, 0]);
});

test("what is not there waits for goods", () => {
  const desk = deskWith(committed("r1", 5));
  desk.shipDue(1_000, () => 2);
  desk.shipDue(1_000, () => 0);
  expect([desk.units, desk.openUnits, desk.openOrders]).toEqual([2, 3, 1]);
  expect(shipAll(desk, 1_001)).toEqual(["r1 A 3"]);
});

test("what was released is not shipped", () => {
  const desk = deskWith(committed("r1", 5), news("released", "r1", 2, 3));
  expect(shipAll(desk, 1_000)).toEqual(["r1 A 3"]);
  const gone = deskWith(committed("r2", 5), news("released", "r2", 5, 0));
  expect(gone.openOrders).toBe(0);
  expect(shipAll(gone, 1_000)).toEqual([]);
});

test("the part of a hold that its commit left is not taken off what was committed", () => {
  const desk = deskWith(news("committed", "r1", 6, 6), news("released", "r1", 4, 6));
  expect(shipAll(desk, 1_000)).toEqual(["r1 A 6"]);
});

test("a release counts once, whether the service knew of what had gone out or not", () => {
  for (const isKnown of [true, false]) {
    const desk = deskWith(committed("r1", 10));
    desk.shipDue(1_000, () => 4);
    if (isKnown) desk.hear(news("dispatched", "r1", 4, 6), 1_000);
    desk.hear(news("released", "r1", 3, isKnown ? 3 : 7), 1_000);
    expect(shipAll(desk, 1_001)).toEqual(["r1 A 3"]);
  }
});
