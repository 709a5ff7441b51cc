/**
 * Holds the server's end state against the replay's own record, figure by figure. Pure: it is given both and finds
 * every difference; an empty list is the proof that the replay ends with.
 */
import { type Availability, type Reservation, ReservationState } from "../../client/index.js";
import type { Ledger, LedgerReservation, LedgerStock } from "./ledger.js";

/** One figure that the record does not explain. */
export interface Difference {
  /** A stock or a reservation. */
  readonly subject: string;
  readonly field: string;
  /** By the replay's record. */
  readonly expected: string;
  /** By the server. */
  readonly found: string;
}

type Figures = Readonly<Record<string, string | number | bigint>>;

/** Compares every stock of the replay's warehouses, both ways. */
export function compareStocks(ledger: Ledger, found: readonly Availability[]): Difference[] {
  const expected = new Map(Array.from(ledger.stocks(), (stock) => [nameOfStock(stock), stock]));
  return compareAll(expected, found, {
    nameOf: nameOfStock,
    compare: (subject, stock, row) => compareFigures(subject, expectedFigures(stock, row), foundFigures(row)),
  });
}

/** Compares every reservation of the replay's dealers, both ways. */
export function compareReservations(ledger: Ledger, found: readonly Reservation[]): Difference[] {
  const expected = new Map(Array.from(ledger.reservations(), (each) => [`reservation ${each.reservationId}`, each]));
  return compareAll(expected, found, {
    nameOf: ({ reservationId }) => `reservation ${reservationId}`,
    compare: (subject, recorded, row) => [
      ...compareFigures(subject, headOf(recorded), headOf({ ...row, state: ReservationState[row.state] ?? "?" })),
      ...compareLines(subject, recorded, row),
    ],
  });
}

function compareAll<Expected, Found>(
  expected: ReadonlyMap<string, Expected>,
  found: readonly Found[],
  rules: {
    nameOf: (row: Found) => string;
    compare: (subject: string, recorded: Expected, row: Found) => Difference[];
  },
): Difference[] {
  const differences: Difference[] = [];
  const seen = new Set<string>();
  for (const row of found) {
    const subject = rules.nameOf(row);
    const recorded = expected.get(subject);
    if (seen.has(subject)) differences.push({ subject, field: "entries", expected: "one", found: "more" });
    else if (recorded === undefined) differences.push({ subject, field: "entries", expected: "none", found: "one" });
    else differences.push(...rules.compare(subject, recorded, row));
    seen.add(subject);
  }
  for (const subject of expected.keys()) {
    if (!seen.has(subject)) differences.push({ subject, field: "entries", expected: "one", found: "none" });
  }
  return differences;
}

function compareFigures(subject: string, expected: Figures, found: Figures): Difference[] {
  return Object.entries(expected)
    .map(([field, value]) => ({ subject, field, expected: String(value), found: String(found[field]) }))
    .filter((difference) => difference.expected !== difference.found);
}

/** Safety stock and buffer are policy, not counted: they are taken as the server says, the rest must follow. */
function expectedFigures({ onHand, reserved, committed }: LedgerStock, row: Availability): Figures {
  const free = onHand - reserved - committed;
  const promisable = free - Number(row.safetyStock) - Number(row.degradedBuffer);
  return {
    on_hand: onHand,
    reserved,
    committed,
    unavailable: 0,
    allocated_elsewhere: 0,
    shortfall: Math.max(0, -free),
    ...(row.capped ? {} : { available_to_promise: Math.max(0, promisable) }),
  };
}

function foundFigures(row: Availability): Figures {
  return {
    on_hand: row.onHand,
    reserved: row.reserved,
    committed: row.committed,
    unavailable: row.unavailable,
    allocated_elsewhere: row.allocatedElsewhere,
    shortfall: row.shortfall,
    available_to_promise: row.availableToPromise,
  };
}

function headOf(reservation: { state: string; dealerId: string; orderId: string; warehouseId: string }): Figures {
  const { state, dealerId, orderId, warehouseId } = reservation;
  return { state, dealer_id: dealerId, order_id: orderId, warehouse_id: warehouseId };
}

function compareLines(subject: string, recorded: LedgerReservation, row: Reservation): Difference[] {
  return compareAll(
    new Map(Array.from(recorded.lines.values(), (line) => [`${subject} line ${line.sku}`, line])),
    row.lines,
    {
      nameOf: ({ sku }) => `${subject} line ${sku}`,
      compare: (name, line, foundLine) => compareFigures(name, lineFigures(line), lineFigures(foundLine)),
    },
  );
}

function lineFigures(
  line: Readonly<Record<"requested" | "reserved" | "committed" | "dispatched" | "released", number | bigint>>,
): Figures {
  const { requested, reserved, committed, dispatched, released } = line;
  return { requested, reserved, committed, dispatched, released };
}

function nameOfStock({ warehouseId, sku }: { warehouseId: string; sku: string }): string {
  return `stock ${sku} in ${warehouseId}`;
}
