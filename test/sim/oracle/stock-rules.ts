/** One stock's arithmetic: what is promised, what can be promised (P2), what is covered and who is at risk (docs/api.md, Shortfall). */

import { bufferOf, bufferUnits, confirm, isProvisional } from "./degraded-rules.js";
import { isOpen, type ModelReservation, type ModelState, type ModelStock, stockKey } from "./model-state.js";
import { effectivePolicy } from "./policy-rules.js";
import type { FiguresPicture } from "./request.js";

/** A stock that an ERP event has named; undefined for one that only a policy or a move did. */
export function seenStock(state: ModelState, warehouseId: string, sku: string): ModelStock | undefined {
  const stock = state.stocks.get(stockKey(warehouseId, sku));
  return stock?.seen ? stock : undefined;
}

export function isSeen(state: ModelState, warehouseId: string, sku: string): boolean {
  return seenStock(state, warehouseId, sku) !== undefined;
}

export function openAt(reservation: ModelReservation, sku: string): number {
  return reservation.lines.find((line) => line.sku === sku)?.open ?? 0;
}

/** The open reservations of a stock in the order in which they are covered: by commit, then holds by creation. */
export function coverageOrder(state: ModelState, stock: ModelStock): ModelReservation[] {
  const open = [...stock.open].map((number) => state.reservations.get(number)!);
  const committed = open.filter((reservation) => reservation.state === "COMMITTED");
  const held = open.filter((reservation) => reservation.state === "PENDING");
  committed.sort((one, other) => one.commitOrder - other.commitOrder);
  held.sort((one, other) => one.number - other.number);
  return [...committed, ...held];
}

function sumOpen(state: ModelState, stock: ModelStock, wanted: "PENDING" | "COMMITTED"): number {
  let units = 0;
  for (const number of stock.open) {
    const reservation = state.reservations.get(number)!;
    if (reservation.state === wanted) units += openAt(reservation, stock.sku);
  }
  return units;
}

/** By how much promises exceed what is there; below 0 where they do not. */
export function excess(state: ModelState, stock: ModelStock): number {
  const promised = sumOpen(state, stock, "PENDING") + sumOpen(state, stock, "COMMITTED") + stock.allocatedElsewhere;
  return promised - (stock.onHand - stock.unavailable);
}

export function figures(state: ModelState, warehouseId: string, sku: string): FiguresPicture {
  const stock = seenStock(state, warehouseId, sku);
  const zeros = { onHand: 0, unavailable: 0, reserved: 0, committed: 0, allocatedElsewhere: 0, safetyStock: 0 };
  if (stock === undefined) {
    return { sku, ...zeros, degradedBuffer: 0, availableToPromise: 0, shortfall: 0, level: "OUT", seen: false };
  }
  const { onHand, unavailable, allocatedElsewhere } = stock;
  const { safetyStock, lowAt } = effectivePolicy(state, { warehouseId, sku, dealerId: "" });
  const reserved = sumOpen(state, stock, "PENDING");
  const committed = sumOpen(state, stock, "COMMITTED");
  const degradedBuffer = bufferUnits(stock, bufferOf(state, warehouseId));
  const free = onHand - unavailable - committed - reserved - allocatedElsewhere - safetyStock - degradedBuffer;
  const availableToPromise = Math.max(0, free);
  const level = availableToPromise === 0 ? "OUT" : availableToPromise <= lowAt ? "LOW" : "IN_STOCK";
  return {
    sku,
    onHand,
    unavailable,
    reserved,
    committed,
    allocatedElsewhere,
    safetyStock,
    degradedBuffer,
    availableToPromise,
    shortfall: Math.max(0, excess(state, stock)),
    level,
    seen: true,
  };
}

/** How many units of each open reservation here are covered, by its number. */
export function covered(state: ModelState, stock: ModelStock): ReadonlyMap<number, number> {
  let left = Math.max(0, stock.onHand - stock.unavailable - stock.allocatedElsewhere);
  const units = new Map<number, number>();
  for (const reservation of coverageOrder(state, stock)) {
    const given = Math.min(left, openAt(reservation, stock.sku));
    units.set(reservation.number, given);
    left -= given;
  }
  return units;
}

/** A moment, and whether the service is known to have acted at it; an expiry may be noticed later. */
export interface Moment {
  readonly nowMs: number;
  readonly exact: boolean;
}

/**
 * After one decision or event: works out again who is at risk on these stocks. It is told on its own (AT_RISK, COVERED_AGAIN),
 * so it counts as a revision on its own.
 */
export function refreshRisk(state: ModelState, stocks: Iterable<ModelStock>, at: Moment): void {
  const touched = new Set<number>();
  for (const stock of stocks) for (const number of stock.open) touched.add(number);
  const coverOf = new Map<string, ReadonlyMap<number, number>>();
  for (const number of touched) {
    const reservation = state.reservations.get(number)!;
    for (const line of reservation.lines) {
      if (line.open === 0) continue;
      const key = stockKey(reservation.warehouseId, line.sku);
      if (!coverOf.has(key)) coverOf.set(key, covered(state, state.stocks.get(key)!));
      line.atRisk = coverOf.get(key)!.get(number)! < line.open;
    }
    const atRisk = reservation.lines.some((line) => line.atRisk);
    if (atRisk === reservation.atRisk) continue;
    setAtRisk(reservation, atRisk ? at.nowMs : 0);
    countRevision(reservation, at);
    if (!atRisk) confirmCovered(state, reservation, at);
  }
}

/** What an operator decided about a risk ends with it. */
export function setAtRisk(reservation: ModelReservation, sinceMs: number): void {
  reservation.atRisk = sinceMs > 0;
  reservation.atRiskSinceMs = sinceMs;
  if (!reservation.atRisk) reservation.kept = false;
}

/** A provisional order that was at risk is no longer: it is confirmed, where the sources are there. */
export function confirmCovered(state: ModelState, reservation: ModelReservation, at: Moment): void {
  if (!reservation.provisional || !isOpen(reservation) || isProvisional(state, reservation.warehouseId)) return;
  confirm(reservation, at.nowMs);
}

export function countRevision(reservation: ModelReservation, at: Moment): void {
  reservation.revision += 1;
  reservation.updatedAtMs = at.nowMs;
  reservation.updatedExactly = at.exact;
  reservation.toldByExpiry = !at.exact;
}

/** The stocks that a reservation names. */
export function stocksOf(state: ModelState, reservation: ModelReservation): ModelStock[] {
  const stocks = reservation.lines.map((line) => state.stocks.get(stockKey(reservation.warehouseId, line.sku)));
  return stocks.filter((stock) => stock !== undefined);
}

/** After a decision of ours: an excess that is left may not grow again, but by an ERP event. */
export function lowerExcessAllowed(state: ModelState, stock: ModelStock): void {
  stock.excessAllowed = Math.min(stock.excessAllowed, Math.max(0, excess(state, stock)));
}
