/**
 * What became of reservations, in the words in which dealers and ERPs hear it (docs/api.md, WatchOrders). Each record that changes
 * the fate of a reservation carries its outcomes resolved, so that telling them later needs no state of that time.
 * A hold has no outcome until it ends or is confirmed.
 */
import type { OutcomesTold, PartitionEvent } from "./event.js";
import type { PartitionState } from "./partition-state.js";
import { isOpen, type Reservation } from "./reservation.js";

export type OutcomeType =
  | "COMMITTED"
  | "RELEASED"
  | "EXPIRED"
  | "RESUBMISSION_NEEDED"
  | "DISPATCHED"
  | "FULFILLED"
  | "AT_RISK"
  | "COVERED_AGAIN"
  | "PROVISIONAL_CONFIRMED";

export interface OrderOutcome {
  readonly type: OutcomeType;
  readonly reservation: number;
  /** The reservation's dealer, by his number in the partition; 0 in a record that was written before outcomes said it. */
  readonly dealer: number;
  /** Of the reservation after it. */
  readonly revision: number;
  readonly lines: readonly OutcomeLine[];
  /** UPPER_SNAKE: of a release its reason; DISPATCH_REVERSED for units that are committed again; else empty. */
  readonly reason: string;
}

export interface OutcomeLine {
  /** Index in the reservation. */
  readonly line: number;
  readonly quantity: number;
  /** Open after it. */
  readonly remaining: number;
}

const DISPATCH_REVERSED = "DISPATCH_REVERSED";

/** Whether an event may change what a dealer can count on. Asked of every event, so it costs a comparison or two. */
export function isTelling(event: PartitionEvent): boolean {
  switch (event.kind) {
    case "ReservationMade":
      return event.expiresAtMs === 0;
    case "ReservationCommitted":
    case "ReservationReleased":
    case "HoldExpired":
    case "UnitsDispatched":
    case "UnitsReturned":
    case "ReservationReopened":
    case "ProvisionalConfirmed":
    case "RiskChanged":
      return true;
    default:
      return false;
  }
}

type Telling = Extract<PartitionEvent, { readonly reservation: number }>;

/** Collects the outcomes of one record. Call `before` and `after` around the taking into effect of each telling event. */
export class OutcomeTeller {
  readonly #state: PartitionState;
  readonly #outcomes: OrderOutcome[] = [];
  /** Of each reservation that is touched: whether it was at risk before the record. */
  readonly #wasAtRisk = new Map<number, boolean>();
  /** Open units by line before the event that is being taken into effect. */
  #open: readonly number[] = [];

  constructor(state: PartitionState) {
    this.#state = state;
  }

  before(event: PartitionEvent): void {
    if (event.kind === "ReservationMade" || event.kind === "ReservationReopened") return;
    const reservation = this.#state.reservations.get((event as Telling).reservation)!;
    if (!this.#wasAtRisk.has(reservation.number)) this.#wasAtRisk.set(reservation.number, reservation.atRisk);
    if (event.kind !== "RiskChanged") this.#open = reservation.lines.map((line) => line.open);
  }

  after(event: PartitionEvent): void {
    const reservation = this.#state.reservations.get((event as Telling).reservation)!;
    switch (event.kind) {
      case "ReservationMade":
        this.#tell("COMMITTED", reservation, opened(reservation));
        return;
      case "ReservationCommitted": {
        this.#tell("COMMITTED", reservation, opened(reservation));
        if (event.quantities !== undefined)
          this.#tell("RELEASED", reservation, this.#removed(reservation), "CANCELLED");
        return;
      }
      case "ReservationReleased":
        this.#tell("RELEASED", reservation, this.#removed(reservation), event.reason);
        this.#tellFulfilled(reservation);
        return;
      case "HoldExpired":
        this.#tell("EXPIRED", reservation, this.#open);
        this.#tell("RESUBMISSION_NEEDED", reservation, this.#open);
        return;
      case "UnitsDispatched":
        this.#tell("DISPATCHED", reservation, this.#removed(reservation));
        this.#tellFulfilled(reservation);
        return;
      case "UnitsReturned": {
        const returned = reservation.lines.map((line, index) => line.open - this.#open[index]!);
        this.#tell("COMMITTED", reservation, returned, DISPATCH_REVERSED);
        return;
      }
      case "ReservationReopened":
        this.#tell("COMMITTED", reservation, opened(reservation), DISPATCH_REVERSED);
        return;
      case "ProvisionalConfirmed":
        this.#tell("PROVISIONAL_CONFIRMED", reservation, opened(reservation));
    }
  }

  /** The record's last event but for its answer; undefined where nothing is to be told. */
  finish(): OutcomesTold | undefined {
    for (const [number, wasAtRisk] of this.#wasAtRisk) {
      const reservation = this.#state.reservations.get(number)!;
      if (reservation.atRisk === wasAtRisk || !isOpen(reservation.state)) continue;
      if (wasAtRisk) this.#tell("COVERED_AGAIN", reservation, opened(reservation));
      else {
        const uncovered = reservation.lines.map((line) => (line.atRisk ? line.open : 0));
        this.#tell("AT_RISK", reservation, uncovered);
      }
    }
    return this.#outcomes.length === 0 ? undefined : { kind: "OutcomesTold", outcomes: this.#outcomes };
  }

  #removed(reservation: Reservation): readonly number[] {
    return this.#open.map((open, index) => open - reservation.lines[index]!.open);
  }

  #tellFulfilled(reservation: Reservation): void {
    if (reservation.state !== "FULFILLED") return;
    const dispatched = reservation.lines.map((line) => line.dispatched);
    this.#tell("FULFILLED", reservation, dispatched);
  }

  /** `quantities` by line of the reservation; lines of 0 are not told. */
  #tell(type: OutcomeType, reservation: Reservation, quantities: readonly number[], reason = ""): void {
    const lines: OutcomeLine[] = [];
    quantities.forEach((quantity, line) => {
      if (quantity > 0) lines.push({ line, quantity, remaining: reservation.lines[line]!.open });
    });
    const { number, dealer, revision } = reservation;
    this.#outcomes.push({ type, reservation: number, dealer, revision, lines, reason });
  }
}

function opened(reservation: Reservation): readonly number[] {
  return reservation.lines.map((line) => line.open);
}
