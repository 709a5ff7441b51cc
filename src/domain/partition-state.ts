import type { AccuracyItem } from "./accuracy.js";
import type { DeadlineHeap } from "./deadline-heap.js";
import type { DegradedBuffer } from "./degraded.js";
import type { Discrepancy } from "./drift.js";
import type { ErpEvent } from "./erp-event.js";
import type { RequestAnswered } from "./event.js";
import type { ConsumedUnits, Movement } from "./movement.js";
import type { OpenLines } from "./open-lines.js";
import type { OrderIndex } from "./order-index.js";
import type { Reservation } from "./reservation.js";
import type { Stock } from "./stock.js";

/** A dealer as one partition knows it, registered or not: the head of its chain of reservations. */
export interface PartitionDealer {
  readonly number: number;
  readonly dealerId: string;
  /** Number of its newest reservation here; 0 for none. */
  newestReservation: number;
  openReservations: number;
}

/** A dispatch that could not be matched, wholly or in part. Chained per stock, newest first. */
export interface StoredException {
  readonly number: number;
  readonly stock: number;
  readonly event: ErpEvent;
  readonly quantity: number;
  /** UPPER_SNAKE. */
  readonly reason: string;
  readonly createdAtMs: number;
  /** Of its units, those that need no person any more. */
  attached: number;
  /** Of those, the units of reservations that an operator attached. */
  attachments: readonly ConsumedUnits[];
  readonly previousOfStock: number;
}

/**
 * The state of one warehouse's partition as decide and evolve see it: a port, implemented over pages in snapshots/.
 * Items are numbered 1, 2, 3 ... in the order of creation. `find` and `get` may read a cold item from the local store, synchronously.
 * Only evolve calls `touch` (before it changes an item) and `add`.
 */
export interface PartitionState {
  readonly partition: number;
  readonly warehouseId: string;
  readonly stocks: KeyedTable<Stock>;
  readonly reservations: Table<Reservation>;
  readonly dealers: KeyedTable<PartitionDealer>;
  readonly answers: AnswerTable;
  readonly exceptions: Table<StoredException>;
  readonly movements: History<Movement>;
  readonly accuracy: Table<AccuracyItem>;
  readonly discrepancies: Table<Discrepancy>;
  /** Exceptions with units that are not attached, and stocks in quarantine: what waits for a person. Set by evolve only. */
  openExceptions: number;
  quarantinedStocks: number;
  /** What is held back of every stock while the ERP is away. Set by evolve only. */
  degraded: DegradedBuffer;
  /** How often that has changed; part of the version of every stock. */
  degradedChanges: number;
  /** Derived from the reservations. */
  readonly openLines: OpenLines;
  readonly deadlines: DeadlineHeap;
  readonly orders: OrderIndex;
  /** Open reservations that were confirmed while the ERP was away, in the order of their commit, and those at risk. */
  readonly provisional: Set<number>;
  readonly atRisk: Set<number>;
  /** The text form of a reservation's id, which carries the epoch's nonce. */
  reservationId(number: number, epoch: number): string;
}

export interface Table<T> {
  /** Numbers in use are 1 to count. */
  readonly count: number;
  get(number: number): T | undefined;
  /** The item, about to be changed by the caller. */
  touch(number: number): T;
  /** Adds the item with number count + 1. */
  add(item: T): void;
}

export interface KeyedTable<T> extends Table<T> {
  find(key: string): T | undefined;
  /** The same, but what is cold stays cold: for one look at each of very many. Not to be changed. */
  glance(key: string): T | undefined;
}

/** Items that never change once they are added; the oldest are forgotten. */
export interface History<T> {
  readonly count: number;
  /** Undefined for what is forgotten. */
  get(number: number): T | undefined;
  add(item: T): void;
}

export interface AnswerTable {
  readonly count: number;
  /** The remembered answer to a request, unless its retention is over at `nowMs`. */
  find(dealerId: string, requestId: string, nowMs: number): RequestAnswered | undefined;
  add(answer: RequestAnswered): void;
}
