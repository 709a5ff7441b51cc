/**
 * The simulated ERP's own books: what is physically in each warehouse, and the numbered events that say how it came to be so.
 * It knows no network and no clock; whoever calls it says what time it is. The same seed and the same calls give the same books.
 *
 * 1. Each booking changes one stock and appends one event, numbered 1, 2, 3 ... with a stable event_id, in one step. Only
 *    `drift` changes a figure and writes no event: that is the mistake that somebody else has to find.
 * 2. No figure goes below 0: an ERP ships only what is there.
 * 3. Events stay until `forgetThrough`: they are the outbox from which a connection goes on after a break.
 */
import { SeededRandom } from "../../test/journal/seeded-random.js";

/** An event's body, in the shape in which the client takes it. Quantities are whole base units. */
export type TruthBody =
  | { readonly case: "stockReceived"; readonly value: StockValue & { quantity: number; reference: string } }
  | { readonly case: "stockAdjusted"; readonly value: StockValue & { delta: number; reason: string } }
  | { readonly case: "stockCounted"; readonly value: StockValue & { onHand: number } }
  | { readonly case: "stockBlocked"; readonly value: StockValue & { delta: number } }
  | { readonly case: "orderDispatched"; readonly value: DispatchValue };

interface StockValue {
  warehouseId: string;
  sku: string;
}

interface DispatchValue extends StockValue {
  quantity: number;
  reservationId: string;
  dealerId: string;
}

export interface TruthEvent {
  readonly sequence: number;
  readonly eventId: string;
  readonly occurredAtMs: number;
  readonly body: TruthBody;
}

/** What the ERP has of one stock. */
export interface TruthStock {
  readonly warehouseId: string;
  readonly sku: string;
  readonly onHand: number;
  readonly unavailable: number;
}

export interface TruthPosition extends TruthStock {
  readonly asOfSequence: number;
}

export interface TruthSize {
  readonly source: string;
  readonly seed: number;
  readonly warehouseIds: readonly string[];
  readonly skus: readonly string[];
  /** Units of each stock at the start are between half and one and a half times this. */
  readonly initialUnits: number;
}

type Books = { -readonly [Name in keyof TruthStock]: TruthStock[Name] };

export class ErpTruth {
  readonly #size: TruthSize;
  readonly #random: SeededRandom;
  readonly #stocks = new Map<string, Books>();
  readonly #inOrder: Books[] = [];
  /** The event numbered `#forgotten + 1`, and those after it. */
  readonly #events: TruthEvent[] = [];
  #forgotten = 0;
  #moved = new Set<Books>();

  constructor(size: TruthSize) {
    this.#size = size;
    this.#random = new SeededRandom(size.seed);
    for (const warehouseId of size.warehouseIds) {
      for (const sku of size.skus) {
        const stock: Books = { warehouseId, sku, onHand: 0, unavailable: 0 };
        this.#stocks.set(keyOf(warehouseId, sku), stock);
        this.#inOrder.push(stock);
      }
    }
  }

  /** Of the newest event; 0 before the first. */
  get lastSequence(): number {
    return this.#forgotten + this.#events.length;
  }

  stock(warehouseId: string, sku: string): TruthStock | undefined {
    return this.#stocks.get(keyOf(warehouseId, sku));
  }

  /** Every stock, by warehouse and SKU in the order in which they were named. */
  stocks(): readonly TruthStock[] {
    return this.#inOrder;
  }

  /** Goods for every stock, as on the day on which the warehouse opens. */
  open(nowMs: number): void {
    const { initialUnits } = this.#size;
    for (const stock of this.#inOrder) {
      this.#receive(stock, Math.floor(initialUnits / 2) + this.#random.below(initialUnits + 1), nowMs);
    }
  }

  /** One thing that happens of its own accord: mostly a delivery to the emptiest of a few stocks, else a correction or a block. */
  happen(nowMs: number): void {
    const roll = this.#random.below(10);
    if (roll < 6) {
      const candidates = Array.from({ length: 5 }, () => this.#anyStock());
      const emptiest = candidates.reduce((one, other) => (other.onHand < one.onHand ? other : one));
      this.#receive(emptiest, 1 + this.#random.below(this.#size.initialUnits), nowMs);
    } else if (roll < 8) this.#adjust(this.#anyStock(), this.#random.below(7) - 3, nowMs);
    else this.#block(this.#anyStock(), this.#random.below(5) - 2, nowMs);
  }

  /** Somebody counts this many stocks; one in four turns out to be off by a few units. */
  count(stocks: number, nowMs: number): void {
    for (let left = Math.min(stocks, this.#inOrder.length); left > 0; left--) {
      const stock = this.#anyStock();
      const error = this.#random.below(4) === 0 ? this.#random.below(7) - 3 : 0;
      stock.onHand = Math.max(stock.unavailable, stock.onHand + error);
      this.#append(stock, { case: "stockCounted", value: { ...nameOf(stock), onHand: stock.onHand } }, nowMs);
    }
  }

  /** Ships at most this many units of a reservation, and no more than is there; how many. */
  dispatch(line: DispatchValue, nowMs: number): number {
    const stock = this.#stocks.get(keyOf(line.warehouseId, line.sku));
    if (stock === undefined) return 0;
    const quantity = Math.min(line.quantity, stock.onHand - stock.unavailable);
    if (quantity <= 0) return 0;
    stock.onHand -= quantity;
    this.#append(stock, { case: "orderDispatched", value: { ...line, quantity } }, nowMs);
    return quantity;
  }

  /** Changes the figures of this many stocks by one to nine units and tells nobody; how many were changed. */
  drift(stocks: number): number {
    const chosen = new Set<Books>();
    const wanted = Math.min(stocks, this.#inOrder.length);
    while (chosen.size < wanted) chosen.add(this.#anyStock());
    for (const stock of chosen) {
      const units = 1 + this.#random.below(9);
      const canFall = stock.onHand - stock.unavailable >= units;
      stock.onHand += canFall && this.#random.below(2) === 0 ? -units : units;
      this.#moved.add(stock);
    }
    return chosen.size;
  }

  /** What is there now, stock by stock; each position is true at the sequence that it names, however slowly they are read. */
  *positions(which: { readonly full: boolean; readonly warehouseId: string }): Generator<TruthPosition> {
    const chosen = which.full ? this.#inOrder : [...this.#moved];
    for (const stock of chosen) {
      if (which.warehouseId !== "" && stock.warehouseId !== which.warehouseId) continue;
      this.#moved.delete(stock);
      yield { ...stock, asOfSequence: this.lastSequence };
    }
  }

  /** Events after this sequence that are not forgotten, in order. */
  eventsAfter(sequence: number): readonly TruthEvent[] {
    return this.#events.slice(Math.max(0, sequence - this.#forgotten));
  }

  /** Lets go of events that will never be sent again. */
  forgetThrough(sequence: number): void {
    const count = Math.min(sequence - this.#forgotten, this.#events.length);
    if (count <= 0) return;
    this.#events.splice(0, count);
    this.#forgotten += count;
  }

  #receive(stock: Books, quantity: number, nowMs: number): void {
    stock.onHand += quantity;
    const reference = `delivery-${this.lastSequence + 1}`;
    this.#append(stock, { case: "stockReceived", value: { ...nameOf(stock), quantity, reference } }, nowMs);
  }

  #adjust(stock: Books, wanted: number, nowMs: number): void {
    const delta = Math.max(wanted, stock.unavailable - stock.onHand);
    if (delta === 0) return;
    stock.onHand += delta;
    const reason = delta < 0 ? "breakage" : "found";
    this.#append(stock, { case: "stockAdjusted", value: { ...nameOf(stock), delta, reason } }, nowMs);
  }

  #block(stock: Books, wanted: number, nowMs: number): void {
    const delta = Math.max(-stock.unavailable, Math.min(wanted, stock.onHand - stock.unavailable));
    if (delta === 0) return;
    stock.unavailable += delta;
    this.#append(stock, { case: "stockBlocked", value: { ...nameOf(stock), delta } }, nowMs);
  }

  #append(stock: Books, body: TruthBody, nowMs: number): void {
    const sequence = this.lastSequence + 1;
    this.#events.push({ sequence, eventId: `${this.#size.source}-${sequence}`, occurredAtMs: nowMs, body });
    this.#moved.add(stock);
  }

  #anyStock(): Books {
    return this.#inOrder[this.#random.below(this.#inOrder.length)]!;
  }
}

function keyOf(warehouseId: string, sku: string): string {
  return `${warehouseId}\0${sku}`;
}

function nameOf({ warehouseId, sku }: TruthStock): StockValue {
  return { warehouseId, sku };
}
