/**
 * The simulated ERP's shipping: what was committed and is still to go out, and when. It books nothing; the truth does.
 *
 * 1. A reservation is taken up once, however often its commit is told.
 * 2. What is released meanwhile is not shipped, though the service may not know yet what went out; what went out is not called back.
 */
import type { SeededRandom } from "../../test/journal/seeded-random.js";

/** The part of an order event that shipping looks at; they are told in order for each reservation. */
export interface OrderNews {
  readonly kind: "committed" | "dispatched" | "released";
  readonly reservationId: string;
  readonly dealerId: string;
  readonly warehouseId: string;
  /** `remaining` is what the service has open after it. */
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly remaining: number }[];
}

interface Line {
  toShip: number;
  /** Open as the service last told: what a release took off is the difference. */
  told: number;
}

interface Shipment {
  readonly reservationId: string;
  readonly dealerId: string;
  readonly warehouseId: string;
  readonly dueAtMs: number;
  /** By SKU, those with something to ship. */
  readonly open: Map<string, Line>;
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
    for (const { open } of this.#open.values()) for (const { toShip } of open.values()) units += toShip;
    return units;
  }

  hear(news: OrderNews, nowMs: number): void {
    if (news.kind !== "committed") this.#follow(news);
    else if (!this.#known.has(news.reservationId)) this.#takeUp(news, nowMs);
  }

  /** Ships what is due and there. What is not there waits for goods. */
  shipDue(nowMs: number, ship: Ship): void {
    for (const shipment of this.#open.values()) {
      const { reservationId, dealerId, warehouseId, dueAtMs, open } = shipment;
      if (dueAtMs > nowMs) continue;
      for (const [sku, { toShip }] of open) {
        const shipped = ship({ warehouseId, sku, quantity: toShip, reservationId, dealerId });
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
    const open = new Map<string, Line>();
    for (const { sku, quantity, remaining } of news.lines) {
      if (quantity > 0) open.set(sku, { toShip: quantity, told: remaining });
    }
    this.#known.add(reservationId);
    if (open.size === 0) return;
    this.#open.set(reservationId, { reservationId, dealerId, warehouseId, dueAtMs: nowMs + delayMs, open });
  }

  /** A dispatch is known here already; a release takes off what is open less than was told before. */
  #follow({ kind, reservationId, lines }: OrderNews): void {
    const shipment = this.#open.get(reservationId);
    for (const { sku, remaining } of lines) {
      const line = shipment?.open.get(sku);
      if (shipment === undefined || line === undefined) continue;
      const fell = line.told - remaining;
      line.told = remaining;
      if (kind === "released") this.#lower(shipment, sku, fell);
    }
  }

  #lower(shipment: Shipment, sku: string, quantity: number): void {
    const line = shipment.open.get(sku);
    if (line === undefined) return;
    line.toShip -= quantity;
    if (line.toShip <= 0) shipment.open.delete(sku);
    if (shipment.open.size === 0) this.#open.delete(shipment.reservationId);
  }
}
