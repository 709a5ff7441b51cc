/** Answers of the engine, whole and plain, with what a test wants to differ. */
import type { Freshness, StockFigures } from "../../../src/domain/availability.js";
import type { ReservationAnswer, ReserveAnswer } from "../../../src/domain/command.js";
import type { Reservation, ReservationLine } from "../../../src/domain/reservation.js";

export const CREATED_AT_MS = 1_790_000_000_123;

/** A source spoke half a second before it was made. */
export const LIVE: Freshness = { state: "LIVE", asOfMs: CREATED_AT_MS - 500, ageMs: 500 };

export function sampleLine(change: Partial<ReservationLine> = {}): ReservationLine {
  return { sku: "A", stock: 1, requested: 5, open: 4, dispatched: 0, released: 1, atRisk: false, ...change };
}

export function sampleReservation(change: Partial<Reservation> = {}): Reservation {
  return {
    id: "r1.1.1.00000000",
    number: 1,
    dealerId: "D1",
    orderId: "O1",
    warehouseId: "W1",
    lines: [sampleLine()],
    state: "PENDING",
    createdAtMs: CREATED_AT_MS,
    updatedAtMs: CREATED_AT_MS + 1,
    expiresAtMs: CREATED_AT_MS + 900_000,
    provisional: false,
    atRisk: false,
    atRiskSinceMs: 0,
    isKept: false,
    committedAtMs: 0,
    revision: 1,
    reopenedFrom: "",
    epoch: 1,
    commitOrder: 0,
    dealer: 1,
    previousOfDealer: 0,
    ...change,
  };
}

export function sampleReserved(change: Partial<Reservation> = {}): ReserveAnswer {
  return { outcome: "RESERVED", reservation: sampleReservation(change), shortages: [], freshness: LIVE };
}

export function sampleChanged(change: Partial<Reservation> = {}): ReservationAnswer {
  return { reservation: sampleReservation(change), freshness: LIVE };
}

/** Every figure has a value of its own, so that none can stand for another. */
export const FIGURES: StockFigures = {
  sku: "A",
  onHand: -11,
  unavailable: 12,
  reserved: 13,
  committed: 14,
  allocatedElsewhere: 15,
  safetyStock: 16,
  degradedBuffer: 17,
  availableToPromise: 18,
  shortfall: 19,
  level: "LOW",
  version: 20,
  updatedAtMs: CREATED_AT_MS,
};
