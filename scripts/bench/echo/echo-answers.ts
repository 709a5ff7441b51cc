/**
 * The answers of the echo server: as many fields and bytes as Holdfast's, from nothing but the request. Messages are
 * plain object literals, the form that protobuf-es encodes fastest, so that the ceiling is not set too low.
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  Disposition,
  type StreamEventsRequest,
  type StreamEventsResponse,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { type Reservation, ReservationState } from "../../../src/gen/holdfast/v1/reservation_pb.js";
import {
  type ReleaseRequest,
  type ReleaseResponse,
  ReserveOutcome,
  type ReserveRequest,
  type ReserveResponse,
  type ReserveStreamRequest,
  type ReserveStreamResponse,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { heldLine, liveFreshness, timestamp } from "../answer-parts.js";

const HOLD_MS = 15 * 60 * 1000;

/** Answers made so far: numbers the reservations. */
let reservations = 0;

export function reservationsMade(): number {
  return reservations;
}

/** Grants everything. */
export function answerReserve(request: ReserveRequest): ReserveResponse {
  const nowMs = Date.now();
  const now = timestamp(nowMs);
  const reservation = pendingReservation(request, now);
  reservation.lines = request.lines.map(heldLine);
  reservation.expireTime = timestamp(nowMs + HOLD_MS);
  return {
    $typeName: "holdfast.v1.ReserveResponse",
    outcome: ReserveOutcome.RESERVED,
    reservation,
    shortages: [],
    freshness: liveFreshness(nowMs),
  };
}

export function answerReserveStream(request: ReserveStreamRequest): ReserveStreamResponse {
  const reserve = request.reserve!;
  return {
    $typeName: "holdfast.v1.ReserveStreamResponse",
    requestId: reserve.requestId,
    result: { case: "response", value: answerReserve(reserve) },
  };
}

/** A released reservation of one line. */
export function answerRelease(request: ReleaseRequest): ReleaseResponse {
  const now = timestamp(Date.now());
  const released: Reservation = {
    ...pendingReservation({ dealerId: request.dealerId, orderId: "order-0000000000", warehouseId: "W1" }, now),
    reservationId: request.reservationId,
    state: ReservationState.RELEASED,
    lines: [{ ...heldLine({ sku: "SKU-0000000", quantity: 1n }), reserved: 0n, released: 1n }],
    revision: 2n,
  };
  return { $typeName: "holdfast.v1.ReleaseResponse", reservation: released };
}

export function answerEvent(request: StreamEventsRequest): StreamEventsResponse {
  const event = request.event!;
  return {
    $typeName: "holdfast.v1.StreamEventsResponse",
    source: event.source,
    sequence: event.sequence,
    disposition: Disposition.APPLIED,
    reason: "",
    missing: [],
  };
}

function pendingReservation(
  order: { readonly dealerId: string; readonly orderId: string; readonly warehouseId: string },
  now: Timestamp,
): Reservation {
  reservations++;
  return {
    $typeName: "holdfast.v1.Reservation",
    reservationId: `r1.1.${reservations.toString(36)}.0echo000`,
    dealerId: order.dealerId,
    orderId: order.orderId,
    warehouseId: order.warehouseId,
    state: ReservationState.PENDING,
    lines: [],
    createTime: now,
    updateTime: now,
    provisional: false,
    atRisk: false,
    revision: 1n,
    reopenedFrom: "",
  };
}
