/**
 * Reads the answer to a Reserve into the record, and checks that it keeps its own word: all means all, part means
 * part, nothing means nothing. Pure.
 */
import { type ReservationLine, ReservationState, ReserveOutcome, type ReserveResponse } from "../../client/index.js";
import type { Fact } from "./ledger.js";
import type { Difference } from "./recount.js";
import type { PlannedLine } from "./replay-plan.js";

export interface AskedOrder {
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly PlannedLine[];
  readonly partial: boolean;
  readonly commit: boolean;
}

export interface ReadAnswer {
  /** What the record gets; nothing when rejected. */
  readonly fact: Fact | undefined;
  readonly differences: readonly Difference[];
}

/** Holds the answer against what was asked. */
export function readReserveAnswer(asked: AskedOrder, response: ReserveResponse): ReadAnswer {
  const { reservation, outcome } = response;
  const subject = `answer to order ${asked.orderId}`;
  const differences: Difference[] = [];
  const expect = (field: string, expected: unknown, found: unknown): void => {
    if (expected !== found) differences.push({ subject, field, expected: String(expected), found: String(found) });
  };
  if (reservation === undefined) {
    expect("outcome", "REJECTED", ReserveOutcome[outcome]);
    return { fact: undefined, differences };
  }
  const requested = summedBySku(asked.lines);
  const granted = new Map(reservation.lines.map((line) => [line.sku, grantedOf(line)]));
  expect("lines", [...requested.keys()].join(", "), reservation.lines.map(({ sku }) => sku).join(", "));
  expect("outcome", expectedOutcome(asked, requested, granted), ReserveOutcome[outcome]);
  expect("state", asked.commit ? "COMMITTED" : "PENDING", ReservationState[reservation.state]);
  const lines = Array.from(requested, ([sku, units]) => ({ sku, requested: units, granted: granted.get(sku) ?? 0 }));
  for (const line of lines) {
    if (line.granted > line.requested) expect(`units of ${line.sku}`, `at most ${line.requested}`, line.granted);
  }
  const { dealerId, orderId, warehouseId } = asked;
  const names = { reservationId: reservation.reservationId, dealerId, orderId, warehouseId };
  return { fact: { kind: "granted", ...names, committed: asked.commit, lines }, differences };
}

/** What the outcome must be, given what was granted. */
function expectedOutcome(
  asked: AskedOrder,
  requested: ReadonlyMap<string, number>,
  granted: ReadonlyMap<string, number>,
): string {
  const whole = Array.from(requested).every(([sku, units]) => granted.get(sku) === units);
  if (whole) return "RESERVED";
  const nothing = Array.from(granted.values()).every((units) => units === 0);
  return asked.partial && !nothing ? "PARTIALLY_RESERVED" : "REJECTED";
}

function summedBySku(lines: readonly PlannedLine[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return sums;
}

function grantedOf({ reserved, committed, dispatched, released }: ReservationLine): number {
  return Number(reserved + committed + dispatched + released);
}
