/**
 * What all warehouses share: epochs, warehouses, registered dealers, policies, ERP sources. It changes in evolve only.
 * The tables are what is stored; the maps beside them are derived, for finding things by name.
 */
import { assert } from "./assertion.js";
import type { DriftRun } from "./drift.js";
import type { IncomingErpEvent } from "./erp-event.js";
import type { ErpEventApplied, ErpEventRejected, SystemEvent } from "./event.js";
import type { Table } from "./partition-state.js";
import type { PolicyFields, PolicyItem, PolicyScope } from "./policy.js";
import { PolicyBook, sameStockFields } from "./policy-book.js";
import type { RecordStamp } from "./record-stamp.js";
import { Source } from "./source.js";

export interface EpochItem {
  readonly number: number;
  readonly nonce: string;
}

/** A warehouse; its number is its partition. */
export interface WarehouseItem {
  readonly number: number;
  readonly warehouseId: string;
}

/** A warehouse that served a dealer until some time; a retry may still belong there. */
export interface PastWarehouse {
  readonly warehouseId: string;
  readonly untilMs: number;
}

export interface RegisteredDealer {
  readonly number: number;
  readonly dealerId: string;
  name: string;
  warehouseId: string;
  past: readonly PastWarehouse[];
}

export interface SourceItem {
  readonly number: number;
  readonly source: Source;
}

/** An ERP event that could not be taken. Its sequence moved on without it. */
export interface DeadLetter {
  /** 1, 2, 3 ... in the order in which they came. */
  readonly number: number;
  readonly event: IncomingErpEvent;
  /** UPPER_SNAKE, then `: field` where one is meant. */
  readonly reason: string;
  readonly createdAtMs: number;
  state: "OPEN" | "REPLAYED" | "DROPPED";
}

export interface SystemTables {
  readonly epochs: Table<EpochItem>;
  readonly warehouses: Table<WarehouseItem>;
  readonly dealers: Table<RegisteredDealer>;
  readonly policies: Table<PolicyItem>;
  readonly sources: Table<SourceItem>;
  readonly deadLetters: Table<DeadLetter>;
  readonly driftRuns: Table<DriftRun>;
}

export class SystemState {
  readonly tables: SystemTables;
  readonly policies = new PolicyBook();
  /** Dead letters that wait for a person. */
  openDeadLetters: number;
  /** Rises whenever a source comes to be known, or begins or ceases to feed a warehouse. */
  feedChanges = 0;
  readonly #partitions = new Map<string, number>();
  readonly #dealers = new Map<string, RegisteredDealer>();
  readonly #sources = new Map<string, Source>();
  readonly #nonces: string[] = [];

  constructor(tables: SystemTables, openDeadLetters: number) {
    this.tables = tables;
    this.openDeadLetters = openDeadLetters;
    for (const epoch of items(tables.epochs)) this.#nonces[epoch.number] = epoch.nonce;
    for (const warehouse of items(tables.warehouses)) this.#partitions.set(warehouse.warehouseId, warehouse.number);
    for (const dealer of items(tables.dealers)) this.#dealers.set(dealer.dealerId, dealer);
    for (const policy of items(tables.policies)) this.policies.put(policy);
    for (const { source } of items(tables.sources)) this.#sources.set(source.name, source);
  }

  /** The current epoch; 0 before the first begins. */
  get epoch(): number {
    return this.tables.epochs.count;
  }

  nonce(epoch: number): string | undefined {
    return this.#nonces[epoch];
  }

  /** The partition of a warehouse; undefined where there is no such warehouse. */
  partition(warehouseId: string): number | undefined {
    return this.#partitions.get(warehouseId);
  }

  dealer(dealerId: string): RegisteredDealer | undefined {
    return this.#dealers.get(dealerId);
  }

  source(name: string): Source | undefined {
    return this.#sources.get(name);
  }

  get sources(): Iterable<Source> {
    return this.#sources.values();
  }

  evolve(event: SystemEvent, stamp: RecordStamp): void {
    switch (event.kind) {
      case "EpochBegun":
        assert(event.epoch === this.tables.epochs.count + 1, "epochs rise by one");
        this.tables.epochs.add({ number: event.epoch, nonce: event.nonce });
        this.#nonces[event.epoch] = event.nonce;
        return;
      case "WarehouseOpened":
        this.tables.warehouses.add({ number: event.partition, warehouseId: event.warehouseId });
        this.#partitions.set(event.warehouseId, event.partition);
        // A source may have been said to feed it before it was there.
        this.feedChanges += 1;
        return;
      case "DealerPut":
        this.#putDealer(event, stamp);
        return;
      case "PolicyPut":
        this.#putPolicy(event.scope, event.fields);
        return;
      case "ErpEventBuffered": {
        const source = this.#touchSource(event.event.source);
        source.buffer(event.event, stamp.timeMs);
        source.lastEventAtMs = stamp.timeMs;
        return;
      }
      case "ErpEventRejected":
        this.follow(event, stamp);
        return;
      case "SourcePut": {
        const source = this.#touchSource(event.source);
        source.warehouseIds = event.warehouseIds;
        source.thresholds = event.thresholds;
        this.feedChanges += 1;
        return;
      }
      case "SourceLost":
        this.#touchSource(event.source).staleSinceMs = stamp.timeMs;
        return;
      case "SourceBack":
        this.#touchSource(event.source).staleSinceMs = 0;
        return;
      case "GapSkipped": {
        const source = this.#touchSource(event.source);
        assert(event.first === source.applied + 1, `I12: ${source.name} goes on at ${source.applied + 1}`);
        source.skip(event);
        return;
      }
      case "DeadLetterResolved": {
        const letter = this.tables.deadLetters.touch(event.number);
        assert(letter.state === "OPEN", `dead letter ${letter.number} is open`);
        letter.state = event.how;
        this.openDeadLetters -= 1;
        return;
      }
      case "DriftRunEnded": {
        const { kind: _, number, ...run } = event;
        if (number === 0) {
          const next = this.tables.driftRuns.count + 1;
          this.tables.driftRuns.add({ ...run, number: next, endedAtMs: stamp.timeMs });
        } else Object.assign(this.tables.driftRuns.touch(number), { counts: run.counts, endedAtMs: stamp.timeMs });
        return;
      }
    }
  }

  /** The part of an ERP event's record that is the source's: it moves on (I12), and what was not taken is kept for a person. */
  follow(event: ErpEventApplied | ErpEventRejected, stamp: RecordStamp): void {
    const source = this.#touchSource(event.event.source);
    const { sequence, eventId } = event.event;
    // An operator may have taken it from the dead letters: that is no sign of life of the source.
    if (event.isLate) source.arrivedLate(sequence, eventId);
    else {
      assert(sequence === source.applied + 1, `I12: ${source.name} goes on at ${source.applied + 1}`);
      // What waited was heard when it came: that the gap before it was passed over is no sign of life.
      if (!source.buffered.has(sequence)) source.lastEventAtMs = stamp.timeMs;
      source.advance(sequence, eventId);
    }
    if (event.kind === "ErpEventRejected") {
      const number = this.tables.deadLetters.count + 1;
      const { reason } = event;
      this.tables.deadLetters.add({ number, event: event.event, reason, createdAtMs: stamp.timeMs, state: "OPEN" });
      this.openDeadLetters += 1;
    }
  }

  /**
   * A stock of a warehouse came to a source, from another one or from none. A source without a stock feeds nothing: its silence
   * must not make the warehouse's figures look old.
   */
  stockMoved(partition: number, { from, to }: { readonly from: string; readonly to: string }): void {
    if (from !== "" && this.#touchSource(from).loseStock(partition)) this.feedChanges += 1;
    if (this.#touchSource(to).gainStock(partition)) this.feedChanges += 1;
  }

  /** Partitions of the warehouses that a source feeds, by its events or by an operator's word. */
  feeds(source: Source): ReadonlySet<number> {
    if (source.warehouseIds.length === 0) return new Set(source.stocks.keys());
    const declared = source.warehouseIds.flatMap((warehouseId) => this.#partitions.get(warehouseId) ?? []);
    return new Set([...source.stocks.keys(), ...declared]);
  }

  #putDealer(event: Extract<SystemEvent, { kind: "DealerPut" }>, stamp: RecordStamp): void {
    const known = this.#dealers.get(event.dealerId);
    if (known === undefined) {
      const number = this.tables.dealers.count + 1;
      const { dealerId, name, warehouseId } = event;
      const dealer: RegisteredDealer = { number, dealerId, name, warehouseId, past: [] };
      this.tables.dealers.add(dealer);
      this.#dealers.set(dealerId, dealer);
      return;
    }
    const dealer = this.tables.dealers.touch(known.number);
    dealer.name = event.name;
    if (dealer.warehouseId === event.warehouseId) return;
    const past = dealer.past.filter((other) => other.warehouseId !== event.warehouseId);
    dealer.past = [...past, { warehouseId: dealer.warehouseId, untilMs: stamp.timeMs }];
    dealer.warehouseId = event.warehouseId;
  }

  #putPolicy(scope: PolicyScope, fields: PolicyFields): void {
    const known = this.policies.find(scope);
    if (known === undefined) {
      const number = this.tables.policies.count + 1;
      const policy: PolicyItem = {
        number,
        scope,
        fields,
        stockChanges: sameStockFields({}, fields) ? 0 : 1,
        longestHoldMs: fields.holdMaxMs ?? 0,
      };
      this.tables.policies.add(policy);
      this.policies.put(policy);
      return;
    }
    const policy = this.tables.policies.touch(known.number);
    if (!sameStockFields(policy.fields, fields)) policy.stockChanges += 1;
    policy.fields = fields;
    policy.longestHoldMs = Math.max(policy.longestHoldMs, fields.holdMaxMs ?? 0);
    this.policies.put(policy);
  }

  #touchSource(name: string): Source {
    const known = this.#sources.get(name);
    if (known !== undefined) return this.tables.sources.touch(known.number).source;
    const source = new Source(this.tables.sources.count + 1, name);
    this.tables.sources.add({ number: source.number, source });
    this.#sources.set(name, source);
    this.feedChanges += 1;
    return source;
  }
}

/** Every item of a table in the order of its numbers. */
export function* items<T>(table: Table<T>): Generator<T> {
  for (let number = 1; number <= table.count; number++) yield table.get(number)!;
}
