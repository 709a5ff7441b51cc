/**
 * What an ERP event does to its stock. Movements are facts: on_hand follows them below zero if need be.
 * What cannot be taken is rejected with a reason, and the source's sequence moves on.
 */
import type { ErpBody, ErpEvent } from "../erp-event.js";
import type { PartitionEvent } from "../event.js";
import type { PartitionState } from "../partition-state.js";
import { QUANTITY_MAX } from "../quantity.js";
import type { Stock } from "../stock.js";
import { decideDispatch } from "./dispatch.js";
import { decideOrderClosed } from "./order-closed.js";

export type ErpDecision =
  | { readonly kind: "applied"; readonly events: readonly PartitionEvent[] }
  | { readonly kind: "rejected"; readonly reason: string };

export function decideErpEvent(state: PartitionState, event: ErpEvent, reservationNumber: number): ErpDecision {
  const body = event.body;
  const events: PartitionEvent[] = [];
  if (body.sku === "") {
    events.push(applied(event, 0));
    return close(state, event, reservationNumber, events);
  }
  const stock = state.stocks.find(body.sku);
  if (stock !== undefined && stock.source !== "" && stock.source !== event.source) {
    return { kind: "rejected", reason: "NOT_SOURCE_OF_RECORD" };
  }
  const number = stock?.number ?? state.stocks.count + 1;
  if (stock === undefined) events.push({ kind: "StockOpened", stock: number, sku: body.sku });
  const deltas = counterDeltas(body, stock);
  const fault = outOfRange(stock, deltas);
  if (fault !== undefined) return { kind: "rejected", reason: fault };
  events.push({ ...applied(event, number), ...deltas });
  if (body.kind === "OrderDispatched") events.push(...decideDispatch(state, event, body, number, reservationNumber));
  if (body.kind === "OrderClosed") return close(state, event, reservationNumber, events);
  return { kind: "applied", events };
}

function close(
  state: PartitionState,
  { source, body }: ErpEvent,
  reservationNumber: number,
  events: PartitionEvent[],
): ErpDecision {
  if (body.kind !== "OrderClosed") return { kind: "rejected", reason: "INVALID_FIELD: sku" };
  const closing = decideOrderClosed(state, source, body, reservationNumber);
  if (typeof closing === "string") return { kind: "rejected", reason: closing };
  return { kind: "applied", events: [...events, ...closing] };
}

interface CounterDeltas {
  readonly onHandDelta: number;
  readonly unavailableDelta: number;
  readonly allocatedDelta: number;
}

function applied(event: ErpEvent, stock: number) {
  return { kind: "ErpEventApplied", event, stock, onHandDelta: 0, unavailableDelta: 0, allocatedDelta: 0 } as const;
}

function counterDeltas(body: ErpBody, stock: Stock | undefined): CounterDeltas {
  const deltas = { onHandDelta: 0, unavailableDelta: 0, allocatedDelta: 0 };
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
      return { ...deltas, onHandDelta: body.quantity };
    case "StockAdjusted":
      return { ...deltas, onHandDelta: body.delta };
    case "StockCounted":
      return { ...deltas, onHandDelta: body.onHand - (stock?.onHand ?? 0) };
    case "StockBlocked":
      return { ...deltas, unavailableDelta: body.delta };
    case "DemandAllocated":
      return { ...deltas, allocatedDelta: body.delta };
    case "OrderDispatched":
      return { ...deltas, onHandDelta: -body.quantity };
    case "OrderClosed":
      return deltas;
  }
}

/** Counters stay exact: none beyond the bound of quantities, unavailable and allocated never below 0, sums included. */
function outOfRange(stock: Stock | undefined, deltas: CounterDeltas): string | undefined {
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
