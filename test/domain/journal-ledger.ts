/**
 * The journal's records summed up in the plainest way, and held to the invariants on the way: I1, I2, I3, I8, I9.
 * It shares no code with decide and evolve.
 */
import type { JournalRecord, PartitionEvent } from "../../src/domain/event.js";

export interface LedgerLine {
  readonly stock: number;
  readonly granted: number;
  open: number;
  dispatched: number;
  released: number;
  atRisk: boolean;
}

export interface LedgerReservation {
  readonly number: number;
  readonly lines: readonly LedgerLine[];
  committedAt: number;
  deadlineMs: number;
  /** Confirmed while the ERP was away, and not again since. */
  provisional: boolean;
  confirmations: number;
  end: "" | "EXPIRED" | "RELEASED" | "FULFILLED";
  revision: number;
}

export interface LedgerStock {
  readonly sku: string;
  onHand: number;
  unavailable: number;
  allocated: number;
}

/** One warehouse's partition as its records tell. Throws with the invariant's number. */
export class JournalLedger {
  readonly stocks = new Map<number, LedgerStock>();
  readonly reservations = new Map<number, LedgerReservation>();
  #sequence = 0;
  #timeMs = 0;

  take(record: JournalRecord): void {
    check(record.sequence === this.#sequence + 1, `I8: ${record.sequence} after ${this.#sequence}`);
    check(record.timeMs >= this.#timeMs, `time ran backwards at ${record.sequence}`);
    this.#sequence = record.sequence;
    this.#timeMs = record.timeMs;
    const before = this.#excesses();
    for (const event of record.events) this.#event(event as PartitionEvent, record);
    if (record.events.some((event) => event.kind === "ErpEventApplied")) return;
    for (const [stock, excess] of this.#excesses()) {
      check(excess <= Math.max(0, before.get(stock) ?? 0), `I1: stock ${stock} is promised ${excess} too many`);
    }
  }

  /** Open units of one stock, held or committed. */
  open(stock: number, committed: boolean): number {
    return this.#openLines(stock)
      .filter(({ reservation }) => reservation.committedAt > 0 === committed)
      .reduce((sum, { line }) => sum + line.open, 0);
  }

  /** Who must be at risk on a stock by docs/api.md, Shortfall: as `reservation/line`. */
  uncovered(stock: number): readonly string[] {
    const { onHand, unavailable, allocated } = this.stocks.get(stock)!;
    let left = Math.max(0, onHand - unavailable - allocated);
    const rank = ({ reservation }: { readonly reservation: LedgerReservation }) =>
      reservation.committedAt > 0 ? reservation.committedAt : 1e9 + reservation.number;
    const uncovered: string[] = [];
    for (const { line, name } of this.#openLines(stock).sort((a, b) => rank(a) - rank(b))) {
      if (line.open > left) uncovered.push(name);
      left = Math.max(0, left - line.open);
    }
    return uncovered.sort();
  }

  #openLines(stock: number) {
    return [...this.reservations.values()].flatMap((reservation) =>
      reservation.lines
        .map((line, index) => ({ reservation, line, name: `${reservation.number}/${index}` }))
        .filter(({ line }) => line.stock === stock && line.open > 0),
    );
  }

  #excesses(): Map<number, number> {
    const excesses = new Map<number, number>();
    for (const [number, stock] of this.stocks)
      excesses.set(number, stock.allocated - (stock.onHand - stock.unavailable));
    for (const { end, lines } of this.reservations.values()) {
      if (end !== "") continue;
      for (const { stock, open } of lines) if (open > 0) excesses.set(stock, excesses.get(stock)! + open);
    }
    return excesses;
  }

  #event(event: PartitionEvent, record: JournalRecord): void {
    switch (event.kind) {
      case "StockOpened":
        this.stocks.set(event.stock, { sku: event.sku, onHand: 0, unavailable: 0, allocated: 0 });
        return;
      case "ErpEventApplied": {
        const stock = this.stocks.get(event.stock);
        if (stock === undefined) return;
        stock.onHand += event.onHandDelta;
        stock.unavailable += event.unavailableDelta;
        stock.allocated += event.allocatedDelta;
        check(stock.unavailable >= 0 && stock.allocated >= 0, "a counter fell below 0");
        return;
      }
      case "StockHealed": {
        const stock = this.stocks.get(event.stock)!;
        stock.onHand += event.onHandDelta;
        stock.unavailable += event.unavailableDelta;
        check(stock.unavailable >= 0, "a correction took a counter below 0");
        return;
      }
      case "ReservationMade":
        this.#nothingDue(record);
        this.reservations.set(event.reservation, {
          number: event.reservation,
          lines: event.lines.map(({ stock, granted }) => ({
            stock,
            granted,
            open: granted,
            dispatched: 0,
            released: 0,
            atRisk: false,
          })),
          committedAt: event.expiresAtMs === 0 ? record.sequence : 0,
          deadlineMs: event.expiresAtMs,
          provisional: event.provisional,
          confirmations: 0,
          end: "",
          revision: 1,
        });
        return;
      case "ErpEventRejected":
      case "DispatchUnmatched":
      case "RequestAnswered":
      case "StockPolicySet":
      case "RiskKept":
      case "DispatchAttached":
      case "StockSourceMoved":
      case "DegradedStepped":
      case "OutcomesTold":
      case "DriftFound":
      case "DriftResolved":
      case "QuarantineSet":
        return;
      case "ReservationReopened": {
        const ended = this.reservations.get(event.ended)!;
        check(ended.end !== "", `I3: ${event.ended} is reopened before its end`);
        const lines = ended.lines.flatMap(({ stock }, index): LedgerLine[] => {
          const open = event.quantities[index]!;
          check(open <= ended.lines[index]!.dispatched, `I2: more of ${event.ended} is reopened than was dispatched`);
          return open === 0 ? [] : [{ stock, granted: open, open, dispatched: 0, released: 0, atRisk: false }];
        });
        const { committedAt } = ended;
        const number = event.reservation;
        this.reservations.set(number, {
          number,
          lines,
          committedAt,
          deadlineMs: 0,
          provisional: false,
          confirmations: 0,
          end: "",
          revision: 1,
        });
        return;
      }
      default:
        this.#change(event, record);
    }
  }

  #change(
    event: Extract<PartitionEvent, { readonly reservation: number; readonly kind: Change }>,
    record: JournalRecord,
  ) {
    const reservation = this.reservations.get(event.reservation)!;
    check(reservation.end === "", `I3: ${event.kind} after the end of ${event.reservation}`);
    const wasAtRisk = reservation.lines.some((line) => line.atRisk);
    if (event.kind === "HoldExpired") {
      check(reservation.committedAt === 0, "I10: an expiry after a commit");
      check(record.timeMs >= reservation.deadlineMs, "I9: an expiry before its deadline");
    } else this.#nothingDue(record);
    switch (event.kind) {
      case "ReservationCommitted":
        for (const [index, line] of reservation.lines.entries()) {
          giveBack(line, line.open - (event.quantities?.[index] ?? line.open));
        }
        reservation.committedAt = record.sequence;
        reservation.provisional = event.provisional;
        break;
      case "ReservationReleased":
        for (const [index, line] of reservation.lines.entries()) giveBack(line, event.quantities?.[index] ?? line.open);
        break;
      case "HoldExpired":
        for (const line of reservation.lines) giveBack(line, line.open);
        break;
      case "HoldExtended":
        reservation.deadlineMs = event.expiresAtMs;
        break;
      case "UnitsDispatched": {
        const line = reservation.lines[event.line]!;
        line.open -= event.quantity;
        line.dispatched += event.quantity;
        break;
      }
      case "UnitsReturned": {
        const line = reservation.lines[event.line]!;
        line.open += event.quantity;
        line.dispatched -= event.quantity;
        break;
      }
      case "ProvisionalConfirmed":
        check(reservation.provisional, "what is confirmed again is provisional");
        check(!wasAtRisk, "P11: what is not covered is confirmed");
        this.#nobodyBefore(reservation);
        reservation.provisional = false;
        reservation.confirmations += 1;
        break;
      case "RiskChanged":
        reservation.lines[event.line]!.atRisk = event.atRisk;
        break;
    }
    for (const line of reservation.lines) {
      check(line.open >= 0 && line.dispatched >= 0, "I2: units of a line");
      check(line.open + line.dispatched + line.released === line.granted, "I2: units of a line");
      if (line.open === 0) line.atRisk = false;
    }
    const isAtRisk = reservation.lines.some((line) => line.atRisk);
    if (event.kind !== "RiskChanged" || isAtRisk !== wasAtRisk) reservation.revision += 1;
    if (reservation.lines.some((line) => line.open > 0)) return;
    const isFulfilled = reservation.lines.some((line) => line.dispatched > 0);
    reservation.end = isFulfilled ? "FULFILLED" : event.kind === "HoldExpired" ? "EXPIRED" : "RELEASED";
  }

  /** P11: orders are confirmed in the order of their commit, but for those that are not covered. */
  #nobodyBefore({ number, committedAt }: LedgerReservation): void {
    for (const other of this.reservations.values()) {
      if (!other.provisional || other.end !== "" || other.committedAt >= committedAt) continue;
      const isCovered = other.lines.every((line) => !line.atRisk);
      check(!isCovered, `P11: ${number} is confirmed before ${other.number}, which was committed earlier`);
    }
  }

  /** I9: whoever decides at this moment must not count a hold that is due. Expiries come first. */
  #nothingDue(record: JournalRecord): void {
    for (const { number, end, committedAt, deadlineMs } of this.reservations.values()) {
      if (end !== "" || committedAt > 0) continue;
      check(deadlineMs > record.timeMs, `I9: hold ${number} was due in record ${record.sequence}`);
    }
  }
}

type Change =
  | "ReservationCommitted"
  | "ReservationReleased"
  | "HoldExtended"
  | "HoldExpired"
  | "UnitsDispatched"
  | "UnitsReturned"
  | "ProvisionalConfirmed"
  | "RiskChanged";

function giveBack(line: LedgerLine, quantity: number): void {
  line.open -= quantity;
  line.released += quantity;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
