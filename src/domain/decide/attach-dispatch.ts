import type { AttachDispatch } from "../erp-operations.js";
import type { PartitionEvent } from "../event.js";
import type { PartitionState, StoredException } from "../partition-state.js";
import { type Refusal, refusal } from "../refusal.js";
import type { Reservation } from "../reservation.js";
import { ended, wrongState } from "./owned-reservation.js";

/**
 * A dispatch that had matched nothing was this reservation's: its committed units are consumed by what is left of the exception.
 * No events where the same was decided before: a repeated request changes nothing.
 */
export function decideAttachDispatch(
  state: PartitionState,
  reservationNumber: number,
  command: AttachDispatch,
): readonly PartitionEvent[] | Refusal {
  const exception = state.exceptions.get(command.exception);
  if (exception === undefined) return exceptionNotFound(command);
  const reservation = state.reservations.get(reservationNumber);
  if (reservation === undefined || reservation.id !== command.reservationId) return notInWarehouse(command);
  const { sku } = exception.event.body;
  const line = reservation.lines.findIndex((candidate) => candidate.sku === sku);
  const open = reservation.state === "COMMITTED" ? (reservation.lines[line]?.open ?? 0) : 0;
  const left = exception.quantity - exception.attached;
  if (isRepeat(exception, reservation, command.quantity, Math.min(open, left))) return [];
  if (left === 0) return exceptionResolved(exception);
  if (reservation.state === "PENDING") return reservationPending(reservation);
  if (ended(reservation)) return wrongState(reservation);
  const quantity = command.quantity === 0 ? Math.min(open, left) : command.quantity;
  if (quantity > left || quantity > open || quantity === 0) {
    return quantityExceeded(reservation, { sku, requested: command.quantity, open, unmatched: left });
  }
  const units = { reservation: reservationNumber, line, quantity };
  const { number } = exception;
  return [
    { kind: "UnitsDispatched", ...units },
    { kind: "DispatchAttached", exception: number, ...units, attribution: command.attribution },
  ];
}

/** The same quantity was attached to it before; or as many as there were, and there are no more. */
function isRepeat(exception: StoredException, { number }: Reservation, quantity: number, rest: number): boolean {
  const attached = exception.attachments.filter(({ reservation }) => reservation === number);
  if (quantity === 0) return attached.length > 0 && rest === 0;
  return attached.some((units) => units.quantity === quantity);
}

function exceptionNotFound({ exception, warehouseId }: AttachDispatch): Refusal {
  return refusal(
    "DISPATCH_EXCEPTION_NOT_FOUND",
    `There is no dispatch exception ${exception} in warehouse ${warehouseId}.`,
    { metadata: { warehouse_id: warehouseId, exception: String(exception) } },
  );
}

function notInWarehouse({ reservationId, warehouseId }: AttachDispatch): Refusal {
  return refusal("RESERVATION_NOT_FOUND", `There is no reservation ${reservationId} in warehouse ${warehouseId}.`, {
    metadata: { reservation_id: reservationId, warehouse_id: warehouseId },
  });
}

function exceptionResolved({ number, quantity }: StoredException): Refusal {
  return refusal("DISPATCH_EXCEPTION_RESOLVED", `All ${quantity} units of dispatch exception ${number} are attached.`, {
    metadata: { exception: String(number), quantity: String(quantity) },
  });
}

function reservationPending({ id }: Reservation): Refusal {
  return refusal(
    "RESERVATION_PENDING",
    `Reservation ${id} is PENDING: only what is committed can have been dispatched.`,
    {
      metadata: { reservation_id: id, state: "PENDING" },
    },
  );
}

function quantityExceeded(
  { id }: Reservation,
  { sku, requested, open, unmatched }: { sku: string; requested: number; open: number; unmatched: number },
): Refusal {
  const asked = requested === 0 ? "As many as there are" : String(requested);
  return refusal(
    "QUANTITY_EXCEEDED",
    `${asked} of ${sku} were asked for; ${open} are open in the reservation and ${unmatched} of the dispatch unmatched.`,
    {
      fields: ["quantity"],
      metadata: {
        reservation_id: id,
        sku,
        requested: String(requested),
        open: String(open),
        unmatched: String(unmatched),
      },
    },
  );
}
