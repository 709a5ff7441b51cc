/** An event is undone: what it did, for a count its difference; the units of a dispatch are committed again (docs/api.md, ErpService). */
import type { ErpEvent } from "../../../src/domain/erp-event.js";
import { countFulfilled } from "./accuracy-rules.js";
import { changed } from "./ending-rules.js";
import { type ErpContext, isOfOrder, rejectionOfChange, settledSince } from "./erp-rules.js";
import { findException, settleException } from "./exception-rules.js";
import {
  type Done,
  isOpen,
  type ModelReservation,
  type ModelState,
  type ModelStock,
  type Units,
} from "./model-state.js";

/** Undefined when it was undone, with `move` called for what that does to the stock; else why not. */
export function reverse(
  state: ModelState,
  stock: ModelStock,
  event: ErpEvent,
  at: ErpContext,
  move: (deltas: Partial<Done>) => void,
): string | undefined {
  if (event.body.kind !== "EventReversed") return "EVENT_NOT_FOUND";
  const { reversedEventId } = event.body;
  const found = stock.history.findLastIndex(
    (done) => done.event.source === event.source && done.event.eventId === reversedEventId,
  );
  if (found === -1) return "EVENT_NOT_FOUND";
  const undone = stock.history[found]!;
  const isUndone = stock.history
    .slice(found + 1)
    .some(
      ({ event: { source, body } }) =>
        source === event.source && body.kind === "EventReversed" && body.reversedEventId === reversedEventId,
    );
  if (isUndone) return "ALREADY_REVERSED";
  const { kind } = undone.event.body;
  if (kind === "OrderClosed" || kind === "EventReversed") return "NOT_REVERSIBLE";
  const settled = settledSince(stock, event, at);
  const deltas = {
    onHand: settled.onHand ? 0 : 0 - booked(undone),
    unavailable: settled.unavailable ? 0 : 0 - undone.unavailable,
    allocated: 0 - undone.allocated,
  };
  const exception = findException(state, stock.warehouseId, undone.exception);
  const returned = [...undone.consumed, ...(exception?.attachments ?? [])];
  const hasUnmatched = exception !== undefined && exception.attached < exception.quantity;
  const hasEffect = Object.values(deltas).some((delta) => delta !== 0) || returned.length > 0 || hasUnmatched;
  if (settled.onHand && !hasEffect) return "SUPERSEDED";
  const rejection = rejectionOf(state, stock, deltas);
  if (rejection !== undefined) return rejection;
  // What comes back is there before it is anybody's.
  move(deltas);
  const owners = returned.map((units) => giveBack(state, stock, units, at.nowMs));
  changed(
    state,
    owners.filter((owner) => owner !== undefined),
    { nowMs: at.nowMs, exact: true },
    "RELEASED",
  );
  if (exception !== undefined) settleException(state, exception);
  return undefined;
}

/** What an event did in its source's books. Here a late dispatch did nothing to on_hand that a count had seen it in. */
function booked({ event: { body }, onHand }: Done): number {
  return body.kind === "OrderDispatched" && isOfOrder(body) ? -body.quantity : onHand;
}

function rejectionOf(
  state: ModelState,
  stock: ModelStock,
  deltas: { readonly onHand: number; readonly unavailable: number; readonly allocated: number },
): string | undefined {
  return (
    rejectionOfChange(state, stock, "unavailable", deltas.unavailable) ??
    rejectionOfChange(state, stock, "allocatedElsewhere", deltas.allocated) ??
    rejectionOfChange(state, stock, "onHand", deltas.onHand)
  );
}

/** Units are committed again: in their reservation, or where that has ended in a successor of the same place in the order. */
function giveBack(state: ModelState, stock: ModelStock, units: Units, nowMs: number): ModelReservation | undefined {
  const owner = state.reservations.get(units.reservation)!;
  const line = owner.lines.find(({ sku }) => sku === stock.sku)!;
  countFulfilled(state, owner, line, { units: -units.quantity, nowMs });
  if (!isOpen(owner)) {
    reopen(state, stock, owner, { quantity: units.quantity, nowMs });
    return undefined;
  }
  line.open += units.quantity;
  line.dispatched -= units.quantity;
  stock.open.add(owner.number);
  return owner;
}

function reopen(
  state: ModelState,
  stock: ModelStock,
  ended: ModelReservation,
  { quantity, nowMs }: { readonly quantity: number; readonly nowMs: number },
): void {
  state.lastReservation += 1;
  const { dealerId, orderId, warehouseId, commitOrder, committedAtMs } = ended;
  const made: ModelReservation = {
    number: state.lastReservation,
    dealerId,
    orderId,
    warehouseId,
    lines: [{ sku: stock.sku, requested: quantity, open: quantity, dispatched: 0, released: 0, atRisk: false }],
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    updatedExactly: true,
    state: "COMMITTED",
    expiresAtMs: 0,
    atRisk: false,
    revision: 1,
    toldByExpiry: false,
    commitOrder,
    committedAtMs,
    provisional: false,
    reopenedFrom: ended.number,
    atRiskSinceMs: 0,
    kept: false,
  };
  state.reservations.set(made.number, made);
  stock.open.add(made.number);
}
