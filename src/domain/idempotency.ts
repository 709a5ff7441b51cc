/**
 * One effect for each (dealer, request_id) (P5, I4): what makes two requests the same, and how a first answer is kept and given again.
 */

import type { Freshness } from "./availability.js";
import type { Commit, Extend, Release, Reserve, Shortage } from "./command.js";
import type { AnsweredReservation, Fingerprint, RequestAnswered } from "./event.js";
import { finish, mixNumber, mixString } from "./hash.js";
import type { Reservation, ReservationLine } from "./reservation.js";

export type MutatingCommand = Reserve | Commit | Release | Extend;

/** The method and every known field but the request_id: 64 bits that tell another content under the same id. */
export function fingerprintOf(command: MutatingCommand): Fingerprint {
  return { high: finish(mixCommand(0x9e3779b9, command)), low: finish(mixCommand(0x7f4a7c15, command)) };
}

function mixCommand(seed: number, command: MutatingCommand): number {
  let state = mixString(mixString(seed, command.kind), command.dealerId);
  switch (command.kind) {
    case "Reserve":
      state = mixString(mixString(state, command.orderId), command.warehouseId);
      state = mixNumber(state, command.holdMs);
      state = mixNumber(state, (command.partial ? 1 : 0) + (command.commit ? 2 : 0));
      return mixLines(state, command.lines);
    case "Commit":
      return mixLines(mixString(state, command.reservationId), command.lines);
    case "Release":
      return mixLines(mixString(mixString(state, command.reservationId), command.reason), command.lines);
    case "Extend":
      return mixNumber(mixString(state, command.reservationId), command.holdMs);
  }
}

function mixLines(seed: number, lines: Reserve["lines"]): number {
  let state = mixNumber(seed, lines.length);
  for (const line of lines) state = mixNumber(mixString(state, line.sku), line.quantity);
  return state;
}

/** The record of a first answer. */
export function answerRecord(
  command: MutatingCommand,
  fingerprint: Fingerprint,
  answer: {
    readonly outcome: RequestAnswered["outcome"];
    readonly reservation: Reservation | undefined;
    readonly shortages: readonly Shortage[];
    readonly freshness: Freshness;
    readonly answeredAtMs: number;
  },
): RequestAnswered {
  return {
    kind: "RequestAnswered",
    dealerId: command.dealerId,
    requestId: command.requestId,
    method: command.kind,
    fingerprint,
    outcome: answer.outcome,
    reservation: answer.reservation?.number ?? 0,
    shown: answer.reservation === undefined ? undefined : asAnswered(answer.reservation),
    shortages: answer.shortages,
    freshness: answer.freshness,
    answeredAtMs: answer.answeredAtMs,
  };
}

function asAnswered(reservation: Reservation): AnsweredReservation {
  return {
    state: reservation.state,
    revision: reservation.revision,
    updatedAtMs: reservation.updatedAtMs,
    expiresAtMs: reservation.expiresAtMs,
    provisional: reservation.provisional,
    atRisk: reservation.atRisk,
    lines: reservation.lines.every(isWhollyOpen)
      ? undefined
      : reservation.lines.flatMap((line) => [line.open, line.dispatched, line.released]),
  };
}

function isWhollyOpen(line: ReservationLine): boolean {
  return line.open === line.requested;
}

/** The reservation as the first answer showed it, from what it is now. */
export function reservationAsShown(reservation: Reservation, shown: AnsweredReservation): Reservation {
  const lines = reservation.lines.map((line, index) => ({
    ...line,
    open: shown.lines === undefined ? line.requested : shown.lines[index * 3]!,
    dispatched: shown.lines === undefined ? 0 : shown.lines[index * 3 + 1]!,
    released: shown.lines === undefined ? 0 : shown.lines[index * 3 + 2]!,
  }));
  const { state, revision, updatedAtMs, expiresAtMs, provisional, atRisk } = shown;
  return { ...reservation, lines, state, revision, updatedAtMs, expiresAtMs, provisional, atRisk };
}
