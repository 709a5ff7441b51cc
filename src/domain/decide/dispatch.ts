import type { ErpBody, ErpEvent } from "../erp-event.js";
import type { PartitionEvent } from "../event.js";
import type { ConsumedUnits } from "../movement.js";
import type { PartitionState } from "../partition-state.js";
import type { Reservation } from "../reservation.js";

type Dispatched = Extract<ErpBody, { kind: "OrderDispatched" }>;

/** A reservation's committed line that a dispatch may consume. */
interface CommittedLine {
  readonly reservation: Reservation;
  readonly line: number;
  readonly open: number;
}

/**
 * Which committed units a dispatch consumes: those of the named reservation, or of the order, oldest commit first.
 * What it cannot be matched with is kept as an exception (docs/api.md, ErpService).
 */
export function decideDispatch(
  state: PartitionState,
  event: ErpEvent,
  body: Dispatched,
  stock: number,
  reservationNumber: number,
): DispatchDecision {
  if (body.reservationId === "" && body.orderId === "") return { consumed: [], events: [] };
  const matched = body.orderId === "" ? byReservation(state, body, reservationNumber) : byOrder(state, body);
  const consumed: ConsumedUnits[] = [];
  let rest = body.quantity;
  for (const { reservation, line, open } of matched.lines) {
    if (rest === 0) break;
    const quantity = Math.min(rest, open);
    consumed.push({ reservation: reservation.number, line, quantity });
    rest -= quantity;
  }
  const events: PartitionEvent[] = consumed.map((units) => ({ kind: "UnitsDispatched", ...units }));
  if (rest > 0) events.push({ kind: "DispatchUnmatched", stock, event, quantity: rest, reason: matched.otherwise });
  return { consumed, events };
}

/** What a dispatch consumes, and the events that say so. */
export interface DispatchDecision {
  readonly consumed: readonly ConsumedUnits[];
  readonly events: readonly PartitionEvent[];
}

/** The lines to consume, and why units beyond them are an exception. */
interface Match {
  readonly lines: readonly CommittedLine[];
  readonly otherwise: string;
}

function byReservation(state: PartitionState, body: Dispatched, number: number): Match {
  const reservation = number === 0 ? undefined : state.reservations.get(number);
  if (reservation === undefined || reservation.id !== body.reservationId) {
    return { lines: [], otherwise: "RESERVATION_NOT_FOUND" };
  }
  if (body.dealerId !== "" && body.dealerId !== reservation.dealerId)
    return { lines: [], otherwise: "DEALER_MISMATCH" };
  if (reservation.state === "PENDING") return { lines: [], otherwise: "RESERVATION_PENDING" };
  if (reservation.state !== "COMMITTED") return { lines: [], otherwise: "RESERVATION_ENDED" };
  return { lines: committedLines(reservation, body.sku), otherwise: "QUANTITY_EXCEEDED" };
}

function byOrder(state: PartitionState, body: Dispatched): Match {
  const found: Reservation[] = [];
  for (const number of state.orders.candidates(body.orderId)) {
    const reservation = state.reservations.get(number)!;
    if (reservation.orderId !== body.orderId || reservation.state !== "COMMITTED") continue;
    if (body.dealerId !== "" && body.dealerId !== reservation.dealerId) continue;
    if (committedLines(reservation, body.sku).length > 0) found.push(reservation);
  }
  if (found.length === 0) return { lines: [], otherwise: "ORDER_NOT_COMMITTED" };
  if (found.some((reservation) => reservation.dealerId !== found[0]!.dealerId)) {
    return { lines: [], otherwise: "DEALER_AMBIGUOUS" };
  }
  found.sort((a, b) => a.commitOrder - b.commitOrder);
  return {
    lines: found.flatMap((reservation) => committedLines(reservation, body.sku)),
    otherwise: "QUANTITY_EXCEEDED",
  };
}

function committedLines(reservation: Reservation, sku: string): CommittedLine[] {
  const line = reservation.lines.findIndex((candidate) => candidate.sku === sku && candidate.open > 0);
  return line === -1 ? [] : [{ reservation, line, open: reservation.lines[line]!.open }];
}
