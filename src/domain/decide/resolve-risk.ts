import type { ResolveAtRisk } from "../erp-operations.js";
import type { PartitionEvent } from "../event.js";
import type { PartitionState } from "../partition-state.js";
import { type Refusal, refusal } from "../refusal.js";
import { isOpen, type Reservation } from "../reservation.js";

/**
 * An operator decides about a reservation that is at risk: what is open of it is released, or it stands.
 * No events where that was decided before: a repeated request changes nothing.
 */
export function decideResolveRisk(
  state: PartitionState,
  number: number,
  { reservationId, resolution, attribution }: ResolveAtRisk,
): readonly PartitionEvent[] | Refusal {
  const reservation = state.reservations.get(number);
  if (reservation === undefined || reservation.id !== reservationId) return noSuchReservation(reservationId);
  if (resolution === "RELEASE" && wasReleased(reservation)) return [];
  if (!reservation.atRisk) return notAtRisk(reservation);
  if (resolution === "KEEP") {
    return reservation.isKept ? [] : [{ kind: "RiskKept", reservation: number, attribution }];
  }
  const reason = reservation.state === "COMMITTED" ? "DISPATCH_FAILED" : "REJECTED";
  return [{ kind: "ReservationReleased", reservation: number, quantities: undefined, reason, attribution }];
}

/** It has ended by a release of what was open of it. */
function wasReleased({ state, lines }: Reservation): boolean {
  return !isOpen(state) && state !== "EXPIRED" && lines.some(({ released }) => released > 0);
}

/** Of an operator's request, which names no dealer. */
export function noSuchReservation(reservationId: string): Refusal {
  return refusal("RESERVATION_NOT_FOUND", `There is no reservation ${reservationId}.`, {
    metadata: { reservation_id: reservationId },
  });
}

function notAtRisk({ id, state }: Reservation): Refusal {
  return refusal("NOT_AT_RISK", `Reservation ${id} is ${state} and not at risk: there is nothing to decide.`, {
    metadata: { reservation_id: id, state },
  });
}
