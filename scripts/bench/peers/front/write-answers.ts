/** Decisions of a peer's store to answers of the contract, with the same fields as Holdfast's. */
import { type Reservation, ReservationState } from "../../../../src/gen/holdfast/v1/reservation_pb.js";
import {
  type CommitResponse,
  type ReleaseResponse,
  ReserveOutcome,
  type ReserveResponse,
  ShortageReason,
} from "../../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { heldLine, liveFreshness, timestamp } from "../../answer-parts.js";
import type {
  ChangedReservation,
  GrantedHold,
  ReservationRequest,
  ReserveOrder,
  ShortOfStock,
} from "../stores/peer-store.js";

export function grantedAnswer(order: ReserveOrder, hold: GrantedHold): ReserveResponse {
  const created = timestamp(hold.createdAtMs);
  const reservation: Reservation = {
    $typeName: "holdfast.v1.Reservation",
    reservationId: hold.reservationId,
    dealerId: order.dealerId,
    orderId: order.orderId,
    warehouseId: order.warehouseId,
    state: ReservationState.PENDING,
    lines: order.lines.map(({ sku, quantity }) => heldLine({ sku, quantity: BigInt(quantity) })),
    createTime: created,
    updateTime: created,
    expireTime: timestamp(hold.expiresAtMs),
    provisional: false,
    atRisk: false,
    revision: 1n,
    reopenedFrom: "",
  };
  return reserveAnswer(ReserveOutcome.RESERVED, { reservation });
}

export function shortAnswer(order: ReserveOrder, short: ShortOfStock): ReserveResponse {
  const shortages = order.lines.flatMap(({ sku, quantity }, line) => {
    const available = Math.max(0, short.available[line]!);
    if (available >= quantity) return [];
    const figures = { requested: BigInt(quantity), available: BigInt(available) };
    return [{ $typeName: "holdfast.v1.Shortage" as const, sku, ...figures, reason: ShortageReason.INSUFFICIENT }];
  });
  return { ...reserveAnswer(ReserveOutcome.REJECTED, {}), shortages };
}

export function commitAnswer(request: ReservationRequest, changed: ChangedReservation): CommitResponse {
  const reservation = changedReservation(request, changed, ReservationState.COMMITTED);
  return { $typeName: "holdfast.v1.CommitResponse", reservation, freshness: liveFreshness(Date.now()) };
}

export function releaseAnswer(request: ReservationRequest, changed: ChangedReservation): ReleaseResponse {
  const reservation = changedReservation(request, changed, ReservationState.RELEASED);
  return { $typeName: "holdfast.v1.ReleaseResponse", reservation };
}

function reserveAnswer(
  outcome: ReserveOutcome,
  granted: { reservation: Reservation } | Record<never, never>,
): ReserveResponse {
  const freshness = liveFreshness(Date.now());
  return { $typeName: "holdfast.v1.ReserveResponse", outcome, shortages: [], freshness, ...granted };
}

function changedReservation(
  request: ReservationRequest,
  changed: ChangedReservation,
  state: ReservationState.COMMITTED | ReservationState.RELEASED,
): Reservation {
  const isCommitted = state === ReservationState.COMMITTED;
  return {
    $typeName: "holdfast.v1.Reservation",
    reservationId: request.reservationId,
    dealerId: request.dealerId,
    orderId: changed.orderId,
    warehouseId: changed.warehouseId,
    state,
    lines: changed.lines.map(({ sku, quantity }) => {
      const units = BigInt(quantity);
      const held = { ...heldLine({ sku, quantity: units }), reserved: 0n };
      return isCommitted ? { ...held, committed: units } : { ...held, released: units };
    }),
    createTime: timestamp(changed.createdAtMs),
    updateTime: timestamp(changed.updatedAtMs),
    provisional: false,
    atRisk: false,
    revision: BigInt(changed.revision),
    reopenedFrom: "",
  };
}
