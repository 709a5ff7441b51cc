import type { Extend } from "../command.js";
import type { PartitionState } from "../partition-state.js";
import { refusal } from "../refusal.js";
import { type Decision, type DecisionContext, decided, refused } from "./decision.js";
import { ownedReservation, wrongState } from "./owned-reservation.js";

/** Moves a hold's deadline to a time from now, which may be earlier; never beyond the policy's maximum from its creation. */
export function decideExtend(
  state: PartitionState,
  number: number,
  command: Extend,
  context: DecisionContext,
): Decision {
  const reservation = ownedReservation(state, number, command);
  if ("reason" in reservation) return refused(reservation);
  if (reservation.state !== "PENDING") return refused(wrongState(reservation));
  const holdMs = command.holdMs === 0 ? context.policy.holdDefaultMs : command.holdMs;
  const expiresAtMs = context.nowMs + holdMs;
  const heldMs = expiresAtMs - reservation.createdAtMs;
  if (heldMs > context.policy.holdMaxMs) {
    const maximumMs = context.policy.holdMaxMs;
    const message = `The hold would last ${heldMs} ms from its creation; at most ${maximumMs} ms are allowed.`;
    return refused(
      refusal("LIMIT_EXCEEDED", message, {
        fields: ["hold_duration"],
        metadata: { hold_ms: String(heldMs), hold_max_ms: String(maximumMs) },
      }),
    );
  }
  return decided(number, [{ kind: "HoldExtended", reservation: number, expiresAtMs }]);
}
