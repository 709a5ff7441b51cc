export type ReservationState = "PENDING" | "COMMITTED" | "FULFILLED" | "RELEASED" | "EXPIRED";
export type ReleaseReason = "CANCELLED" | "REJECTED" | "DISPATCH_FAILED";

/** One SKU of a reservation, in whole base units. What was granted is open + dispatched + released. */
export interface ReservationLine {
  readonly sku: string;
  /** The stock's number in its partition; 0 where the SKU was never seen (granted 0). */
  readonly stock: number;
  readonly requested: number;
  /** Held while PENDING, confirmed and not yet dispatched while COMMITTED, 0 once ended. */
  open: number;
  dispatched: number;
  /** Given back, expired units included. */
  released: number;
  /** Some of its open units are not covered by what is there (docs/api.md, Shortfall). */
  atRisk: boolean;
}

/** A reservation as it stands, or as it stood when an answer was first given. */
export interface Reservation {
  /** Opaque to callers; see reservation-id.ts. */
  readonly id: string;
  /** 1, 2, 3 ... in its partition, in the order of creation. */
  readonly number: number;
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly ReservationLine[];
  state: ReservationState;
  /** Milliseconds since the Unix epoch, service time; so are all times here. */
  readonly createdAtMs: number;
  updatedAtMs: number;
  /** The hold counts no longer from this moment on; 0 unless PENDING. */
  expiresAtMs: number;
  provisional: boolean;
  /** True while any of its lines is. */
  atRisk: boolean;
  /** Since when it is at risk; 0 while it is not. */
  atRiskSinceMs: number;
  /** An operator decided that it stands although it is at risk. */
  isKept: boolean;
  revision: number;
  /** The ended reservation that this one continues; empty for most. */
  readonly reopenedFrom: string;
  /** The epoch in which it was made; part of its id. */
  readonly epoch: number;
  /** When it was committed; 0 before. */
  committedAtMs: number;
  /** Sequence of the record that committed it, which orders coverage and dispatch; 0 before. */
  commitOrder: number;
  /** Number of the dealer in the partition, and of that dealer's reservation before this one (0: none). */
  readonly dealer: number;
  readonly previousOfDealer: number;
}

export function isOpen(state: ReservationState): boolean {
  return state === "PENDING" || state === "COMMITTED";
}

/** Units still held or confirmed over all lines. */
export function openUnits(reservation: Reservation): number {
  let units = 0;
  for (const line of reservation.lines) units += line.open;
  return units;
}

export function wasDispatched(reservation: Reservation): boolean {
  for (const line of reservation.lines) if (line.dispatched > 0) return true;
  return false;
}
