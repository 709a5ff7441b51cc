/**
 * What the oracle knows: plain data, copied as a whole to go back to after a crash. No rules here.
 * Written from docs/architecture.md and docs/api.md; shares nothing with src/domain but type names.
 */
import type { Dealer } from "../../../src/domain/command.js";
import type { ErpEvent, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import type { PolicyFields } from "../../../src/domain/policy.js";
import type { ReservationState } from "../../../src/domain/reservation.js";
import type { ExceptionPicture, ExpectedAnswer, OracleSettings, ReservationPicture } from "./request.js";

export interface ModelLine {
  readonly sku: string;
  readonly requested: number;
  open: number;
  dispatched: number;
  released: number;
  /** Some of its open units are not covered. */
  atRisk: boolean;
}

export interface ModelReservation {
  readonly number: number;
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly ModelLine[];
  readonly createdAtMs: number;
  updatedAtMs: number;
  /** False when an expiry changed it, which the service may have noticed at any time from `updatedAtMs` on. */
  updatedExactly: boolean;
  state: ReservationState;
  expiresAtMs: number;
  atRisk: boolean;
  revision: number;
  /**
   * Its last revision told that an expiry had covered it. Where it expires next, the service may have noticed both expiries
   * at once and not have told of the first: its revision is then one less.
   */
  toldByExpiry: boolean;
  /** Place in the order of commits; 0 before. */
  commitOrder: number;
}

export interface ModelStock {
  readonly warehouseId: string;
  readonly sku: string;
  /** Its source of record. */
  readonly source: string;
  onHand: number;
  unavailable: number;
  allocatedElsewhere: number;
  /** Numbers of the reservations with open units here. */
  readonly open: Set<number>;
  /** By how much promises may exceed what is there: what ERP events left, never raised by a decision of ours (I1). */
  excessAllowed: number;
  /** Newest first. */
  readonly lastEvents: ErpEvent[];
  readonly exceptions: ExceptionPicture[];
}

export interface ModelSource {
  readonly name: string;
  /** Warehouses that an applied event of it named. */
  warehouses: ReadonlySet<string>;
  applied: number;
  readonly eventIds: Map<number, string>;
  readonly buffered: Map<number, IncomingErpEvent>;
  /** The highest last_sequence of a heartbeat. */
  toldLast: number;
  /** When an event of it was last journalled, and when it last said anything at all; 0 for never. */
  journalledAtMs: number;
  saidAtMs: number;
  /**
   * What may be told of its freshness: as of the last settled decision, and after each of its messages since. Which of these
   * the service shows is its choice, as freshness follows what is durable.
   */
  shown: readonly ShownFreshness[];
  /** A crash came, and it has not spoken since. */
  maybeForgotten: boolean;
}

export interface ShownFreshness {
  readonly saidAtMs: number;
  readonly hasGap: boolean;
  readonly warehouses: ReadonlySet<string>;
}

export interface ModelDealer {
  readonly dealer: Dealer;
  /** Warehouses that served it before, newest first, and until when. */
  readonly former: readonly { readonly warehouseId: string; readonly untilMs: number }[];
}

export interface RememberedAnswer {
  readonly content: string;
  readonly answer: ExpectedAnswer;
  readonly atMs: number;
}

export interface ModelState {
  readonly settings: OracleSettings;
  readonly warehouses: Set<string>;
  readonly dealers: Map<string, ModelDealer>;
  /** By scope, see policy-rules.ts. */
  readonly policies: Map<string, PolicyFields>;
  readonly stocks: Map<string, ModelStock>;
  readonly reservations: Map<number, ModelReservation>;
  readonly sources: Map<string, ModelSource>;
  /** By warehouse, dealer and request id, in the order in which they were given. */
  readonly answers: Map<string, RememberedAnswer>;
  /** Counts the decisions that leave something durable: those that a crash may lose. */
  effects: number;
  lastReservation: number;
  lastCommit: number;
  /** The longest time that any hold was given. */
  longestHoldMs: number;
  /** No hold ends before this moment (Number.MAX_SAFE_INTEGER: there is none). */
  nextDeadlineMs: number;
}

export function emptyState(settings: OracleSettings): ModelState {
  return {
    settings,
    warehouses: new Set(),
    dealers: new Map(),
    policies: new Map(),
    stocks: new Map(),
    reservations: new Map(),
    sources: new Map(),
    answers: new Map(),
    effects: 0,
    lastReservation: 0,
    lastCommit: 0,
    longestHoldMs: 0,
    nextDeadlineMs: Number.MAX_SAFE_INTEGER,
  };
}

/** A state apart from this one. What is never changed in place is shared. */
export function copyState(state: ModelState): ModelState {
  return {
    ...state,
    warehouses: new Set(state.warehouses),
    dealers: new Map(state.dealers),
    policies: new Map(state.policies),
    stocks: copyValues(state.stocks, (stock) => ({
      ...stock,
      open: new Set(stock.open),
      lastEvents: [...stock.lastEvents],
      exceptions: [...stock.exceptions],
    })),
    reservations: copyValues(state.reservations, (reservation) => ({
      ...reservation,
      lines: reservation.lines.map((line) => ({ ...line })),
    })),
    sources: copyValues(state.sources, (source) => ({
      ...source,
      eventIds: new Map(source.eventIds),
      buffered: new Map(source.buffered),
    })),
    answers: new Map(state.answers),
  };
}

function copyValues<K, V>(map: ReadonlyMap<K, V>, copy: (value: V) => V): Map<K, V> {
  return new Map([...map].map(([key, value]) => [key, copy(value)]));
}

export function stockKey(warehouseId: string, sku: string): string {
  return `${warehouseId}\n${sku}`;
}

export function isOpen(reservation: ModelReservation): boolean {
  return reservation.state === "PENDING" || reservation.state === "COMMITTED";
}

/** The reservation as it stands now, apart from what becomes of it. */
export function picture(reservation: ModelReservation): ReservationPicture {
  const { number, dealerId, orderId, warehouseId, state, createdAtMs, updatedAtMs, updatedExactly } = reservation;
  const { expiresAtMs, atRisk, revision, toldByExpiry } = reservation;
  return {
    number,
    dealerId,
    orderId,
    warehouseId,
    state,
    lines: reservation.lines.map(({ atRisk: _, ...line }) => line),
    createdAtMs,
    updatedAtMs,
    updatedExactly,
    expiresAtMs,
    atRisk,
    revision,
    revisionLeast: state === "EXPIRED" && toldByExpiry ? revision - 1 : revision,
  };
}
