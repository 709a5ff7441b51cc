/**
 * One turn: a moment of service time, the working state, and the block that collects what is decided (decision 9).
 * No await, no clock, no I/O but synchronous reads of cold items. What is recorded is in effect at once for the next command,
 * and visible outside only when its block is durable (decision 3).
 */
import type { Freshness } from "../domain/availability.js";
import { confirmationAfter, confirmationAfterRemoval, riskChanges } from "../domain/coverage.js";
import type { DecisionContext } from "../domain/decide/decision.js";
import { withBuffer } from "../domain/degraded.js";
import type { OutcomesTold, PartitionEvent, RequestAnswered, SystemEvent } from "../domain/event.js";
import { isTelling, OutcomeTeller } from "../domain/outcome.js";
import type { RecordStamp } from "../domain/record-stamp.js";
import type { InheritedStockPolicy, Stock } from "../domain/stock.js";
import type { SystemState } from "../domain/system-state.js";
import type { BlockPosition } from "../journal/journal.js";
import type { LogStore } from "../snapshots/log-store.js";
import type { PartitionStore } from "../snapshots/partition-store.js";
import { applyPartitionEvent } from "./apply.js";
import type { BlockBuilder } from "./block-builder.js";

/** How the rest of the system hears of state that became durable. */
export interface Publisher {
  /** A copy of these stocks' counters, taken at the end of the turn, to be shown once `publish` is called. */
  stocks(partition: number, stocks: Iterable<Stock>): () => void;
  /** What all stocks of a partition inherit, as it is now, to be shown once the result is called. */
  inherited(partition: number): () => void;
  /** System events of one record, to be shown once the result is called. */
  system(events: readonly SystemEvent[], timeMs: number): () => void;
}

/** Where what became of orders goes. */
export interface OutcomePublisher {
  /** What one record tells, to be told on once the result is called with the block that made it durable. */
  told(partition: number, stamp: RecordStamp, told: OutcomesTold): (block: BlockPosition) => void;
  /** Everything of this block and of those before it has been told. */
  durable(block: BlockPosition): void;
}

export interface TurnOptions {
  readonly store: LogStore;
  readonly publisher: Publisher;
  readonly outcomes: OutcomePublisher;
  /** How fresh a partition's figures are at a moment of service time. */
  readonly freshness: (partition: number, nowMs: number) => Freshness;
  /** Called with the deadline of every hold made or moved. */
  readonly onDeadline: (deadlineMs: number) => void;
  /** Called when a checkpoint would make room. */
  readonly onCheckpointWanted: () => void;
}

export class Turn {
  readonly store: LogStore;
  readonly nowMs: number;
  readonly #options: TurnOptions;
  readonly #block: BlockBuilder;
  readonly #touched = new Map<number, Set<Stock>>();
  readonly #freshness = new Map<number, Freshness>();
  /** What the record being made tells of orders; most records tell nothing. */
  #teller: OutcomeTeller | undefined;
  /** Stocks that the record being made touches; a set only when there are many. */
  #recordStocks: Stock[] = [];
  readonly #onTouch = (stock: Stock): void => {
    this.#recordStocks.push(stock);
  };

  constructor(options: TurnOptions, block: BlockBuilder, nowMs: number) {
    this.store = options.store;
    this.#options = options;
    this.#block = block;
    this.nowMs = nowMs;
  }

  get system(): SystemState {
    return this.store.system.state;
  }

  freshness(partition: number): Freshness {
    let freshness = this.#freshness.get(partition);
    if (freshness === undefined) {
      freshness = this.#options.freshness(partition, this.nowMs);
      this.#freshness.set(partition, freshness);
    }
    return freshness;
  }

  context(partition: PartitionStore, dealerId: string): DecisionContext {
    const { policies } = this.system;
    return {
      nowMs: this.nowMs,
      epoch: this.system.epoch,
      inherited: this.inherited(partition),
      policy: policies.effective(partition.warehouseId, dealerId),
      freshness: this.freshness(partition.partition),
      isProvisional: partition.degraded.step > 0,
    };
  }

  /** What the stocks of a warehouse inherit now. */
  inherited(partition: PartitionStore): InheritedStockPolicy {
    const inherited = this.system.policies.inherited(partition.warehouseId);
    return partition.degradedChanges === 0 ? inherited : withBuffer(inherited, partition);
  }

  /**
   * Takes events into effect as one record of a partition: all or nothing, with the changes of risk that follow from them.
   * `answer` is asked for the remembered answer once everything else is in effect.
   */
  record(partition: PartitionStore, events: readonly PartitionEvent[], answer?: () => RequestAnswered): void {
    const stamp: RecordStamp = { sequence: partition.sequence + 1, timeMs: this.nowMs };
    const all = [...events];
    this.#recordStocks = [];
    for (const event of events) {
      this.#apply(partition, event, stamp);
      if (event.kind === "ReservationMade" || event.kind === "HoldExtended") this.#noteDeadline(event.expiresAtMs);
    }
    const stocks = this.#recordStocks.length > 1 ? new Set(this.#recordStocks) : this.#recordStocks;
    for (const stock of stocks) {
      for (const change of riskChanges(partition, stock)) {
        this.#apply(partition, change, stamp);
        all.push(change);
        const confirmed = confirmationAfter(partition, change);
        if (confirmed === undefined) continue;
        this.#apply(partition, confirmed, stamp);
        all.push(confirmed);
      }
    }
    for (const event of events) {
      const confirmed = confirmationAfterRemoval(partition, event);
      if (confirmed === undefined) continue;
      this.#apply(partition, confirmed, stamp);
      all.push(confirmed);
    }
    const told = this.#finishTelling();
    if (told !== undefined) all.push(told);
    if (answer !== undefined) {
      const answered = answer();
      this.#apply(partition, answered, stamp);
      all.push(answered);
    }
    partition.sequence = stamp.sequence;
    this.#block.add({ partition: partition.partition, epoch: this.system.epoch, ...stamp, events: all });
    this.#remember(partition.partition, stocks);
    if (told !== undefined)
      this.#block.publications.push(this.#options.outcomes.told(partition.partition, stamp, told));
    if (events.some(({ kind }) => kind === "DegradedStepped")) {
      this.#block.publications.push(this.#options.publisher.inherited(partition.partition));
    }
  }

  /** Takes events into effect as one record of the system's partition. */
  recordSystem(events: readonly SystemEvent[]): void {
    const stamp: RecordStamp = { sequence: this.store.system.sequence + 1, timeMs: this.nowMs };
    for (const event of events) this.system.evolve(event, stamp);
    this.store.system.sequence = stamp.sequence;
    this.#block.add({ partition: 0, epoch: this.system.epoch, ...stamp, events });
    this.#block.publications.push(this.#options.publisher.system(events, this.nowMs));
  }

  /** The partition of a warehouse, which comes into being when it is named for the first time. */
  openWarehouse(warehouseId: string): PartitionStore {
    const known = this.system.partition(warehouseId);
    if (known !== undefined) return this.store.partition(known);
    const partition = this.system.tables.warehouses.count + 1;
    this.recordSystem([{ kind: "WarehouseOpened", partition, warehouseId }]);
    return this.store.partition(partition);
  }

  /** A checkpoint now would let go of what is no longer needed. */
  wantCheckpoint(): void {
    this.#options.onCheckpointWanted();
  }

  /** Ends the turn: copies what it touched, to be published when the block is durable. */
  finish(): void {
    for (const [partition, stocks] of this.#touched) {
      this.#block.publications.push(this.#options.publisher.stocks(partition, stocks));
    }
  }

  #apply(partition: PartitionStore, event: PartitionEvent, stamp: RecordStamp): void {
    if (!isTelling(event)) {
      applyPartitionEvent(this.store, partition, event, stamp, this.#onTouch);
      return;
    }
    this.#teller ??= new OutcomeTeller(partition);
    this.#teller.before(event);
    applyPartitionEvent(this.store, partition, event, stamp, this.#onTouch);
    this.#teller.after(event);
  }

  #finishTelling(): OutcomesTold | undefined {
    const told = this.#teller?.finish();
    this.#teller = undefined;
    return told;
  }

  #noteDeadline(deadlineMs: number): void {
    if (deadlineMs > 0) this.#options.onDeadline(deadlineMs);
  }

  #remember(partition: number, stocks: Iterable<Stock>): void {
    let touched = this.#touched.get(partition);
    if (touched === undefined) {
      touched = new Set();
      this.#touched.set(partition, touched);
    }
    for (const stock of stocks) touched.add(stock);
  }
}
