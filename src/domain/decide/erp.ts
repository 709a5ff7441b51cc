/**
 * What an ERP event does to its stock. Movements are facts: on_hand follows them below zero if need be.
 * What cannot be taken is rejected with a reason, and the source's sequence moves on.
 */
import type { ErpBody, ErpEvent } from "../erp-event.js";
import type { ErpEventApplied, PartitionEvent } from "../event.js";
import { type FiguresAt, figuresAt } from "../movement.js";
import type { PartitionState } from "../partition-state.js";
import { QUANTITY_MAX } from "../quantity.js";
import type { Stock } from "../stock.js";
import { decideDispatch } from "./dispatch.js";
import { decideOrderClosed } from "./order-closed.js";
import { decideReversal } from "./reversal.js";

export type ErpDecision =
  | { readonly kind: "applied"; readonly events: readonly PartitionEvent[] }
  | { readonly kind: "rejected"; readonly reason: string };

/** What a decision needs beside the event and the state. */
export interface ErpContext {
  /** The number of the reservation that the event names, where its id is one of this partition's; else 0. */
  readonly reservation: number;
  readonly epoch: number;
  /** The source went on without this event: after a skip, or as a dead letter. */
  readonly isLate: boolean;
}

export function decideErpEvent(state: PartitionState, event: ErpEvent, context: ErpContext): ErpDecision {
  const { body } = event;
  if (body.sku === "") return close(state, { ...applied(event, 0), isLate: context.isLate }, context);
  const stock = state.stocks.find(body.sku);
  if (stock !== undefined && stock.source !== "" && !isOfRecord(stock, event)) return rejected("NOT_SOURCE_OF_RECORD");
  const opened: PartitionEvent[] = [];
  const number = stock?.number ?? state.stocks.count + 1;
  if (stock === undefined) opened.push({ kind: "StockOpened", stock: number, sku: body.sku });
  const effect =
    body.kind === "EventReversed" ? reverse(state, event, stock, context) : move(state, event, stock, context);
  if (typeof effect === "string") return rejected(effect);
  const fault = outOfRange(stock, effect.applied);
  if (fault !== undefined) return rejected(fault);
  if (body.kind === "OrderClosed") return close(state, effect.applied, context, opened);
  return { kind: "applied", events: [...opened, effect.applied, ...effect.events] };
}

function isOfRecord(stock: Stock, event: ErpEvent): boolean {
  return stock.source === event.source && event.sequence >= stock.sourceFrom;
}

/** The event's effect on its stock, and what follows from it; or why there is none. */
type Effect = { readonly applied: ErpEventApplied; readonly events: readonly PartitionEvent[] } | string;

function move(state: PartitionState, event: ErpEvent, stock: Stock | undefined, context: ErpContext): Effect {
  const { body } = event;
  const number = stock?.number ?? state.stocks.count + 1;
  const then = stock === undefined ? NOTHING_THEN : figuresThen(state, event, stock, context);
  if (typeof then === "string") return then;
  if (isSuperseded(body, then)) return "SUPERSEDED";
  const deltas = unsettled(counterDeltas(body, then.onHand), then);
  const base = { ...applied(event, number), ...deltas, isLate: context.isLate };
  if (body.kind !== "OrderDispatched") return { applied: base, events: [] };
  const { consumed, events } = decideDispatch(state, event, body, number, context.reservation);
  const isUnmatched = events.at(-1)?.kind === "DispatchUnmatched";
  return { applied: { ...base, consumed, exception: isUnmatched ? state.exceptions.count + 1 : 0 }, events };
}

/** What an event meets: for a late one, what was there when it happened, and which figures have been settled otherwise since. */
type Then = Pick<FiguresAt, "onHand" | "isSuperseded" | "isHealed">;

const NOTHING_THEN: Then = { onHand: 0, isSuperseded: false, isHealed: false };

function figuresThen(
  state: PartitionState,
  { body, source, sequence }: ErpEvent,
  stock: Stock,
  { isLate }: ErpContext,
): Then | string {
  // What others took, and what is no longer wanted, is settled by no count.
  const isOfNoFigure = body.kind === "DemandAllocated" || body.kind === "OrderClosed";
  if (!isLate || isOfNoFigure) return { ...NOTHING_THEN, onHand: stock.onHand };
  return figuresAt(state, stock, source, sequence) ?? "EVENT_TOO_OLD";
}

/** Whether a late event has nothing to say but what a count or a healing since has seen already. A dispatch also says whose the units were. */
function isSuperseded(body: ErpBody, then: Then): boolean {
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
    case "StockAdjusted":
    case "StockCounted":
      return then.isSuperseded;
    case "StockBlocked":
      return then.isHealed;
    case "OrderDispatched":
      return then.isSuperseded && body.reservationId === "" && body.orderId === "";
    case "DemandAllocated":
    case "OrderClosed":
    case "EventReversed":
      return false;
  }
}

/** Without what is in the stock's figures already: a count has seen what was on hand, a healing what was unavailable too. */
function unsettled(deltas: Deltas, { isSuperseded: isOnHandSettled, isHealed }: Then): Deltas {
  return {
    ...deltas,
    ...(isOnHandSettled ? { onHandDelta: 0 } : {}),
    ...(isHealed ? { unavailableDelta: 0 } : {}),
  };
}

function reverse(state: PartitionState, event: ErpEvent, stock: Stock | undefined, context: ErpContext): Effect {
  if (stock === undefined || event.body.kind !== "EventReversed") return "EVENT_NOT_FOUND";
  const then = figuresThen(state, event, stock, context);
  if (typeof then === "string") return then;
  const reversal = decideReversal(state, stock, event.source, event.body.reversedEventId, context.epoch);
  if (typeof reversal === "string") return reversal;
  const { reverses, events } = reversal;
  const deltas = unsettled(reversal.deltas, then);
  if (then.isSuperseded && events.length === 0 && isNothing(deltas)) return "SUPERSEDED";
  return { applied: { ...applied(event, stock.number), ...deltas, reverses, isLate: context.isLate }, events };
}

function isNothing({ onHandDelta, unavailableDelta, allocatedDelta }: Deltas): boolean {
  return onHandDelta === 0 && unavailableDelta === 0 && allocatedDelta === 0;
}

function close(
  state: PartitionState,
  effect: ErpEventApplied,
  context: ErpContext,
  opened: readonly PartitionEvent[] = [],
): ErpDecision {
  const { source, body } = effect.event;
  if (body.kind !== "OrderClosed") return rejected("INVALID_FIELD: sku");
  const closing = decideOrderClosed(state, source, body, context.reservation);
  if (typeof closing === "string") return rejected(closing);
  return { kind: "applied", events: [...opened, effect, ...closing] };
}

function rejected(reason: string): ErpDecision {
  return { kind: "rejected", reason };
}

type Deltas = Pick<ErpEventApplied, "onHandDelta" | "unavailableDelta" | "allocatedDelta">;

const NO_DELTAS: Deltas = { onHandDelta: 0, unavailableDelta: 0, allocatedDelta: 0 };

function applied(event: ErpEvent, stock: number): ErpEventApplied {
  return {
    kind: "ErpEventApplied",
    event,
    stock,
    ...NO_DELTAS,
    isLate: false,
    consumed: [],
    exception: 0,
    reverses: 0,
  };
}

/** `onHand` is what the event meets: a count is told as the difference to it. */
function counterDeltas(body: ErpBody, onHand: number): Deltas {
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
      return { ...NO_DELTAS, onHandDelta: body.quantity };
    case "StockAdjusted":
      return { ...NO_DELTAS, onHandDelta: body.delta };
    case "StockCounted":
      return { ...NO_DELTAS, onHandDelta: body.onHand - onHand };
    case "StockBlocked":
      return { ...NO_DELTAS, unavailableDelta: body.delta };
    case "DemandAllocated":
      return { ...NO_DELTAS, allocatedDelta: body.delta };
    case "OrderDispatched":
      return { ...NO_DELTAS, onHandDelta: -body.quantity };
    case "OrderClosed":
    case "EventReversed":
      return NO_DELTAS;
  }
}

/** Counters stay exact: none beyond the bound of quantities, unavailable and allocated never below 0, sums included. */
function outOfRange(stock: Stock | undefined, deltas: ErpEventApplied): string | undefined {
  const onHand = (stock?.onHand ?? 0) + deltas.onHandDelta;
  const unavailable = (stock?.unavailable ?? 0) + deltas.unavailableDelta;
  const allocated = (stock?.allocatedElsewhere ?? 0) + deltas.allocatedDelta;
  if (unavailable < 0) return "BELOW_ZERO: unavailable";
  if (allocated < 0) return "BELOW_ZERO: allocated_elsewhere";
  if (Math.abs(onHand) > QUANTITY_MAX) return "LIMIT_EXCEEDED: on_hand";
  const promised = (stock?.reserved ?? 0) + (stock?.committed ?? 0);
  if (unavailable > QUANTITY_MAX) return "LIMIT_EXCEEDED: unavailable";
  if (allocated > QUANTITY_MAX) return "LIMIT_EXCEEDED: allocated_elsewhere";
  if (promised + allocated + unavailable - onHand > QUANTITY_MAX) return "LIMIT_EXCEEDED: shortfall";
  return undefined;
}
