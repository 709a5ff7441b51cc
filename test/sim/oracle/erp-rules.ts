/** What one ERP event does to stocks and reservations, as docs/api.md words it; or why it is dead-lettered. */
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import { dispatch } from "./dispatch-rules.js";
import { changed } from "./ending-rules.js";
import { isOpen, type ModelReservation, type ModelState, type ModelStock, stockKey } from "./model-state.js";
import { excess, refreshRisk } from "./stock-rules.js";

export interface ErpContext {
  readonly nowMs: number;
  readonly numberOf: (reservationId: string) => number | undefined;
}

/** Undefined when applied, else the reason of the rejection, which moves nothing. */
export function applyErpEvent(state: ModelState, event: ErpEvent, at: ErpContext): string | undefined {
  const { body } = event;
  // A warehouse exists once an event names it, even one that is dead-lettered; a stock only by one that is applied.
  state.warehouses.add(body.warehouseId);
  if (body.kind === "OrderClosed" && body.sku === "") return closeOrder(state, event.source, body, at);
  const key = stockKey(body.warehouseId, body.sku);
  const known = state.stocks.get(key);
  if (known !== undefined && known.source !== event.source) return "NOT_SOURCE_OF_RECORD";
  const stock = known ?? newStock(body.warehouseId, body.sku, event.source);
  const rejection = rejectionOf(state, stock, body);
  if (rejection !== undefined) return rejection;
  if (body.kind === "OrderClosed") {
    const rejection = closeOrder(state, event.source, body, at);
    if (rejection !== undefined) return rejection;
  }
  state.stocks.set(key, stock);
  move(state, stock, event, at);
  stock.lastEvents.unshift(event);
  refreshRisk(state, [stock], { nowMs: at.nowMs, exact: true });
  stock.excessAllowed = Math.max(0, excess(state, stock));
  return undefined;
}

function newStock(warehouseId: string, sku: string, source: string): ModelStock {
  return {
    warehouseId,
    sku,
    source,
    onHand: 0,
    unavailable: 0,
    allocatedElsewhere: 0,
    open: new Set(),
    excessAllowed: 0,
    lastEvents: [],
    exceptions: [],
  };
}

function rejectionOf(state: ModelState, stock: ModelStock, body: ErpBody): string | undefined {
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
      return rejectionOfChange(state, stock, "onHand", body.quantity);
    case "StockAdjusted":
      return rejectionOfChange(state, stock, "onHand", body.delta);
    case "OrderDispatched":
      return rejectionOfChange(state, stock, "onHand", -body.quantity);
    case "StockBlocked":
      return rejectionOfChange(state, stock, "unavailable", body.delta);
    case "DemandAllocated":
      return rejectionOfChange(state, stock, "allocatedElsewhere", body.delta);
    case "StockCounted":
    case "OrderClosed":
      return undefined;
  }
}

/** on_hand may fall below 0, the others may not; no quantity, sums included, passes 2^53 - 1. */
function rejectionOfChange(
  state: ModelState,
  stock: ModelStock,
  figure: "onHand" | "unavailable" | "allocatedElsewhere",
  delta: number,
): string | undefined {
  const name = { onHand: "on_hand", unavailable: "unavailable", allocatedElsewhere: "allocated_elsewhere" }[figure];
  const after = stock[figure] + delta;
  if (figure !== "onHand" && after < 0) return `BELOW_ZERO: ${name}`;
  if (Math.abs(after) > Number.MAX_SAFE_INTEGER) return `LIMIT_EXCEEDED: ${name}`;
  const more = figure === "onHand" ? -delta : delta;
  return excess(state, stock) + more > Number.MAX_SAFE_INTEGER ? "LIMIT_EXCEEDED: shortfall" : undefined;
}

function move(state: ModelState, stock: ModelStock, event: ErpEvent, at: ErpContext): void {
  const { body } = event;
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
      stock.onHand += body.quantity;
      return;
    case "StockAdjusted":
      stock.onHand += body.delta;
      return;
    case "StockCounted":
      stock.onHand = body.onHand;
      return;
    case "StockBlocked":
      stock.unavailable += body.delta;
      return;
    case "DemandAllocated":
      stock.allocatedElsewhere += body.delta;
      return;
    case "OrderDispatched":
      dispatch(state, stock, { eventId: event.eventId, body }, at);
      return;
    case "OrderClosed":
      return;
  }
}

/** The undispatched rest in the source's own stocks is released, of one SKU or of all; what matches nothing does nothing. */
function closeOrder(
  state: ModelState,
  source: string,
  body: Extract<ErpBody, { kind: "OrderClosed" }>,
  at: ErpContext,
): string | undefined {
  const named = body.reservationId === "" ? undefined : at.numberOf(body.reservationId);
  const matches = (reservation: ModelReservation) =>
    reservation.warehouseId === body.warehouseId &&
    isOpen(reservation) &&
    (body.dealerId === "" || reservation.dealerId === body.dealerId) &&
    (body.reservationId === "" ? reservation.orderId === body.orderId : reservation.number === named);
  const order = [...state.reservations.values()].filter(matches);
  // Whatever SKU is closed: it is the order_id that several dealers use (docs/api.md).
  if (new Set(order.map((reservation) => reservation.dealerId)).size > 1) return "DEALER_AMBIGUOUS: dealer_id";
  const isMeant = ({ sku, open }: ModelReservation["lines"][number]) =>
    open > 0 && (body.sku === "" || sku === body.sku);
  const isOwn = ({ sku }: ModelReservation["lines"][number]) =>
    state.stocks.get(stockKey(body.warehouseId, sku))!.source === source;
  const meant = order.filter(({ lines }) => lines.some(isMeant));
  const closed = meant.filter(({ lines }) => lines.some((line) => isMeant(line) && isOwn(line)));
  if (meant.length > 0 && closed.length === 0) return "NOT_SOURCE_OF_RECORD";
  for (const reservation of closed) {
    for (const line of reservation.lines) {
      if (!isMeant(line) || !isOwn(line)) continue;
      line.released += line.open;
      line.open = 0;
    }
  }
  changed(state, closed, { nowMs: at.nowMs, exact: true }, "RELEASED");
  return undefined;
}
