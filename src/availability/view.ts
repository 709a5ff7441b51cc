/**
 * What readers see: durable figures only, answered at once and never behind writers (P12, decision 3).
 * Copies of the counters of resident stocks are replaced when a block becomes durable; a cold stock is read from its page,
 * which is durable by definition.
 */

import { dealerNotFound, warehouseNotFound } from "../actor/handlers/dealer-warehouse.js";
import { decodePageToken, encodePageToken, invalidPageToken } from "../actor/page-token.js";
import { journalUnavailable } from "../actor/refusals.js";
import type { AvailabilityPage, AvailabilityPort, DealerDirectory } from "../actor/service.js";
import type { Publisher } from "../actor/turn.js";
import type { Freshness, StockFigures } from "../domain/availability.js";
import type { Dealer } from "../domain/command.js";
import type { DealerPrecision } from "../domain/dealer-precision.js";
import { withBuffer } from "../domain/degraded.js";
import type { SystemEvent } from "../domain/event.js";
import { PolicyBook } from "../domain/policy-book.js";
import type { Refusal } from "../domain/refusal.js";
import type { InheritedStockPolicy, Stock } from "../domain/stock.js";
import { items } from "../domain/system-state.js";
import type { LogStore } from "../snapshots/log-store.js";
import { PublishedStock } from "./published-stock.js";
import { PublishedWarehouse } from "./published-warehouse.js";

/** Hears what is shown from now on, each time after it is. */
export interface ViewObserver {
  stocks(warehouse: PublishedWarehouse, numbers: readonly number[]): void;
  /** Maybe every figure of the warehouse has changed. */
  inherited(warehouse: PublishedWarehouse): void;
  system(events: readonly SystemEvent[]): void;
}

const NOBODY: ViewObserver = { stocks() {}, inherited() {}, system() {} };

export class AvailabilityView implements AvailabilityPort, DealerDirectory, Publisher {
  #store: LogStore | undefined;
  readonly #warehouses = new Map<string, PublishedWarehouse>();
  readonly #byPartition = new Map<number, PublishedWarehouse>();
  readonly #dealers = new Map<string, Dealer>();
  /** In the order of their registration, for pages. */
  readonly #dealerIds: string[] = [];
  /** As they are durable; the items are copies. */
  readonly #policies = new PolicyBook();
  readonly #freshness: (partition: number) => Freshness;
  readonly #onDamage: (cause: unknown) => void;
  observer: ViewObserver = NOBODY;

  /** `onDamage` is called when a cold stock cannot be proven; the reader is refused. */
  constructor(freshness: (partition: number) => Freshness, onDamage: (cause: unknown) => void) {
    this.#freshness = freshness;
    this.#onDamage = onDamage;
  }

  /** Shows everything that the store holds; called once, when all of it is durable. Nothing in it changed after `timeMs`. */
  open(store: LogStore, timeMs: number): void {
    this.#store = store;
    const { tables, policies } = store.system.state;
    for (let number = 1; number <= tables.warehouses.count; number++) {
      const partition = store.partition(number);
      const inherited = withBuffer(policies.inherited(partition.warehouseId), partition);
      const warehouse = this.#addWarehouse(number, inherited, timeMs);
      warehouse.stockCount = partition.stocks.count;
      for (const stock of partition.stocks.residents()) warehouse.loaded(new PublishedStock(stock));
    }
    for (const policy of items(tables.policies)) this.#policies.put({ ...policy });
    for (let number = 1; number <= tables.dealers.count; number++) {
      const { dealerId, name, warehouseId } = tables.dealers.get(number)!;
      this.#putDealer({ dealerId, name, warehouseId });
    }
  }

  /** A stock came into memory: what its page says is durable. Nothing is shown before `open`, as replay may change it. */
  loaded(partition: number, stock: Stock): void {
    this.#byPartition.get(partition)?.loaded(new PublishedStock(stock));
  }

  evicted(partition: number, stock: number): void {
    this.#byPartition.get(partition)?.evicted(stock);
  }

  stocks(partition: number, stocks: Iterable<Stock>): () => void {
    const copies: PublishedStock[] = [];
    for (const stock of stocks) copies.push(new PublishedStock(stock));
    return () => {
      const warehouse = this.#byPartition.get(partition)!;
      for (const copy of copies) warehouse.show(copy);
      this.observer.stocks(
        warehouse,
        copies.map(({ number }) => number),
      );
    };
  }

  system(events: readonly SystemEvent[], timeMs: number): () => void {
    const { policies } = this.#store!.system.state;
    const inherited = events.some((event) => event.kind === "PolicyPut")
      ? [...this.#store!.partitions.keys()].map((partition) => this.inherited(partition))
      : [];
    const put = events.flatMap((event) => (event.kind === "PolicyPut" ? [{ ...policies.find(event.scope)! }] : []));
    const opened = events.flatMap((event) =>
      event.kind === "WarehouseOpened" ? [{ ...event, policy: policies.inherited(event.warehouseId) }] : [],
    );
    return () => {
      for (const { partition, policy } of opened) this.#addWarehouse(partition, policy, timeMs);
      for (const policy of put) this.#policies.put(policy);
      for (const publish of inherited) publish();
      for (const event of events) if (event.kind === "DealerPut") this.#putDealer(event);
      this.observer.system(events);
    };
  }

  inherited(partition: number): () => void {
    const store = this.#store!.partition(partition);
    const inherited = withBuffer(this.#store!.system.state.policies.inherited(store.warehouseId), store);
    return () => {
      // A warehouse that came into being in the same block is shown by now, and was not before.
      const warehouse = this.#byPartition.get(partition)!;
      warehouse.inherited = inherited;
      this.observer.inherited(warehouse);
    };
  }

  read(query: Parameters<AvailabilityPort["read"]>[0]): AvailabilityPage | Refusal {
    try {
      return this.#read(query);
    } catch (cause) {
      this.#onDamage(cause);
      return journalUnavailable();
    }
  }

  #read(query: Parameters<AvailabilityPort["read"]>[0]): AvailabilityPage | Refusal {
    let { warehouseId } = query;
    if (query.dealerId !== "") {
      const dealer = this.#dealers.get(query.dealerId);
      if (dealer === undefined) return dealerNotFound(query.dealerId);
      warehouseId = dealer.warehouseId;
    }
    const warehouse = this.#warehouses.get(warehouseId);
    if (warehouse === undefined) return warehouseNotFound(warehouseId);
    const freshness = this.#freshness(warehouse.partition);
    const precision = query.dealerId === "" ? undefined : this.precision(warehouseId, query.dealerId);
    if (query.skus.length > 0) {
      const figures = query.skus.map((sku) => warehouse.figuresOf(sku));
      return { warehouseId, precision, figures, freshness, nextPageToken: "" };
    }
    const start = query.pageToken === "" ? [1] : decodePageToken("availability", query.pageToken, 1);
    if (start === undefined) return invalidPageToken();
    return { warehouseId, precision, freshness, ...this.#page(warehouse, start[0]!, query.pageSize) };
  }

  get(dealerId: string): Dealer | Refusal {
    return this.#dealers.get(dealerId) ?? dealerNotFound(dealerId);
  }

  list(query: Parameters<DealerDirectory["list"]>[0]): ReturnType<DealerDirectory["list"]> {
    const start = query.pageToken === "" ? [0] : decodePageToken("dealers", query.pageToken, 1);
    if (start === undefined) return invalidPageToken();
    const end = start[0]! + query.pageSize;
    const dealers = this.#dealerIds.slice(start[0], end).map((dealerId) => this.#dealers.get(dealerId)!);
    return { dealers, nextPageToken: end < this.#dealerIds.length ? encodePageToken("dealers", [end]) : "" };
  }

  /** How exactly a dealer is told the figures of a warehouse. */
  precision(warehouseId: string, dealerId: string): DealerPrecision {
    return this.#policies.dealerPrecision(warehouseId, dealerId);
  }

  /** A registered dealer as readers see him. */
  dealer(dealerId: string): Dealer | undefined {
    return this.#dealers.get(dealerId);
  }

  warehouse(warehouseId: string): PublishedWarehouse | undefined {
    return this.#warehouses.get(warehouseId);
  }

  /** Stocks in the order of their creation. */
  #page(warehouse: PublishedWarehouse, first: number, pageSize: number) {
    const figures: StockFigures[] = [];
    let number = Math.max(1, first);
    for (; number <= warehouse.stockCount && figures.length < pageSize; number++) {
      const shown = warehouse.figures(number);
      if (shown !== undefined) figures.push(shown);
    }
    const nextPageToken = number <= warehouse.stockCount ? encodePageToken("availability", [number]) : "";
    return { figures, nextPageToken };
  }

  #addWarehouse(partition: number, inherited: InheritedStockPolicy, timeMs: number): PublishedWarehouse {
    const warehouse = new PublishedWarehouse(this.#store!.partition(partition), inherited, timeMs);
    this.#warehouses.set(warehouse.warehouseId, warehouse);
    this.#byPartition.set(partition, warehouse);
    return warehouse;
  }

  #putDealer({ dealerId, name, warehouseId }: Dealer): void {
    if (!this.#dealers.has(dealerId)) this.#dealerIds.push(dealerId);
    this.#dealers.set(dealerId, { dealerId, name, warehouseId });
  }
}
