/** The reservation lifecycle (P3): one machine, the only definition of its states and transitions. */
import type { ReservationState } from "./reservation.js";

/** Events carry the outcome of their guard in their name, so that the machine needs neither guards nor context. */
export const LIFECYCLE = {
  id: "reservation",
  initial: "PENDING",
  states: {
    PENDING: {
      on: {
        extend: "PENDING",
        commit: "COMMITTED",
        release_part: "PENDING",
        release_rest: "RELEASED",
        expire: "EXPIRED",
        risk_changed: "PENDING",
      },
    },
    COMMITTED: {
      on: {
        release_part: "COMMITTED",
        release_rest: "RELEASED",
        release_rest_after_dispatch: "FULFILLED",
        dispatch_part: "COMMITTED",
        dispatch_rest: "FULFILLED",
        dispatch_reversed: "COMMITTED",
        provisional_confirmed: "COMMITTED",
        risk_changed: "COMMITTED",
      },
    },
    FULFILLED: { type: "final" },
    RELEASED: { type: "final" },
    EXPIRED: { type: "final" },
  },
} as const;

type Transitions = { readonly [State in ReservationState]: Readonly<Record<string, ReservationState>> };
export type LifecycleEvent =
  | keyof (typeof LIFECYCLE)["states"]["PENDING"]["on"]
  | keyof (typeof LIFECYCLE)["states"]["COMMITTED"]["on"];

const table = Object.fromEntries(
  Object.entries(LIFECYCLE.states).map(([state, node]) => [state, "on" in node ? node.on : {}]),
) as unknown as Transitions;

/** The state that an event leads to; undefined where it is not allowed. */
export function nextState(state: ReservationState, event: LifecycleEvent): ReservationState | undefined {
  return table[state][event];
}
