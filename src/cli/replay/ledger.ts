/**
 * The replay's own record: what the answers said, added up by arithmetic of its own. It never sees a counter of the
 * server's, so it can say whether those are right. Pure.
 *
 * 1. Facts are applied in an order in which the server can have decided them: within a warehouse, nothing is given
 *    back while a reservation is under way (lane.ts, day-end.ts).
 * 2. Therefore units granted beyond what is on hand at that point are oversold, not merely out of order.
 * 3. A fact that contradicts the record throws: it is a bug of the replay, not a finding about the server.
 */
import type { PlannedLine } from "./replay-plan.js";

/** Something that an answer told. */
export type Fact =
  | { readonly kind: "stocked"; readonly warehouseId: string; readonly sku: string; readonly units: number }
  | ({ readonly kind: "granted"; readonly committed: boolean; readonly lines: readonly GrantedLine[] } & Names)
  | { readonly kind: "committed"; readonly reservationId: string; readonly lines: readonly PlannedLine[] }
  | { readonly kind: "released"; readonly reservationId: string; readonly lines: readonly PlannedLine[] }
  | { readonly kind: "expired"; readonly reservationId: string }
  | { readonly kind: "dispatched"; readonly reservationId: string; readonly sku: string; readonly quantity: number };

interface Names {
  readonly reservationId: string;
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
}

export interface GrantedLine {
  readonly sku: string;
  readonly requested: number;
  readonly granted: number;
}

export interface LedgerStock {
  readonly warehouseId: string;
  readonly sku: string;
  onHand: number;
  reserved: number;
  committed: number;
}

export interface LedgerLine {
  readonly sku: string;
  readonly requested: number;
  reserved: number;
  committed: number;
  dispatched: number;
  released: number;
}

export type LedgerState = "PENDING" | "COMMITTED" | "FULFILLED" | "RELEASED" | "EXPIRED";

export interface LedgerReservation extends Names {
  state: LedgerState;
  readonly lines: ReadonlyMap<string, LedgerLine>;
}

export class Ledger {
  readonly #stocks = new Map<string, LedgerStock>();
  readonly #reservations = new Map<string, LedgerReservation>();
  /** Units that were granted although they were not there. */
  oversoldUnits = 0;

  apply(fact: Fact): void {
    switch (fact.kind) {
      case "stocked":
        this.#stockAt(fact.warehouseId, fact.sku).onHand += fact.units;
        break;
      case "granted":
        this.#grant(fact);
        break;
      case "committed":
        this.#commit(this.reservation(fact.reservationId), fact.lines);
        break;
      case "released":
        this.#release(this.reservation(fact.reservationId), fact.lines);
        break;
      case "expired":
        this.#expire(this.reservation(fact.reservationId));
        break;
      case "dispatched":
        this.#dispatch(this.reservation(fact.reservationId), fact);
        break;
    }
  }

  stocks(): IterableIterator<LedgerStock> {
    return this.#stocks.values();
  }

  /** In the order in which they were granted. */
  reservations(): IterableIterator<LedgerReservation> {
    return this.#reservations.values();
  }

  has(reservationId: string): boolean {
    return this.#reservations.has(reservationId);
  }

  reservation(reservationId: string): LedgerReservation {
    const found = this.#reservations.get(reservationId);
    if (found === undefined) throw new Error(`the record knows no reservation ${reservationId}`);
    return found;
  }

  #grant(fact: Fact & { kind: "granted" }): void {
    const { kind: _, committed, lines, ...names } = fact;
    if (this.#reservations.has(names.reservationId)) throw new Error(`${names.reservationId} was granted twice`);
    const ledgerLines = new Map<string, LedgerLine>();
    for (const { sku, requested, granted } of lines) {
      const stock = this.#stockAt(names.warehouseId, sku);
      const held = committed ? { reserved: 0, committed: granted } : { reserved: granted, committed: 0 };
      ledgerLines.set(sku, { sku, requested, ...held, dispatched: 0, released: 0 });
      stock.reserved += held.reserved;
      stock.committed += held.committed;
      const beyond = stock.reserved + stock.committed - stock.onHand;
      this.oversoldUnits += Math.max(0, Math.min(granted, beyond));
    }
    const state = committed ? "COMMITTED" : "PENDING";
    this.#reservations.set(names.reservationId, { ...names, state, lines: ledgerLines });
  }

  /** What the commit does not name is released. */
  #commit(reservation: LedgerReservation, lines: readonly PlannedLine[]): void {
    const quantities = new Map(lines.map(({ sku, quantity }) => [sku, quantity]));
    for (const line of reservation.lines.values()) {
      const stock = this.#stockAt(reservation.warehouseId, line.sku);
      const quantity = quantities.get(line.sku) ?? 0;
      const rest = atLeastZero(line.reserved - quantity);
      line.committed += quantity;
      line.released += rest;
      line.reserved = 0;
      stock.committed += quantity;
      stock.reserved -= quantity + rest;
    }
    reservation.state = "COMMITTED";
    endWhenNothingIsOpen(reservation, "RELEASED");
  }

  #release(reservation: LedgerReservation, lines: readonly PlannedLine[]): void {
    for (const { sku, quantity } of lines) {
      const line = lineOf(reservation, sku);
      const open = reservation.state === "PENDING" ? "reserved" : "committed";
      line[open] = atLeastZero(line[open] - quantity);
      line.released += quantity;
      this.#stockAt(reservation.warehouseId, sku)[open] -= quantity;
    }
    endWhenNothingIsOpen(reservation, "RELEASED");
  }

  #expire(reservation: LedgerReservation): void {
    for (const line of reservation.lines.values()) {
      this.#stockAt(reservation.warehouseId, line.sku).reserved -= line.reserved;
      line.released += line.reserved;
      line.reserved = 0;
    }
    endWhenNothingIsOpen(reservation, "EXPIRED");
  }

  #dispatch(reservation: LedgerReservation, { sku, quantity }: PlannedLine): void {
    const line = lineOf(reservation, sku);
    const stock = this.#stockAt(reservation.warehouseId, sku);
    line.committed = atLeastZero(line.committed - quantity);
    line.dispatched += quantity;
    stock.committed -= quantity;
    stock.onHand -= quantity;
    endWhenNothingIsOpen(reservation, "FULFILLED");
  }

  #stockAt(warehouseId: string, sku: string): LedgerStock {
    const key = JSON.stringify([warehouseId, sku]);
    const stock = this.#stocks.get(key) ?? { warehouseId, sku, onHand: 0, reserved: 0, committed: 0 };
    this.#stocks.set(key, stock);
    return stock;
  }
}

/** Units of a line that still stand. */
export function openUnits(line: { readonly reserved: number; readonly committed: number }): number {
  return line.reserved + line.committed;
}

function endWhenNothingIsOpen(reservation: LedgerReservation, ending: LedgerState): void {
  const lines = [...reservation.lines.values()];
  if (lines.some((line) => openUnits(line) > 0)) return;
  reservation.state = lines.some(({ dispatched }) => dispatched > 0) ? "FULFILLED" : ending;
}

function lineOf(reservation: LedgerReservation, sku: string): LedgerLine {
  const line = reservation.lines.get(sku);
  if (line === undefined) throw new Error(`${reservation.reservationId} has no line ${sku}`);
  return line;
}

function atLeastZero(units: number): number {
  if (units < 0) throw new Error(`an answer took ${-units} units more than the record has`);
  return units;
}
