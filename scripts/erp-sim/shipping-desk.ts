/**
 * The simulated ERP's shipping: what was committed and is still to go out, and when. It books nothing; the truth does.
 *
 * 1. A reservation is taken up once, however often its commit is told.
 * 2. What is released meanwhile is not shipped; what was shipped is not called back.
 */
import type { SeededRandom } from "../../test/journal/seeded-random.js";

/** The part of an order event that shipping looks at. */
export interface OrderNews {
  readonly kind: "committed" | "ended";
  readonly reservationId: string;
  readonly dealerId: string;
  readonly warehouseId: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

export interface Shipment {
  readonly reservationId: string;
  readonly dealerId: string;
  readonly warehouseId: string;
  readonly dueAtMs: number;
  /** Open units by SKU. */
  readonly open: Map<string, number>;
}

/** Ships what is there of a line; how many units went out. */
export type Ship = (line: {
  warehouseId: string;
  sku: string;
  quantity: number;
  reservationId: string;
  dealerId: string;
}) => number;

export interface DispatchDelay {
  readonly dispatchMinMs: number;
  readonly dispatchMaxMs: number;
}

export class ShippingDesk {
  readonly #delay: DispatchDelay;
  readonly #random: SeededRandom;
  readonly #known = new Set<string>();
  readonly #open = new Map<string, Shipment>();
  /** Units that went out, and orders that went out whole or in part. */
  units = 0;
  readonly #dispatched = new Set<string>();

  constructor(delay: DispatchDelay, random: SeededRandom) {
    this.#delay = delay;
    this.#random = random;
  }

  get dispatchedOrders(): number {
    return this.#dispatched.size;
  }

  /** Orders with something still to ship. */
  get openOrders(): number {
    return this.#open.size;
  }

  get openUnits(): number {
    let units = 0;
    for (const { open } of this.#open.values()) for (const quantity of open.values()) units += quantity;
    return units;
  }

  hear(news: OrderNews, nowMs: number): void {
    if (news.kind === "ended") this.#end(news);
    else if (!this.#known.has(news.reservationId)) this.#takeUp(news, nowMs);
  }

  /** Ships what is due and there. What is not there waits for goods. */
  shipDue(nowMs: number, ship: Ship): void {
    for (const shipment of this.#open.values()) {
      const { reservationId, dealerId, warehouseId, dueAtMs, open } = shipment;
      if (dueAtMs > nowMs) continue;
      for (const [sku, quantity] of open) {
        const shipped = ship({ warehouseId, sku, quantity, reservationId, dealerId });
        if (shipped === 0) continue;
        this.units += shipped;
        this.#dispatched.add(reservationId);
        this.#lower(shipment, sku, shipped);
      }
    }
  }

  #takeUp(news: OrderNews, nowMs: number): void {
    const { reservationId, dealerId, warehouseId } = news;
    const { dispatchMinMs, dispatchMaxMs } = this.#delay;
    const delayMs = dispatchMinMs + this.#random.next() * (dispatchMaxMs - dispatchMinMs);
    const open = new Map(news.lines.filter(({ quantity }) => quantity > 0).map(({ sku, quantity }) => [sku, quantity]));
    this.#known.add(reservationId);
    if (open.size === 0) return;
    this.#open.set(reservationId, { reservationId, dealerId, warehouseId, dueAtMs: nowMs + delayMs, open });
  }

  #end({ reservationId, lines }: OrderNews): void {
    const shipment = this.#open.get(reservationId);
    if (shipment === undefined) return;
    for (const { sku, quantity } of lines) this.#lower(shipment, sku, quantity);
  }

  #lower(shipment: Shipment, sku: string, quantity: number): void {
    const left = (shipment.open.get(sku) ?? 0) - quantity;
    if (left > 0) shipment.open.set(sku, left);
    else shipment.open.delete(sku);
    if (shipment.open.size === 0) this.#open.delete(shipment.reservationId);
  }
}
