import type { Release } from "../command.js";
import type { PartitionState } from "../partition-state.js";
import { type Decision, decided, refused } from "./decision.js";
import { ended, ownedReservation, quantitiesByLine, wrongState } from "./owned-reservation.js";

/** Gives back open units of a held or confirmed reservation. */
export function decideRelease(state: PartitionState, number: number, command: Release): Decision {
  const reservation = ownedReservation(state, number, command);
  if ("reason" in reservation) return refused(reservation);
  if (ended(reservation)) return refused(wrongState(reservation));
  const asked = quantitiesByLine(reservation, command.lines);
  if ("reason" in asked) return refused(asked);
  return decided(number, [
    {
      kind: "ReservationReleased",
      reservation: number,
      quantities: asked.quantities,
      reason: command.reason,
      attribution: undefined,
    },
  ]);
}
