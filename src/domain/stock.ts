import type { AvailabilityLevel, StockFigures } from "./availability.js";
import { bufferUnits, type DegradedBuffer } from "./degraded.js";
import type { ErpEvent } from "./erp-event.js";

/** How many of its newest ERP events a stock remembers for GetStock. */
export const LAST_EVENTS_MAX = 8;

/** A counter or policy field that is not set at this stock and inherits. */
export const INHERIT = -1;

/**
 * One (warehouse, SKU) pair, in whole base units. Counters are what decisions are made from; they change in evolve only.
 * I2: reserved and committed equal the sums over the open lines of its reservations.
 */
export interface Stock {
  /** 1, 2, 3 ... in its partition, in the order of creation. */
  readonly number: number;
  readonly sku: string;
  /** The ERP has named it; until then only a policy has, and it is answered as never seen. */
  opened: boolean;
  /** The source of record; empty until an ERP event names the stock. */
  source: string;
  /** The first sequence of that source that counts, where an operator moved the stock to it; else 0. */
  sourceFrom: number;
  onHand: number;
  unavailable: number;
  reserved: number;
  committed: number;
  allocatedElsewhere: number;
  /** Policy in the stock's own scope, INHERIT where unset. */
  safetyStock: number;
  lowAt: number;
  /** Changes of this stock so far. */
  version: number;
  updatedAtMs: number;
  /** Oldest first, at most LAST_EVENTS_MAX. */
  lastEvents: readonly ErpEvent[];
  /** Number of the newest dispatch exception in the partition's table; 0 for none. */
  newestException: number;
  /** Number of the newest movement in the partition's table; 0 for none. */
  newestMovement: number;
  /** Number of its item in the partition's table of accuracy; 0 while no committed unit of it has ended. */
  accuracy: number;
  /** Its figures are doubted: it takes no reservation until a person decides. */
  isQuarantined: boolean;
  /** Number of the discrepancy that waits for a person; 0 for none. There is at most one: a newer finding takes its place. */
  waitingDiscrepancy: number;
}

export function newStock(number: number, sku: string): Stock {
  return {
    number,
    sku,
    opened: false,
    source: "",
    sourceFrom: 0,
    onHand: 0,
    unavailable: 0,
    reserved: 0,
    committed: 0,
    allocatedElsewhere: 0,
    safetyStock: INHERIT,
    lowAt: INHERIT,
    version: 0,
    updatedAtMs: 0,
    lastEvents: [],
    newestException: 0,
    newestMovement: 0,
    accuracy: 0,
    isQuarantined: false,
    waitingDiscrepancy: 0,
  };
}

/** The counters that figures are made of: a live stock, or its published copy. */
export type StockCounters = Pick<
  Stock,
  | "sku"
  | "onHand"
  | "unavailable"
  | "reserved"
  | "committed"
  | "allocatedElsewhere"
  | "safetyStock"
  | "lowAt"
  | "version"
  | "updatedAtMs"
  | "isQuarantined"
>;

/** What the warehouse's and the default scope say about stocks, and how often they changed. */
export interface InheritedStockPolicy {
  readonly safetyStock: number;
  readonly lowAt: number;
  /** Held back while the ERP is away. */
  readonly degraded: DegradedBuffer;
  /** Rises with each change of an inherited field, so that a stock's published version rises with it. */
  readonly version: number;
}

/** Units that the ERP's figures say are promised beyond what is sellable (docs/api.md, Shortfall). */
export function shortfall(stock: StockCounters): number {
  return Math.max(0, stock.reserved + stock.committed + stock.allocatedElsewhere - (stock.onHand - stock.unavailable));
}

/** P2. 0 in shortfall, because the sum is then below 0 already, and 0 in quarantine. */
export function availableToPromise(stock: StockCounters, inherited: InheritedStockPolicy): number {
  if (stock.isQuarantined) return 0;
  const safetyStock = stock.safetyStock === INHERIT ? inherited.safetyStock : stock.safetyStock;
  const free = stock.onHand - stock.unavailable - stock.committed - stock.reserved - stock.allocatedElsewhere;
  const { degraded } = inherited;
  return Math.max(0, free - safetyStock - (degraded.step === 0 ? 0 : bufferUnits(stock, degraded)));
}

/** What can cover promises: safety stock included, demand from elsewhere served first (docs/api.md, Shortfall). */
export function coveringUnits(stock: StockCounters): number {
  return Math.max(0, stock.onHand - stock.unavailable - stock.allocatedElsewhere);
}

/** The figures as callers see them. A stock that the ERP never named is all zeros with version 0. */
export function stockFigures(stock: StockCounters, inherited: InheritedStockPolicy): StockFigures {
  if (stock.version === 0) return unseenFigures(stock.sku);
  const availableUnits = availableToPromise(stock, inherited);
  const lowAt = stock.lowAt === INHERIT ? inherited.lowAt : stock.lowAt;
  return {
    sku: stock.sku,
    onHand: stock.onHand,
    unavailable: stock.unavailable,
    reserved: stock.reserved,
    committed: stock.committed,
    allocatedElsewhere: stock.allocatedElsewhere,
    safetyStock: stock.safetyStock === INHERIT ? inherited.safetyStock : stock.safetyStock,
    degradedBuffer: bufferUnits(stock, inherited.degraded),
    availableToPromise: availableUnits,
    shortfall: shortfall(stock),
    level: levelOf(availableUnits, lowAt),
    version: stock.version + inherited.version,
    updatedAtMs: stock.updatedAtMs,
  };
}

export function unseenFigures(sku: string): StockFigures {
  return {
    sku,
    onHand: 0,
    unavailable: 0,
    reserved: 0,
    committed: 0,
    allocatedElsewhere: 0,
    safetyStock: 0,
    degradedBuffer: 0,
    availableToPromise: 0,
    shortfall: 0,
    level: "OUT",
    version: 0,
    updatedAtMs: 0,
  };
}

function levelOf(availableUnits: number, lowAt: number): AvailabilityLevel {
  if (availableUnits === 0) return "OUT";
  return availableUnits <= lowAt ? "LOW" : "IN_STOCK";
}
