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
import { withBuffer } from "../domain/degraded.js";
import type { SystemEvent } from "../domain/event.js";
import type { Refusal } from "../domain/refusal.js";
import {
  type InheritedStockPolicy,
  type Stock,
  type StockCounters,
  stockFigures,
  unseenFigures,
} from "../domain/stock.js";
import type { LogStore } from "../snapshots/log-store.js";

/** One warehouse as readers see it. */
interface PublishedWarehouse {
  readonly partition: number;
  readonly warehouseId: string;
  inherited: InheritedStockPolicy;
  /** Stocks that are durable: those with a higher number are not shown yet. */
  stockCount: number;
  readonly stocks: Map<number, StockCounters>;
}

export class AvailabilityView implements AvailabilityPort, DealerDirectory, Publisher {
  #store: LogStore | undefined;
  readonly #warehouses = new Map<string, PublishedWarehouse>();
  readonly #byPartition = new Map<number, PublishedWarehouse>();
  readonly #dealers = new Map<string, Dealer>();
  /** In the order of their registration, for pages. */
  readonly #dealerIds: string[] = [];
  readonly #freshness: (partition: number) => Freshness;
  readonly #onDamage: (cause: unknown) => void;

  /** `onDamage` is called when a cold stock cannot be proven; the reader is refused. */
  constructor(freshness: (partition: number) => Freshness, onDamage: (cause: unknown) => void) {
    this.#freshness = freshness;
    this.#onDamage = onDamage;
  }

  /** Shows everything that the store holds; called once, when all of it is durable. */
  open(store: LogStore): void {
    this.#store = store;
    const { tables, policies } = store.system.state;
    for (let number = 1; number <= tables.warehouses.count; number++) {
      const { warehouseId } = tables.warehouses.get(number)!;
      this.#addWarehouse(number, warehouseId, withBuffer(policies.inherited(warehouseId), store.partition(number)));
      const warehouse = this.#byPartition.get(number)!;
      const { stocks } = store.partition(number);
      warehouse.stockCount = stocks.count;
      for (const stock of stocks.residents()) warehouse.stocks.set(stock.number, countersOf(stock));
    }
    for (let number = 1; number <= tables.dealers.count; number++) {
      const { dealerId, name, warehouseId } = tables.dealers.get(number)!;
      this.#putDealer({ dealerId, name, warehouseId });
    }
  }

  /** A stock came into memory: what its page says is durable. Nothing is shown before `open`, as replay may change it. */
  loaded(partition: number, stock: Stock): void {
    this.#byPartition.get(partition)?.stocks.set(stock.number, countersOf(stock));
  }

  evicted(partition: number, stock: number): void {
    this.#byPartition.get(partition)?.stocks.delete(stock);
  }

  stocks(partition: number, stocks: Iterable<Stock>): () => void {
    const copies: (StockCounters & { readonly number: number })[] = [];
    for (const stock of stocks) copies.push({ number: stock.number, ...countersOf(stock) });
    return () => {
      const warehouse = this.#byPartition.get(partition)!;
      for (const copy of copies) {
        warehouse.stocks.set(copy.number, copy);
        if (copy.number > warehouse.stockCount) warehouse.stockCount = copy.number;
      }
    };
  }

  system(events: readonly SystemEvent[]): () => void {
    const { policies } = this.#store!.system.state;
    const inherited = events.some((event) => event.kind === "PolicyPut")
      ? [...this.#store!.partitions.keys()].map((partition) => this.inherited(partition))
      : [];
    const opened = events.flatMap((event) =>
      event.kind === "WarehouseOpened" ? [{ ...event, policy: policies.inherited(event.warehouseId) }] : [],
    );
    return () => {
      for (const { partition, warehouseId, policy } of opened) this.#addWarehouse(partition, warehouseId, policy);
      for (const publish of inherited) publish();
      for (const event of events) if (event.kind === "DealerPut") this.#putDealer(event);
    };
  }

  inherited(partition: number): () => void {
    const store = this.#store!.partition(partition);
    const inherited = withBuffer(this.#store!.system.state.policies.inherited(store.warehouseId), store);
    return () => {
      // A warehouse that came into being in the same block is shown by now, and was not before.
      this.#byPartition.get(partition)!.inherited = inherited;
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
    if (query.skus.length > 0) {
      const figures = query.skus.map((sku) => this.#figuresOf(warehouse, sku));
      return { warehouseId, figures, freshness, nextPageToken: "" };
    }
    const start = query.pageToken === "" ? [1] : decodePageToken("availability", query.pageToken, 1);
    if (start === undefined) return invalidPageToken();
    return { warehouseId, freshness, ...this.#page(warehouse, start[0]!, query.pageSize) };
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

  #figuresOf(warehouse: PublishedWarehouse, sku: string): StockFigures {
    const stock = this.#store!.partition(warehouse.partition).stocks.find(sku);
    const counters = stock === undefined ? undefined : warehouse.stocks.get(stock.number);
    return counters === undefined ? unseenFigures(sku) : stockFigures(counters, warehouse.inherited);
  }

  /** Stocks in the order of their creation; a cold one is read without bringing it into memory. */
  #page(warehouse: PublishedWarehouse, first: number, pageSize: number) {
    const { stocks } = this.#store!.partition(warehouse.partition);
    const figures: StockFigures[] = [];
    let number = Math.max(1, first);
    for (; number <= warehouse.stockCount && figures.length < pageSize; number++) {
      const counters = warehouse.stocks.get(number) ?? stocks.peek(number)!;
      if (counters.version > 0) figures.push(stockFigures(counters, warehouse.inherited));
    }
    const nextPageToken = number <= warehouse.stockCount ? encodePageToken("availability", [number]) : "";
    return { figures, nextPageToken };
  }

  #addWarehouse(partition: number, warehouseId: string, inherited: InheritedStockPolicy): void {
    const warehouse = { partition, warehouseId, inherited, stockCount: 0, stocks: new Map() };
    this.#warehouses.set(warehouseId, warehouse);
    this.#byPartition.set(partition, warehouse);
  }

  #putDealer({ dealerId, name, warehouseId }: Dealer): void {
    if (!this.#dealers.has(dealerId)) this.#dealerIds.push(dealerId);
    this.#dealers.set(dealerId, { dealerId, name, warehouseId });
  }
}

function countersOf(stock: Stock): StockCounters {
  return {
    sku: stock.sku,
    onHand: stock.onHand,
    unavailable: stock.unavailable,
    reserved: stock.reserved,
    committed: stock.committed,
    allocatedElsewhere: stock.allocatedElsewhere,
    safetyStock: stock.safetyStock,
    lowAt: stock.lowAt,
    version: stock.version,
    updatedAtMs: stock.updatedAtMs,
    isQuarantined: stock.isQuarantined,
  };
}
