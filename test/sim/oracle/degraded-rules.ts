/**
 * While the ERP is away (docs/outages.md): what is held back of every stock of the warehouse, which commits are provisional, and how
 * these are confirmed once all its sources are back: in the order of their commit, those that are covered.
 */
import { feeds } from "./link-rules.js";
import { type Buffer, isOpen, type ModelReservation, type ModelState } from "./model-state.js";
import { effectivePolicy } from "./policy-rules.js";

const STEPS = 6;
const NOTHING: Buffer = { sinceMs: 0, step: 0, units: 0, percent: 0 };

export function bufferOf(state: ModelState, warehouseId: string): Buffer {
  return state.buffers.get(warehouseId) ?? NOTHING;
}

/** What is confirmed there now is confirmed again later. */
export function isProvisional(state: ModelState, warehouseId: string): boolean {
  return bufferOf(state, warehouseId).step > 0;
}

/** A sixth at once and all of it after the span: a function of policy, the moment of going stale, and time. */
export function bufferAt(state: ModelState, warehouseId: string, nowMs: number): Buffer {
  const lost = [...state.sources.values()].filter(
    (source) => source.lostAtMs > 0 && feeds(state, source).has(warehouseId),
  );
  if (lost.length === 0) return NOTHING;
  const sinceMs = Math.min(...lost.map((source) => source.lostAtMs));
  const policy = effectivePolicy(state, { warehouseId, sku: "", dealerId: "" });
  const spanMs = Math.max(1, policy.degradedBufferSpanMs);
  let step = 1;
  while (step < STEPS && (nowMs - sinceMs) * (STEPS - 1) >= step * spanMs) step += 1;
  return { sinceMs, step, units: policy.degradedBufferUnits, percent: policy.degradedBufferPercent };
}

/** Of one stock, rounded up; in big integers, because quantities may be near 2^53. */
export function bufferUnits(stock: { readonly onHand: number; readonly unavailable: number }, buffer: Buffer): number {
  const sellable = BigInt(Math.max(0, stock.onHand - stock.unavailable));
  const wanted = BigInt(buffer.units) + roundedUp(sellable * BigInt(buffer.percent), 100n);
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(roundedUp((wanted > most ? most : wanted) * BigInt(buffer.step), BigInt(STEPS)));
}

function roundedUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** Sets what is held back to what it is now. True when that changed. */
export function followBuffer(state: ModelState, warehouseId: string, nowMs: number): boolean {
  const before = bufferOf(state, warehouseId);
  const now = bufferAt(state, warehouseId, nowMs);
  if (JSON.stringify(before) === JSON.stringify(now)) return false;
  if (now.step === 0) state.buffers.delete(warehouseId);
  else state.buffers.set(warehouseId, now);
  return true;
}

/** Provisional orders of warehouses whose sources are all there, as far as they are covered, in the order of their commit. */
export function confirmable(state: ModelState): ModelReservation[] {
  const orders = [...state.reservations.values()].filter(
    (one) => one.provisional && isOpen(one) && !one.atRisk && !isProvisional(state, one.warehouseId),
  );
  return orders.sort((one, other) => one.commitOrder - other.commitOrder);
}

export function confirm(reservation: ModelReservation, nowMs: number): void {
  reservation.provisional = false;
  reservation.revision += 1;
  reservation.updatedAtMs = nowMs;
  reservation.updatedExactly = true;
  reservation.toldByExpiry = false;
}
