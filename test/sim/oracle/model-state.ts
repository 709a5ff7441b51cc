/**
 * What the oracle knows: plain data, copied as a whole to go back to after a crash. No rules here.
 * Written from docs/architecture.md and docs/api.md; shares nothing with src/domain but type names.
 */
import type { Dealer } from "../../../src/domain/command.js";
import type { Position } from "../../../src/domain/drift.js";
import type { ErpEvent, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import type { PolicyFields } from "../../../src/domain/policy.js";
import type { ReservationState } from "../../../src/domain/reservation.js";
import type { SourceThresholds } from "../../../src/domain/source.js";
import type { ExpectedAnswer, OracleSettings, ReservationPicture, RunCounts } from "./request.js";

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
  /** Place in the order of commits, and when; 0 before. */
  commitOrder: number;
  committedAtMs: number;
  /** Committed while the warehouse's ERP was away, and not confirmed against live figures since. */
  provisional: boolean;
  /** The one that it continues, after a dispatch was reversed; 0 for most. */
  readonly reopenedFrom: number;
  /** Since when it is at risk; 0 while it is not. */
  atRiskSinceMs: number;
  /** An operator let it stand though it is at risk. */
  kept: boolean;
}

export interface ModelStock {
  readonly warehouseId: string;
  readonly sku: string;
  /** An ERP event has named it. */
  seen: boolean;
  /** Its source of record; empty while it has none. */
  source: string;
  /** The first sequence of that source that counts. */
  sourceFrom: number;
  onHand: number;
  unavailable: number;
  allocatedElsewhere: number;
  /** Numbers of the reservations with open units here. */
  readonly open: Set<number>;
  /** By how much promises may exceed what is there: what ERP events left, never raised by a decision of ours (I1). */
  excessAllowed: number;
  /** Newest first. */
  readonly lastEvents: ErpEvent[];
  /** What its events did to it, oldest first. */
  readonly history: readonly Done[];
}

/** What one event did to its stock. */
export interface Done {
  readonly event: ErpEvent;
  readonly onHand: number;
  readonly unavailable: number;
  readonly allocated: number;
  /** Whose units a dispatch consumed. */
  readonly consumed: readonly Units[];
  /** Number of the exception that the rest of a dispatch is; 0 for none. */
  readonly exception: number;
  readonly isLate: boolean;
  /** It is no event but a correction to what its source has. */
  readonly isHealing?: boolean;
}

/** A run of positions that goes on: in no journal. */
export interface ModelRun {
  readonly counts: RunCounts;
  /** Those that differed when they were told. */
  readonly kept: readonly Position[];
}

/** Units of one reservation's line. */
export interface Units {
  readonly reservation: number;
  readonly quantity: number;
}

/** A dispatch, or what of it matched nothing. */
export interface ModelException {
  /** 1, 2, 3 ... in its warehouse. */
  readonly number: number;
  readonly warehouseId: string;
  readonly event: ErpEvent;
  readonly quantity: number;
  readonly reason: string;
  readonly createdAtMs: number;
  /** Of its units, those that need no person any more; and of those, whose they were. */
  readonly attached: number;
  readonly attachments: readonly Units[];
}

export interface ModelDeadLetter {
  /** 1, 2, 3 ... */
  readonly number: number;
  readonly event: IncomingErpEvent;
  readonly reason: string;
  readonly createdAtMs: number;
  readonly state: "OPEN" | "REPLAYED" | "DROPPED";
}

/** Committed units that ended; negative for those of a dispatch that was reversed. */
export interface Ended {
  readonly atMs: number;
  readonly warehouseId: string;
  readonly sku: string;
  readonly fulfilled: number;
  readonly failed: number;
}

/** What a warehouse holds back while its ERP is away; step 0 is nothing. */
export interface Buffer {
  readonly sinceMs: number;
  readonly step: number;
  readonly units: number;
  readonly percent: number;
}

/** What a source's link means for orders; whether it is late besides is seen when it is asked. */
export type Link = "THERE" | "AWAY" | "CATCHING_UP" | "RECONCILING";

export interface ModelSource {
  readonly name: string;
  /** Its place among those that were put or had an event journalled; 0 for one that only sends heartbeats. */
  place: number;
  /** What was put. */
  warehouseIds: readonly string[];
  thresholds: SourceThresholds;
  applied: number;
  readonly eventIds: Map<number, string>;
  readonly buffered: Map<number, IncomingErpEvent>;
  /** What was passed over and has not come since. */
  readonly skipped: Set<number>;
  /** When each of those came. */
  readonly bufferedAtMs: Map<number, number>;
  /** Since when it is lost; 0 while it is there. */
  lostAtMs: number;
  link: Link;
  /** When an event of it was last journalled, and when it last said anything at all; 0 for never. */
  journalledAtMs: number;
  /** What follows is not journalled, and is forgotten when the process ends. */
  saidAtMs: number;
  /** The highest last_sequence of a heartbeat, when the last one came, and since when one names what is missing. */
  toldLast: number;
  heartbeatAtMs: number;
  toldGapSinceMs: number;
  /** How long ago the newest thing that it told of had happened. */
  latencyMs: number;
  /** How it stood when the turn began, and after each of its messages since: the service may have looked at any of these moments. */
  shown: readonly Shown[];
}

export interface Shown {
  readonly saidAtMs: number;
  readonly hasGap: boolean;
  readonly latencyMs: number;
  readonly laggingAfterMs: number;
  readonly link: Link;
  readonly feeds: ReadonlySet<string>;
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
  /** By warehouse and number. */
  readonly exceptions: Map<string, ModelException>;
  readonly deadLetters: Map<number, ModelDeadLetter>;
  readonly ended: readonly Ended[];
  /** By warehouse; absent for none. */
  readonly buffers: Map<string, Buffer>;
  readonly runs: Map<string, ModelRun>;
  /** Since when this process listens, service time. */
  startedAtMs: number;
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
    exceptions: new Map(),
    deadLetters: new Map(),
    ended: [],
    buffers: new Map(),
    runs: new Map(),
    startedAtMs: 0,
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
    })),
    reservations: copyValues(state.reservations, (reservation) => ({
      ...reservation,
      lines: reservation.lines.map((line) => ({ ...line })),
    })),
    sources: copyValues(state.sources, (source) => ({
      ...source,
      eventIds: new Map(source.eventIds),
      buffered: new Map(source.buffered),
      bufferedAtMs: new Map(source.bufferedAtMs),
      skipped: new Set(source.skipped),
    })),
    exceptions: new Map(state.exceptions),
    deadLetters: new Map(state.deadLetters),
    buffers: new Map(state.buffers),
    runs: new Map(state.runs),
    answers: new Map(state.answers),
  };
}

function copyValues<K, V>(map: ReadonlyMap<K, V>, copy: (value: V) => V): Map<K, V> {
  return new Map([...map].map(([key, value]) => [key, copy(value)]));
}

export function newStock(warehouseId: string, sku: string): ModelStock {
  return {
    warehouseId,
    sku,
    seen: false,
    source: "",
    sourceFrom: 0,
    onHand: 0,
    unavailable: 0,
    allocatedElsewhere: 0,
    open: new Set(),
    excessAllowed: 0,
    lastEvents: [],
    history: [],
  };
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
    provisional: reservation.provisional,
    reopenedFrom: reservation.reopenedFrom,
    atRiskSinceMs: reservation.atRiskSinceMs,
    kept: reservation.kept,
    committedAtMs: reservation.committedAtMs,
    revision,
    revisionLeast: state === "EXPIRED" && toldByExpiry ? revision - 1 : revision,
  };
}
