import { expect, test } from "vitest";
import { type OrderNews, type Ship, ShippingDesk } from "../../scripts/erp-sim/shipping-desk.js";
import { SeededRandom } from "../journal/seeded-random.js";

const DELAY = { dispatchMinMs: 1_000, dispatchMaxMs: 1_000 };

function committed(reservationId: string, quantity: number): OrderNews {
  return { kind: "committed", reservationId, dealerId: "d", warehouseId: "north", lines: [{ sku: "A", quantity }] };
}

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
  const desk = deskWith(committed("r1", 5), { ...committed("r1", 2), kind: "ended" });
  expect(shipAll(desk, 1_000)).toEqual(["r1 A 3"]);
  const gone = deskWith(committed("r2", 5), { ...committed("r2", 5), kind: "ended" });
  expect(gone.openOrders).toBe(0);
  expect(shipAll(gone, 1_000)).toEqual([]);
});
