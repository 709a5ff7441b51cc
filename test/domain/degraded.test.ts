/** The buffer of a stale warehouse: at most six steps, each a function of policy, the moment of going stale, and time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideCommit } from "../../src/domain/decide/commit.js";
import { decideReserve } from "../../src/domain/decide/reserve.js";
import {
  bufferUnits,
  type DegradedBuffer,
  degradedBuffer,
  NO_BUFFER,
  nextStepAtMs,
  STEPS_MAX,
  withBuffer,
} from "../../src/domain/degraded.js";
import { SHIPPED_POLICY } from "../../src/domain/policy.js";
import { chosenSeed } from "../journal/seeded-random.js";
import { CONTEXT, given, held, stock } from "./decide/scenario.js";

const seed = chosenSeed() | 0;
const SINCE_MS = 5_000;
const policy = { ...SHIPPED_POLICY, degradedBufferUnits: 3, degradedBufferPercent: 12, degradedBufferSpanMs: 500_000 };

describe("the steps of an outage", () => {
  test("begin at once, and the sixth and last comes when the span is over", () => {
    const steps = [0, 99_999, 100_000, 250_000, 399_999, 400_000, 499_999, 500_000, 9_000_000].map(
      (ageMs) => degradedBuffer(policy, SINCE_MS, SINCE_MS + ageMs).step,
    );
    expect(steps).toEqual([1, 1, 2, 3, 4, 5, 5, 6, 6]);
    expect(STEPS_MAX).toBe(6);
  });

  test("are due just when the next begins, whatever the span", () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(20), fc.nat(1e9)), fc.nat(1e9), fc.nat(2e9), (spanMs, sinceMs, ageMs) => {
        const spanned = { ...policy, degradedBufferSpanMs: spanMs };
        const now = degradedBuffer(spanned, sinceMs, sinceMs + ageMs);
        const nextMs = nextStepAtMs(spanned, now);
        if (now.step === STEPS_MAX) {
          expect(nextMs).toBe(Number.POSITIVE_INFINITY);
          return;
        }
        expect(nextMs).toBeGreaterThan(sinceMs + ageMs);
        expect(degradedBuffer(spanned, sinceMs, nextMs).step).toBeGreaterThan(now.step);
        expect(degradedBuffer(spanned, sinceMs, nextMs - 1).step).toBe(now.step);
      }),
      { seed, numRuns: 500 },
    );
  });

  test("take no clock before the moment of going stale for an age", () => {
    expect(degradedBuffer(policy, SINCE_MS, 0)).toEqual({ sinceMs: SINCE_MS, step: 1, units: 3, percent: 12 });
  });
});

describe("what is held back of a stock", () => {
  /** The same in whole numbers: ceil(min(2^53 - 1, ceil(sellable * percent / 100) + units) * step / 6). */
  function exact(onHand: number, unavailable: number, { step, units, percent }: DegradedBuffer): bigint {
    const up = (value: bigint, by: bigint) => (value + by - 1n) / by;
    const sellable = BigInt(Math.max(0, onHand - unavailable));
    const full = up(sellable * BigInt(percent), 100n) + BigInt(units);
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    return up((full < most ? full : most) * BigInt(step), BigInt(STEPS_MAX));
  }

  test("is the step's part of units and percent of what is sellable, rounded up, exact at any size", () => {
    const size = fc.oneof(fc.nat(1_000), fc.maxSafeNat());
    fc.assert(
      fc.property(size, size, fc.nat(6), fc.nat(1_000), fc.nat(100), (onHand, unavailable, step, units, percent) => {
        const buffer = { sinceMs: 0, step, units, percent };
        expect(BigInt(bufferUnits({ onHand, unavailable }, buffer))).toBe(exact(onHand, unavailable, buffer));
      }),
      { seed, numRuns: 2_000 },
    );
  });

  test("is nothing before the first step, and never less in a later one", () => {
    const units = [0, 1, 2, 3, 4, 5, 6].map((step) =>
      bufferUnits({ onHand: 100, unavailable: 0 }, { sinceMs: 1, step, units: 3, percent: 12 }),
    );
    expect(units).toEqual([0, 3, 5, 8, 10, 13, 15]);
  });
});

describe("while the ERP is away", () => {
  const step: DegradedBuffer = { sinceMs: SINCE_MS, step: 6, units: 4, percent: 0 };
  const away = () => given(...stock(1, "A", 10), { kind: "DegradedStepped", ...step });
  const order = { kind: "Reserve", requestId: "r", dealerId: "D1", orderId: "O1", warehouseId: "W1" } as const;
  const reserve = (quantity: number, commit: boolean) => (state: Parameters<typeof decideReserve>[0]) =>
    decideReserve(
      state,
      { ...order, lines: [{ sku: "A", quantity }], partial: false, holdMs: 0, commit },
      { ...CONTEXT, isProvisional: true, inherited: withBuffer(CONTEXT.inherited, state) },
    );

  test("no more is promised than the buffer leaves", () => {
    const shortage = { sku: "A", requested: 7, available: 6, reason: "INSUFFICIENT" };
    expect(reserve(7, false)(away().state)).toMatchObject({ outcome: "REJECTED", shortages: [shortage] });
    expect(reserve(6, false)(away().state)).toMatchObject({ outcome: "RESERVED", events: [{ provisional: false }] });
    expect(reserve(10, false)(away().given({ kind: "DegradedStepped", ...NO_BUFFER }).state)).toMatchObject({
      outcome: "RESERVED",
    });
  });

  test("what is confirmed, at once or from a hold, is provisional until it is confirmed again", () => {
    expect(reserve(6, true)(away().state)).toMatchObject({ events: [{ provisional: true }] });
    const scenario = away().given(held(1, { 1: 3 }));
    const decision = decideCommit(
      scenario.state,
      1,
      { kind: "Commit", requestId: "c", dealerId: "D1", reservationId: scenario.id(1), lines: [] },
      { ...CONTEXT, isProvisional: true },
    );
    expect(decision).toMatchObject({ events: [{ kind: "ReservationCommitted", provisional: true }] });
    scenario.given({ kind: "ReservationCommitted", reservation: 1, quantities: undefined, provisional: true });
    expect([...scenario.state.provisional]).toEqual([1]);
    scenario.given({ kind: "ProvisionalConfirmed", reservation: 1 });
    expect([...scenario.state.provisional]).toEqual([]);
    expect(scenario.state.reservations.get(1)).toMatchObject({ provisional: false, state: "COMMITTED", revision: 3 });
  });

  test("every stock's version rises with each step, without a look at any of them", () => {
    const scenario = away();
    const version = () => withBuffer(CONTEXT.inherited, scenario.state).version;
    const before = version();
    scenario.given({ kind: "DegradedStepped", ...step, units: 5 }, { kind: "DegradedStepped", ...NO_BUFFER });
    expect(version()).toBe(before + 2);
  });
});
