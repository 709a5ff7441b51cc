/**
 * What the front end asks of a peer: the part of Holdfast's contract that the race is about. Reserve whole orders with a
 * deadline, commit them, release them, each idempotent by (dealer_id, request_id).
 *
 * 1. A decision is given once it is durable in the store.
 * 2. The same request_id with the same content gets the first decision again, with other content REQUEST_ID_REUSED.
 *    Refusals are not remembered; `short` is.
 * 3. A hold whose deadline has passed counts no more: its units are free before a reserve is told `short`.
 */

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
}

/** What identifies a mutating request. `content` is equal for equal requests only. */
export interface RequestKey {
  readonly dealerId: string;
  readonly requestId: string;
  readonly content: string;
}

export interface ReserveOrder extends RequestKey {
  readonly orderId: string;
  readonly warehouseId: string;
  /** One for each SKU. */
  readonly lines: readonly OrderLine[];
  readonly holdMs: number;
}

/** A commit or a release of a whole reservation. */
export interface ReservationRequest extends RequestKey {
  readonly reservationId: string;
}

export type RefusalReason =
  | "REQUEST_ID_REUSED"
  | "SKU_NOT_FOUND"
  | "RESERVATION_NOT_FOUND"
  | "RESERVATION_COMMITTED"
  | "RESERVATION_RELEASED"
  | "RESERVATION_EXPIRED";

export interface PeerRefusal {
  readonly kind: "refused";
  readonly reason: RefusalReason;
}

export interface GrantedHold {
  readonly kind: "granted";
  readonly reservationId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** Too little stock: nothing is held. */
export interface ShortOfStock {
  readonly kind: "short";
  /** For each line of the order, what could have been promised. */
  readonly available: readonly number[];
}

/** A reservation as it stood after the request that changed it. */
export interface ChangedReservation {
  readonly kind: "changed";
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly OrderLine[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly revision: number;
}

export type ReserveDecision = GrantedHold | ShortOfStock | PeerRefusal;
export type ChangeDecision = ChangedReservation | PeerRefusal;

/** The figures of one stock as the store keeps them, and the same counted again from its reservations. */
export interface StockFigures {
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly committed: number;
  /** Units of reservations that stand, whatever the figures above say; undefined where they cannot be counted apart. */
  readonly unitsOfReservations: number | undefined;
}

export interface PeerStore {
  /** Adds goods to a stock, which exists from then on. */
  receive(warehouseId: string, sku: string, quantity: number): Promise<void>;
  reserve(order: ReserveOrder): Promise<ReserveDecision>;
  commit(request: ReservationRequest): Promise<ChangeDecision>;
  release(request: ReservationRequest): Promise<ChangeDecision>;
  /** Ends holds whose time is over, for housekeeping: no answer depends on when this is called. */
  endDueHolds(): Promise<void>;
  readStock(warehouseId: string): Promise<readonly StockFigures[]>;
  close(): Promise<void>;
}
