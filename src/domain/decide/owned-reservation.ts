import type { LineRequest } from "../command.js";
import type { PartitionState } from "../partition-state.js";
import { type Refusal, refusal } from "../refusal.js";
import { isOpen, type Reservation } from "../reservation.js";
import { mergeLines } from "./reserve.js";

/** The dealer's own reservation, or the refusal that hides whether somebody else's exists. */
export function ownedReservation(
  state: PartitionState,
  number: number,
  command: { readonly dealerId: string; readonly reservationId: string },
): Reservation | Refusal {
  const reservation = state.reservations.get(number);
  if (
    reservation === undefined ||
    reservation.dealerId !== command.dealerId ||
    reservation.id !== command.reservationId
  ) {
    return reservationNotFound(command.reservationId);
  }
  return reservation;
}

export function reservationNotFound(reservationId: string): Refusal {
  return refusal("RESERVATION_NOT_FOUND", `There is no reservation ${reservationId} of this dealer.`, {
    metadata: { reservation_id: reservationId },
  });
}

/** Why a reservation cannot be changed any more, or not in this way: it names the end that won. */
export function wrongState(reservation: Reservation): Refusal {
  const state = reservation.state;
  const reason =
    state === "EXPIRED"
      ? "RESERVATION_EXPIRED"
      : state === "RELEASED"
        ? "RESERVATION_RELEASED"
        : state === "FULFILLED"
          ? "RESERVATION_FULFILLED"
          : "RESERVATION_COMMITTED";
  return refusal(reason, `Reservation ${reservation.id} is ${state}.`, {
    metadata: { reservation_id: reservation.id, state },
  });
}

export function ended(reservation: Reservation): boolean {
  return !isOpen(reservation.state);
}

/**
 * The quantities that a command names, by line of the reservation; undefined when it names none and means all that is open.
 * More than a line's open quantity, or a SKU that the reservation does not have, is refused.
 */
export function quantitiesByLine(
  reservation: Reservation,
  asked: readonly LineRequest[],
): { readonly quantities: readonly number[] | undefined } | Refusal {
  if (asked.length === 0) return { quantities: undefined };
  const quantities = new Array<number>(reservation.lines.length).fill(0);
  for (const { sku, quantity } of mergeLines(asked)) {
    const index = reservation.lines.findIndex((line) => line.sku === sku);
    const open = index === -1 ? 0 : reservation.lines[index]!.open;
    if (quantity > open) {
      return refusal("QUANTITY_EXCEEDED", `${quantity} of ${sku} were asked for; ${open} are open.`, {
        fields: [`lines[${asked.findIndex((line) => line.sku === sku)}].quantity`],
        metadata: { reservation_id: reservation.id, sku, requested: String(quantity), open: String(open) },
      });
    }
    quantities[index] = quantity;
  }
  return reservation.lines.every((line, index) => line.open === quantities[index])
    ? { quantities: undefined }
    : { quantities };
}
