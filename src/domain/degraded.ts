/**
 * The buffer that is held back while the ERP is away (P11): a part of what is sellable that grows with the age of the figures, in six steps.
 * It is a function of policy, the moment at which the source went stale, and time; each step is one event of the partition.
 */
import type { EffectivePolicy } from "./policy.js";

export const STEPS_MAX = 6;

/** What is held back of every stock of a warehouse now; step 0 is nothing. */
export interface DegradedBuffer {
  /** Since when the warehouse's figures are stale, service time in milliseconds; 0 while they are not. */
  readonly sinceMs: number;
  /** 1 to STEPS_MAX, so many sixths of the units and the percent. */
  readonly step: number;
  readonly units: number;
  readonly percent: number;
}

export const NO_BUFFER: DegradedBuffer = { sinceMs: 0, step: 0, units: 0, percent: 0 };

/** The buffer of a warehouse that is stale since `sinceMs`: a sixth at once, all of it after the policy's span. */
export function degradedBuffer(policy: EffectivePolicy, sinceMs: number, nowMs: number): DegradedBuffer {
  const { degradedBufferUnits: units, degradedBufferPercent: percent, degradedBufferSpanMs } = policy;
  const age = Math.max(0, nowMs - sinceMs);
  const step = Math.min(STEPS_MAX, 1 + Math.floor((age * (STEPS_MAX - 1)) / Math.max(1, degradedBufferSpanMs)));
  return { sinceMs, step, units, percent };
}

/** When the next step of a buffer is due; infinity after the last. */
export function nextStepAtMs(policy: EffectivePolicy, { sinceMs, step }: DegradedBuffer): number {
  if (step >= STEPS_MAX) return Number.POSITIVE_INFINITY;
  return sinceMs + Math.ceil((step * Math.max(1, policy.degradedBufferSpanMs)) / (STEPS_MAX - 1));
}

export function sameBuffer(a: DegradedBuffer, b: DegradedBuffer): boolean {
  return a.sinceMs === b.sinceMs && a.step === b.step && a.units === b.units && a.percent === b.percent;
}

/** What a warehouse's stocks inherit now: what policy says, and the buffer of this moment. */
export function withBuffer<Inherited extends { readonly version: number }>(
  inherited: Inherited,
  partition: { readonly degraded: DegradedBuffer; readonly degradedChanges: number },
): Inherited & { readonly degraded: DegradedBuffer } {
  const { degraded, degradedChanges } = partition;
  return { ...inherited, degraded, version: inherited.version + degradedChanges };
}

/** Units held back of one stock, rounded up. Quantities may be near 2^53, so nothing is multiplied before it is made small. */
export function bufferUnits(
  stock: { readonly onHand: number; readonly unavailable: number },
  { step, units, percent }: DegradedBuffer,
): number {
  if (step === 0) return 0;
  const sellable = Math.max(0, stock.onHand - stock.unavailable);
  const full = Math.min(Number.MAX_SAFE_INTEGER, units + partOf(sellable, percent, 100));
  return partOf(full, step, STEPS_MAX);
}

/** `value` times `numerator` over `denominator`, rounded up; exact where numerator is at most denominator. */
function partOf(value: number, numerator: number, denominator: number): number {
  const rest = value % denominator;
  return ((value - rest) / denominator) * numerator + Math.ceil((rest * numerator) / denominator);
}
