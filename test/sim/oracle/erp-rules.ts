/** What one ERP event does to stocks and reservations, as docs/api.md words it; or why it is dead-lettered. */
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import { countFailed } from "./accuracy-rules.js";
import { dispatch } from "./dispatch-rules.js";
import { changed } from "./ending-rules.js";
import {
  type Done,
  isOpen,
  type ModelReservation,
  type ModelState,
  type ModelStock,
  newStock,
  stockKey,
} from "./model-state.js";
import { reverse } from "./reversal-rules.js";
import { excess, refreshRisk } from "./stock-rules.js";

/** How an event comes: after its source went on without it, or in its turn. */
export interface ErpContext {
  readonly nowMs: number;
  readonly numberOf: (reservationId: string) => number | undefined;
  readonly isLate?: boolean;
}

/** Undefined when applied, else the reason of the rejection, which moves nothing. */
export function applyErpEvent(state: ModelState, event: ErpEvent, at: ErpContext): string | undefined {
  const { body } = event;
  // A warehouse exists once an event names it, even one that is dead-lettered; a stock only by one that is applied.
  state.warehouses.add(body.warehouseId);
  if (body.kind === "OrderClosed" && body.sku === "") return closeOrder(state, event.source, body, at);
  const key = stockKey(body.warehouseId, body.sku);
  const known = state.stocks.get(key);
  if (known !== undefined && known.source !== "" && !isOfRecord(known, event)) return "NOT_SOURCE_OF_RECORD";
  const stock = known ?? newStock(body.warehouseId, body.sku);
  const settled = settledSince(stock, event, at);
  if (hasNothingToSay(body, settled)) return "SUPERSEDED";
  const rejection = rejectionOf(state, stock, event, settled) ?? effectOf(state, stock, event, at);
  if (rejection !== undefined) return rejection;
  state.stocks.set(key, stock);
  if (stock.source === "") stock.source = event.source;
  stock.seen = true;
  stock.lastEvents.unshift(event);
  refreshRisk(state, [stock], { nowMs: at.nowMs, exact: true });
  stock.excessAllowed = Math.max(0, excess(state, stock));
  return undefined;
}

function isOfRecord(stock: ModelStock, { source, sequence }: ErpEvent): boolean {
  return stock.source === source && sequence >= stock.sourceFrom;
}

/** What the source told of the stock after this event, since it is the source of record. */
export function laterThan(
  stock: ModelStock,
  { source, sequence }: Pick<ErpEvent, "source" | "sequence">,
): readonly Done[] {
  const since = stock.history.findLastIndex(({ event }) => event.source !== source);
  return stock.history.slice(since + 1).filter(({ event }) => event.sequence > sequence);
}

/** What was true before it says nothing of now. */
export function isSettling({ event, isHealing }: Done): boolean {
  return event.body.kind === "StockCounted" || isHealing === true;
}

/** Which figures say what they said after a late event, whatever it did: a count is of what is on hand, a healing of both. */
export interface Settled {
  readonly onHand: boolean;
  readonly unavailable: boolean;
}

export function settledSince(stock: ModelStock, event: ErpEvent, { isLate }: ErpContext): Settled {
  const since = isLate ? laterThan(stock, event) : [];
  return { onHand: since.some(isSettling), unavailable: since.some(({ isHealing }) => isHealing === true) };
}

/** It only tells of figures that were seen since. A dispatch tells of an order too, if it names one. */
function hasNothingToSay(body: ErpBody, settled: Settled): boolean {
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
    case "StockAdjusted":
    case "StockCounted":
      return settled.onHand;
    case "OrderDispatched":
      return settled.onHand && !isOfOrder(body);
    case "StockBlocked":
      return settled.unavailable;
    default:
      return false;
  }
}

export function isOfOrder({ reservationId, orderId }: Extract<ErpBody, { kind: "OrderDispatched" }>): boolean {
  return reservationId !== "" || orderId !== "";
}

/** on_hand when a count was true: now, or for one that is late, without what happened after it. */
function onHandThen(stock: ModelStock, event: ErpEvent): number {
  return laterThan(stock, event).reduce((units, done) => units - done.onHand, stock.onHand);
}

function rejectionOf(state: ModelState, stock: ModelStock, event: ErpEvent, settled: Settled): string | undefined {
  const { body } = event;
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
      return rejectionOfChange(state, stock, "onHand", body.quantity);
    case "StockAdjusted":
      return rejectionOfChange(state, stock, "onHand", body.delta);
    case "OrderDispatched":
      return rejectionOfChange(state, stock, "onHand", settled.onHand ? 0 : -body.quantity);
    case "StockBlocked":
      return rejectionOfChange(state, stock, "unavailable", body.delta);
    case "DemandAllocated":
      return rejectionOfChange(state, stock, "allocatedElsewhere", body.delta);
    case "StockCounted":
      return rejectionOfChange(state, stock, "onHand", body.onHand - onHandThen(stock, event));
    case "OrderClosed":
    case "EventReversed":
      return undefined;
  }
}

/** on_hand may fall below 0, the others may not; no quantity, sums included, passes 2^53 - 1. */
export function rejectionOfChange(
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

/** What it does, written into the stock's history; or why it cannot be taken. */
function effectOf(state: ModelState, stock: ModelStock, event: ErpEvent, at: ErpContext): string | undefined {
  const { body } = event;
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
      return move(stock, event, at, { onHand: body.quantity });
    case "StockAdjusted":
      return move(stock, event, at, { onHand: body.delta });
    case "StockCounted":
      return move(stock, event, at, { onHand: body.onHand - onHandThen(stock, event) });
    case "StockBlocked":
      return move(stock, event, at, { unavailable: body.delta });
    case "DemandAllocated":
      return move(stock, event, at, { allocated: body.delta });
    case "OrderDispatched": {
      const onHand = settledSince(stock, event, at).onHand ? 0 : -body.quantity;
      move(stock, event, at, { onHand, ...dispatch(state, stock, { event, body, onHand }, at) });
      return undefined;
    }
    case "OrderClosed":
      return closeOrder(state, event.source, body, at) ?? move(stock, event, at, {});
    case "EventReversed":
      return reverse(state, stock, event, at, (deltas) => move(stock, event, at, deltas));
  }
}

function move(stock: ModelStock, event: ErpEvent, at: ErpContext, what: Partial<Done>): undefined {
  const none = { onHand: 0, unavailable: 0, allocated: 0, consumed: [], exception: 0 };
  const done = { ...none, ...what, event, isLate: at.isLate ?? false };
  stock.onHand += done.onHand;
  stock.unavailable += done.unavailable;
  stock.allocatedElsewhere += done.allocated;
  (stock as { history: ModelStock["history"] }).history = [...stock.history, done];
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
      countFailed(state, reservation, line, { units: line.open, reason: body.reason, nowMs: at.nowMs });
      line.released += line.open;
      line.open = 0;
    }
  }
  changed(state, closed, { nowMs: at.nowMs, exact: true }, "RELEASED");
  return undefined;
}
