import type { Freshness, StockFigures } from "./availability.js";
import type { ErpEvent } from "./erp-event.js";
import type { ErpOperation, ErpOperationAnswers } from "./erp-operations.js";
import type { StoredException } from "./partition-state.js";
import type { EffectivePolicy, PolicyFields, PolicyScope } from "./policy.js";
import type { ReleaseReason, Reservation, ReservationState } from "./reservation.js";
import type { GetSyncHealth, SyncHealth } from "./sync-health.js";

/** A SKU and a quantity of 1 to QUANTITY_MAX whole base units. */
export interface LineRequest {
  readonly sku: string;
  readonly quantity: number;
}

/** What a caller asks for, with every field checked for its form. The rest is decided in the turn. */
export type Command =
  | Reserve
  | Commit
  | Release
  | Extend
  | GetReservation
  | ListReservations
  | GetStock
  | PutDealer
  | PutPolicy
  | GetPolicy
  | GetSyncHealth
  | ErpOperation;

export interface Reserve {
  readonly kind: "Reserve";
  readonly requestId: string;
  readonly dealerId: string;
  readonly orderId: string;
  /** Empty means the warehouse that serves the dealer. */
  readonly warehouseId: string;
  /** 1 to 1,000; the same SKU may stand twice and is summed. */
  readonly lines: readonly LineRequest[];
  readonly partial: boolean;
  /** Whole milliseconds, at least 1; 0 means the policy's default. */
  readonly holdMs: number;
  readonly commit: boolean;
}

export interface Commit {
  readonly kind: "Commit";
  readonly requestId: string;
  readonly dealerId: string;
  readonly reservationId: string;
  /** Empty means all that is open. */
  readonly lines: readonly LineRequest[];
}

export interface Release {
  readonly kind: "Release";
  readonly requestId: string;
  readonly dealerId: string;
  readonly reservationId: string;
  /** Empty means all that is open. */
  readonly lines: readonly LineRequest[];
  readonly reason: ReleaseReason;
}

export interface Extend {
  readonly kind: "Extend";
  readonly requestId: string;
  readonly dealerId: string;
  readonly reservationId: string;
  /** Whole milliseconds from now, at least 1; 0 means the policy's default. */
  readonly holdMs: number;
}

export interface GetReservation {
  readonly kind: "GetReservation";
  readonly dealerId: string;
  readonly reservationId: string;
}

export interface ListReservations {
  readonly kind: "ListReservations";
  readonly dealerId: string;
  /** Filters; empty means any. */
  readonly orderId: string;
  readonly warehouseId: string;
  readonly sku: string;
  readonly states: readonly ReservationState[];
  /** 1 to 1,000. */
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface GetStock {
  readonly kind: "GetStock";
  readonly warehouseId: string;
  readonly sku: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Who changed something, and why; journalled with the change. Both may be empty. */
export interface Attribution {
  readonly actor: string;
  readonly reason: string;
}

export interface Dealer {
  readonly dealerId: string;
  readonly name: string;
  readonly warehouseId: string;
}

export interface PutDealer {
  readonly kind: "PutDealer";
  readonly dealer: Dealer;
  readonly attribution: Attribution;
}

export interface PutPolicy {
  readonly kind: "PutPolicy";
  readonly scope: PolicyScope;
  readonly fields: PolicyFields;
  readonly attribution: Attribution;
}

export interface GetPolicy {
  readonly kind: "GetPolicy";
  readonly scope: PolicyScope;
}

/** What was asked, what there is. */
export interface Shortage {
  readonly sku: string;
  readonly requested: number;
  /** What could be promised at that moment, at least 0. */
  readonly available: number;
  readonly reason: "INSUFFICIENT" | "SHORTFALL" | "QUARANTINED" | "UNKNOWN_SKU";
}

export interface ReserveAnswer {
  readonly outcome: "RESERVED" | "PARTIALLY_RESERVED" | "REJECTED";
  /** Absent when rejected. */
  readonly reservation: Reservation | undefined;
  readonly shortages: readonly Shortage[];
  readonly freshness: Freshness;
}

export interface ReservationAnswer {
  readonly reservation: Reservation;
  readonly freshness: Freshness;
}

export interface ListReservationsAnswer {
  readonly reservations: readonly Reservation[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface GetStockAnswer {
  readonly warehouseId: string;
  readonly figures: StockFigures;
  readonly reservations: readonly Reservation[];
  /** Newest first. */
  readonly lastEvents: readonly ErpEvent[];
  /** Newest first. */
  readonly exceptions: readonly StoredException[];
  readonly nextPageToken: string;
}

export interface PolicyAnswer {
  readonly scope: PolicyScope;
  readonly fields: PolicyFields;
  readonly effective: EffectivePolicy;
}

/** What each command is answered with. Valid only while the answer is rendered: reservations are live state. */
export interface Answers extends ErpOperationAnswers {
  Reserve: ReserveAnswer;
  Commit: ReservationAnswer;
  Release: ReservationAnswer;
  Extend: ReservationAnswer;
  GetReservation: ReservationAnswer;
  ListReservations: ListReservationsAnswer;
  GetStock: GetStockAnswer;
  PutDealer: Dealer;
  PutPolicy: PolicyAnswer;
  GetPolicy: PolicyAnswer;
  GetSyncHealth: SyncHealth;
}
