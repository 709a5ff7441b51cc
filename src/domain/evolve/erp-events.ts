/** What ERP events change of a stock's own figures, and the history that they leave. */
import type { ErpBody } from "../erp-event.js";
import type { ErpEventApplied } from "../event.js";
import type { Movement, MovementKind } from "../movement.js";
import type { PartitionState } from "../partition-state.js";
import type { RecordStamp, StockTouched } from "../record-stamp.js";
import { LAST_EVENTS_MAX, type Stock } from "../stock.js";
import { changed } from "./transitions.js";

export function evolveErpEvent(
  state: PartitionState,
  event: ErpEventApplied,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  if (event.stock === 0) return;
  const stock = state.stocks.touch(event.stock);
  stock.opened = true;
  if (stock.source === "") stock.source = event.event.source;
  stock.onHand += event.onHandDelta;
  stock.unavailable += event.unavailableDelta;
  stock.allocatedElsewhere += event.allocatedDelta;
  stock.lastEvents = [...stock.lastEvents.slice(1 - LAST_EVENTS_MAX), event.event];
  changed(stock, stamp);
  touched(stock);
  addMovement(state, stock, {
    kind: MOVEMENT_KINDS[event.event.body.kind],
    source: event.event.source,
    sequence: event.event.sequence,
    eventId: event.event.eventId,
    timeMs: stamp.timeMs,
    onHandDelta: event.onHandDelta,
    unavailableDelta: event.unavailableDelta,
    allocatedDelta: event.allocatedDelta,
    consumed: event.consumed,
    exception: event.exception,
    isLate: event.isLate,
    reverses: event.reverses,
  });
}

const MOVEMENT_KINDS: Readonly<Record<ErpBody["kind"], MovementKind>> = {
  StockReceived: "moved",
  StockAdjusted: "moved",
  StockCounted: "counted",
  StockBlocked: "moved",
  DemandAllocated: "moved",
  OrderDispatched: "dispatched",
  OrderClosed: "closed",
  StockReturned: "moved",
  EventReversed: "reversed",
};

/** Adds to the history of a stock that is touched already. */
export function addMovement(
  state: PartitionState,
  stock: Stock,
  movement: Omit<Movement, "number" | "stock" | "previous">,
): void {
  const number = state.movements.count + 1;
  state.movements.add({ number, stock: stock.number, previous: stock.newestMovement, ...movement });
  stock.newestMovement = number;
}
