/**
 * What the connector wants of an ERP that cannot push: a few methods, each of them a question. An adapter numbers nothing,
 * remembers nothing that has to last, and repeats nothing by itself: that is the connector's work.
 *
 * 1. The same event has the same id whenever it is read, and is read after a cursor only if it was not read up to there.
 * 2. A cursor holds all that the adapter needs to go on from there. It is kept with the events before they are sent.
 * 3. What a page of positions contains is contained in the changes up to then, or in the changes read after it: one page is one
 *    look at the ERP.
 * 4. `deliverOrder` may be called again with an order that it had before, and then changes nothing.
 */
import type { ErpEvent, OrderEvent } from "../client/index.js";

export interface ErpAdapter {
  /** What happened after the cursor, oldest first; from the beginning without one. */
  changes(cursor: string | undefined, limits: ReadLimits): Promise<Changes>;
  /** The cursor behind everything that has happened. What is before it is never told: positions have to show what it came to. */
  presentCursor(signal: AbortSignal): Promise<string | undefined>;
  /** What the ERP has now, page by page; undefined when it cannot be asked, and tells positions when it likes (`Changes`). */
  positions(query: PositionsQuery, signal: AbortSignal): AsyncIterable<readonly ErpPosition[]> | undefined;
  /** One cheap question that shows whether the ERP answers. Throws when it does not. */
  health(signal: AbortSignal): Promise<void>;
  /** Hands what became of an order to the ERP. An ErpRefusal means that this order will not do, whenever it is tried. */
  deliverOrder?(event: OrderEvent, signal: AbortSignal): Promise<void>;
  /** Everything up to this cursor is durable in Holdfast: files can be put away. Told at least once, also after a restart. */
  settled?(cursor: string): Promise<void>;
}

export interface ReadLimits {
  /** Events wanted, at most; an adapter may give fewer. */
  readonly eventsMax: number;
  readonly signal: AbortSignal;
}

export interface Changes {
  readonly events: readonly ErpChange[];
  /** Where to go on. The same as before when nothing happened. */
  readonly cursor: string | undefined;
  /** There is more already: ask again at once. */
  readonly hasMore: boolean;
  /** Positions that the ERP tells by itself, true after these events and before the next ones. */
  readonly positions?: ToldPositions | undefined;
}

/** One event as the ERP has it, without a number. */
export interface ErpChange {
  /** Unique within the source, and the same whenever the event is read. */
  readonly eventId: string;
  readonly occurTime: NonNullable<ErpEvent["occurTime"]>;
  readonly body: Exclude<ErpEvent["body"], { case: undefined } | { case: "sourceHeartbeat" }>;
}

export interface ToldPositions {
  readonly runId: string;
  /** Every stock of the source is told. */
  readonly full: boolean;
  readonly pages: AsyncIterable<readonly ErpPosition[]>;
}

export interface PositionsQuery {
  readonly runId: string;
  /** Undefined: all warehouses. */
  readonly warehouseId: string | undefined;
  /** Undefined: every stock. */
  readonly stocks: readonly StockName[] | undefined;
}

export interface StockName {
  readonly warehouseId: string;
  readonly sku: string;
}

export interface ErpPosition extends StockName {
  readonly onHand: bigint;
  readonly unavailable: bigint;
}

/** The ERP understood and said no; another try of the same says no again until somebody changes something there. */
export class ErpRefusal extends Error {
  readonly code = "ERP_REFUSED";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ErpRefusal";
  }
}
