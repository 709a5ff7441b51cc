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
  atRisk: boolean;
  revision: number;
  /** The ended reservation that this one continues; empty for most. */
  readonly reopenedFrom: string;
}
