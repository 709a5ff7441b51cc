/** A warehouse's partition over pages: the implementation of the domain's PartitionState, and its part in checkpoints. */

import type { AccuracyItem } from "../domain/accuracy.js";
import { DeadlineHeap } from "../domain/deadline-heap.js";
import type { DegradedBuffer } from "../domain/degraded.js";
import type { Discrepancy } from "../domain/drift.js";
import { indexOpen } from "../domain/evolve/reservation-events.js";
import type { Movement } from "../domain/movement.js";
import { OpenLines } from "../domain/open-lines.js";
import { OrderIndex } from "../domain/order-index.js";
import type { PartitionDealer, PartitionState, StoredException } from "../domain/partition-state.js";
import { isOpen, type Reservation } from "../domain/reservation.js";
import { formatReservationId } from "../domain/reservation-id.js";
import type { Stock } from "../domain/stock.js";
import { LIMITS } from "../limits.js";
import { AnswerStore } from "./answer-store.js";
import { AppendTable } from "./append-table.js";
import { discrepancyCodec } from "./codecs/drift-codecs.js";
import {
  accuracyCodec,
  answerItemCodec,
  exceptionCodec,
  movementCodec,
  partitionDealerCodec,
} from "./codecs/partition-codecs.js";
import { reservationCodec } from "./codecs/reservation-codec.js";
import { stockCodec } from "./codecs/stock-codec.js";
import { HistoryStore } from "./history-store.js";
import type { ItemCodec } from "./item-codec.js";
import { KeyIndex } from "./key-index.js";
import { KeyedNumberedTable } from "./keyed-table.js";
import { type CheckpointedTable, NumberedTable } from "./numbered-table.js";
import { OpenBitmap } from "./open-bitmap.js";
import type { PageSpace } from "./page-space.js";
import { TABLES } from "./tables.js";

/** A partition keeps at least this many items of a table in memory, however many partitions there are. */
const SHARE_MIN = 64;

/** How much of a log may stay in memory, and what its partitions share. */
export interface StoreSettings {
  /** Over all partitions, each of which gets an equal share. */
  readonly stocksResidentMax: number;
  readonly reservationsResidentMax: number;
  readonly partitionCount: () => number;
  /** How long an answer is remembered, milliseconds. */
  readonly retentionMs: () => number;
  readonly nonce: (epoch: number) => string | undefined;
  /** The data folder's own seed of index hashes; known once its first epoch has begun. */
  readonly hashSeed: () => number;
  /** Answers remembered over all partitions. */
  readonly answerCount: { kept: number };
  /** Told of stocks that come into memory from their page, and of those that leave. */
  readonly onStockLoad?: (partition: number, stock: Stock) => void;
  readonly onStockEvict?: (partition: number, stock: number) => void;
}

/** How many items each table of a partition holds, and the first answer kept: what a checkpoint says beside the pages. */
export interface PartitionHead {
  readonly partition: number;
  readonly warehouseId: string;
  /** Of the last record taken in; 0 for none. */
  readonly sequence: number;
  readonly stocks: number;
  readonly reservations: number;
  readonly dealers: number;
  readonly answers: number;
  readonly firstAnswer: number;
  readonly exceptions: number;
  readonly movements: number;
  readonly firstMovement: number;
  readonly degradedSinceMs: number;
  readonly degradedStep: number;
  readonly degradedUnits: number;
  readonly degradedPercent: number;
  readonly degradedChanges: number;
  readonly accuracy: number;
  readonly openExceptions: number;
  readonly quarantinedStocks: number;
  readonly discrepancies: number;
}

export function emptyHead(partition: number, warehouseId: string): PartitionHead {
  return {
    partition,
    warehouseId,
    sequence: 0,
    stocks: 0,
    reservations: 0,
    dealers: 0,
    answers: 0,
    firstAnswer: 1,
    exceptions: 0,
    movements: 0,
    firstMovement: 1,
    degradedSinceMs: 0,
    degradedStep: 0,
    degradedUnits: 0,
    degradedPercent: 0,
    degradedChanges: 0,
    accuracy: 0,
    openExceptions: 0,
    quarantinedStocks: 0,
    discrepancies: 0,
  };
}

export class PartitionStore implements PartitionState {
  readonly partition: number;
  readonly warehouseId: string;
  readonly stocks: KeyedNumberedTable<Stock>;
  readonly reservations: NumberedTable<Reservation>;
  readonly dealers: KeyedNumberedTable<PartitionDealer>;
  readonly answers: AnswerStore;
  readonly exceptions: NumberedTable<StoredException>;
  readonly movements: HistoryStore<Movement>;
  readonly accuracy: NumberedTable<AccuracyItem>;
  readonly discrepancies: NumberedTable<Discrepancy>;
  readonly provisional = new Set<number>();
  readonly atRisk = new Set<number>();
  degraded: DegradedBuffer;
  degradedChanges: number;
  openExceptions: number;
  quarantinedStocks: number;
  readonly openLines = new OpenLines();
  readonly deadlines = new DeadlineHeap();
  readonly orders: OrderIndex;
  /** Sequence of the last record taken in. */
  sequence: number;
  readonly #nonce: StoreSettings["nonce"];
  readonly #tables: readonly CheckpointedTable[];
  readonly #indexes: readonly KeyIndex[];
  readonly #bitmap: OpenBitmap;

  constructor(space: PageSpace, head: PartitionHead, settings: StoreSettings) {
    const { partition } = head;
    this.partition = partition;
    this.warehouseId = head.warehouseId;
    this.sequence = head.sequence;
    this.#nonce = settings.nonce;
    const seed = settings.hashSeed();
    this.orders = new OrderIndex(seed);
    const column = (table: { readonly id: number }) => ({ table: table.id, partition });
    const index = (table: { readonly id: number }, count: number, first = 1) => {
      const made = new KeyIndex(space, column(table));
      if (count > 0) made.load(count, first);
      return made;
    };
    const options = <T>(
      table: { readonly id: number; readonly pageItems: number },
      codec: ItemCodec<T>,
      count: number,
      residentMax = settings.reservationsResidentMax,
    ) => ({
      space,
      column: column(table),
      codec,
      pageItems: table.pageItems,
      residentMax: () => Math.max(SHARE_MIN, residentMax / Math.max(1, settings.partitionCount())),
      count,
    });

    const stockKeys = index(TABLES.stockKeys, head.stocks);
    this.stocks = new KeyedNumberedTable(
      {
        ...options(TABLES.stocks, stockCodec, head.stocks, settings.stocksResidentMax),
        onLoad: (stock) => settings.onStockLoad?.(partition, stock),
        onEvict: (stock) => settings.onStockEvict?.(partition, stock),
      },
      stockKeys,
      { seed, of: (stock) => stock.sku },
    );
    const dealerKeys = index(TABLES.partitionDealerKeys, head.dealers);
    this.dealers = new KeyedNumberedTable(
      options(TABLES.partitionDealers, partitionDealerCodec, head.dealers),
      dealerKeys,
      { seed, of: (dealer) => dealer.dealerId },
    );
    this.#bitmap = new OpenBitmap(space, column(TABLES.openReservations));
    this.reservations = new NumberedTable({
      ...options(TABLES.reservations, reservationCodec(this), head.reservations),
      onStage: ({ number, state }) => this.#bitmap.set(number, isOpen(state)),
    });
    const answers = new AppendTable(options(TABLES.answers, answerItemCodec, head.answers));
    const answerKeys = index(TABLES.answerKeys, head.answers, head.firstAnswer);
    this.answers = new AnswerStore(answers, answerKeys, head.firstAnswer, settings);
    this.exceptions = new NumberedTable(options(TABLES.exceptions, exceptionCodec, head.exceptions));
    const movements = new AppendTable(options(TABLES.movements, movementCodec, head.movements));
    this.movements = new HistoryStore(movements, {
      first: Math.max(1, head.firstMovement),
      pageItems: TABLES.movements.pageItems,
      keptMs: LIMITS.movementsKeptMs,
    });
    this.discrepancies = new NumberedTable(options(TABLES.discrepancies, discrepancyCodec, head.discrepancies));
    this.accuracy = new NumberedTable(options(TABLES.accuracy, accuracyCodec, head.accuracy));
    this.degraded = {
      sinceMs: head.degradedSinceMs,
      step: head.degradedStep,
      units: head.degradedUnits,
      percent: head.degradedPercent,
    };
    this.degradedChanges = head.degradedChanges;
    this.openExceptions = head.openExceptions;
    this.quarantinedStocks = head.quarantinedStocks;
    this.#tables = [
      this.stocks,
      this.dealers,
      this.reservations,
      answers,
      this.exceptions,
      movements,
      this.accuracy,
      this.discrepancies,
    ];
    this.#indexes = [stockKeys, dealerKeys, answerKeys];
    if (head.reservations > 0) this.#loadOpen(head.reservations);
  }

  reservationId(number: number, epoch: number): string {
    return formatReservationId({ partition: this.partition, epoch, number }, this.#nonce(epoch) ?? "");
  }

  get dirtyPages(): number {
    return this.#tables.reduce((sum, table) => sum + table.dirtyPages, 0);
  }

  get residentItems(): number {
    return this.#tables.reduce((sum, table) => sum + table.residentCount, 0);
  }

  head(): PartitionHead {
    return {
      partition: this.partition,
      warehouseId: this.warehouseId,
      sequence: this.sequence,
      stocks: this.stocks.count,
      reservations: this.reservations.count,
      dealers: this.dealers.count,
      answers: this.answers.count,
      firstAnswer: this.answers.first,
      exceptions: this.exceptions.count,
      movements: this.movements.count,
      firstMovement: this.movements.first,
      degradedSinceMs: this.degraded.sinceMs,
      degradedStep: this.degraded.step,
      degradedUnits: this.degraded.units,
      degradedPercent: this.degraded.percent,
      degradedChanges: this.degradedChanges,
      accuracy: this.accuracy.count,
      openExceptions: this.openExceptions,
      quarantinedStocks: this.quarantinedStocks,
      discrepancies: this.discrepancies.count,
    };
  }

  /** Begins a checkpoint with what is here now. */
  freeze(nowMs: number): void {
    this.answers.dropExpired(nowMs);
    this.movements.dropOld(nowMs);
    for (const index of this.#indexes) index.stage();
    for (const table of this.#tables) table.freeze();
  }

  /** Puts up to `pagesMax` frozen pages to bytes; returns how many it did, 0 when none is left. */
  stage(pagesMax: number): number {
    let done = 0;
    for (const table of this.#tables) done += table.stageFrozen(pagesMax - done);
    if (done === 0) this.#bitmap.stage();
    return done;
  }

  /** Derives coverage lists, order index and deadlines from the open reservations, without keeping these in memory. */
  #loadOpen(count: number): void {
    this.#bitmap.load(count);
    const committed: Reservation[] = [];
    for (const number of this.#bitmap.numbers()) {
      const reservation = this.reservations.peek(number)!;
      if (reservation.state === "PENDING") indexOpen(this, reservation);
      else committed.push(reservation);
    }
    committed.sort((a, b) => a.commitOrder - b.commitOrder);
    for (const reservation of committed) indexOpen(this, reservation);
  }
}
