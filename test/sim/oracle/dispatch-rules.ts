/** A dispatch is a fact: on_hand always falls; what it matches is consumed, the rest is an exception (docs/api.md, ErpService). */
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import { countFulfilled } from "./accuracy-rules.js";
import { changed } from "./ending-rules.js";
import type { ErpContext } from "./erp-rules.js";
import { addException } from "./exception-rules.js";
import type { Done, ModelReservation, ModelState, ModelStock } from "./model-state.js";
import { coverageOrder, openAt } from "./stock-rules.js";

interface Dispatch {
  readonly event: ErpEvent;
  readonly body: Extract<ErpBody, { kind: "OrderDispatched" }>;
  /** What it does to on_hand. */
  readonly onHand: number;
}

/** What it consumes, and what of it is an exception. The fall of on_hand is the caller's. */
export function dispatch(
  state: ModelState,
  stock: ModelStock,
  { event, body, onHand }: Dispatch,
  at: ErpContext,
): Pick<Done, "consumed" | "exception"> {
  if (body.reservationId === "" && body.orderId === "") return { consumed: [], exception: 0 };
  const found = body.reservationId === "" ? ofOrder(state, stock, body) : ofReservation(state, stock, body, at);
  const { nowMs } = at;
  let left = body.quantity;
  const consumed: { reservation: ModelReservation; quantity: number }[] = [];
  for (const reservation of found.matched) {
    const line = reservation.lines.find(({ sku }) => sku === stock.sku)!;
    const units = Math.min(left, line.open);
    if (units === 0) continue;
    line.open -= units;
    line.dispatched += units;
    left -= units;
    countFulfilled(state, reservation, line, { units, nowMs });
    consumed.push({ reservation, quantity: units });
  }
  stock.onHand += onHand;
  const owners = consumed.map(({ reservation }) => reservation);
  changed(state, owners, { nowMs, exact: true }, "RELEASED");
  stock.onHand -= onHand;
  const exception = left === 0 ? 0 : addException(state, event, { quantity: left, reason: found.otherwise, nowMs });
  return {
    consumed: consumed.map(({ reservation: { number }, quantity }) => ({ reservation: number, quantity })),
    exception,
  };
}

/** Whose units are consumed, and what is told of those that are beyond. */
interface Match {
  readonly matched: readonly ModelReservation[];
  readonly otherwise: string;
}

function ofReservation(state: ModelState, stock: ModelStock, body: Dispatch["body"], at: ErpContext): Match {
  const none = (otherwise: string) => ({ matched: [], otherwise });
  const number = at.numberOf(body.reservationId);
  const reservation = number === undefined ? undefined : state.reservations.get(number);
  if (reservation?.warehouseId !== stock.warehouseId) return none("RESERVATION_NOT_FOUND");
  if (body.dealerId !== "" && body.dealerId !== reservation.dealerId) return none("DEALER_MISMATCH");
  if (reservation.state === "PENDING") return none("RESERVATION_PENDING");
  if (reservation.state !== "COMMITTED") return none("RESERVATION_ENDED");
  const matched = openAt(reservation, stock.sku) > 0 ? [reservation] : [];
  return { matched, otherwise: "QUANTITY_EXCEEDED" };
}

/** Oldest commit first, across the order's reservations. */
function ofOrder(state: ModelState, stock: ModelStock, body: Dispatch["body"]): Match {
  const committed = coverageOrder(state, stock).filter(
    (reservation) =>
      reservation.state === "COMMITTED" &&
      reservation.orderId === body.orderId &&
      (body.dealerId === "" || reservation.dealerId === body.dealerId),
  );
  if (committed.length === 0) return { matched: [], otherwise: "ORDER_NOT_COMMITTED" };
  const dealers = new Set(committed.map((reservation) => reservation.dealerId));
  if (dealers.size > 1) return { matched: [], otherwise: "DEALER_AMBIGUOUS" };
  return { matched: committed, otherwise: "QUANTITY_EXCEEDED" };
}
