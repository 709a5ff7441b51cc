/** What counts as fulfilled and failed, in which window, exactly. */
import { describe, expect, test } from "vitest";
import { accuracyOf, endedWithin } from "../../src/domain/accuracy.js";
import type { PartitionEvent } from "../../src/domain/event.js";
import { evolve } from "../../src/domain/evolve.js";
import type { PartitionState } from "../../src/domain/partition-state.js";
import { committed, given, held, lost, released, stock } from "./decide/scenario.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = 1_800_000_000_000 - (1_800_000_000_000 % (24 * HOUR_MS));

let sequence = 1_000;

function at(state: PartitionState, timeMs: number, ...events: readonly PartitionEvent[]): void {
  for (const event of events) {
    sequence += 1;
    evolve(state, event, { sequence, timeMs }, () => {});
  }
}

function dispatched(reservation: number, quantity: number): PartitionEvent {
  return { kind: "UnitsDispatched", reservation, line: 0, quantity };
}

/** Fulfilled and failed units of the hour, the day and the week. */
function ended(state: PartitionState, nowMs: number, sku?: string) {
  const item = accuracyOf(state, sku === undefined ? undefined : state.stocks.find(sku));
  return endedWithin(item, nowMs).map(({ fulfilled, failed }) => [fulfilled, failed]);
}

const NOTHING = [
  [0, 0],
  [0, 0],
  [0, 0],
];
const each = (fulfilled: number, failed: number) => [
  [fulfilled, failed],
  [fulfilled, failed],
  [fulfilled, failed],
];

describe("of committed units that end", () => {
  const begin = () => given(...stock(1, "A", 100), ...stock(2, "B", 100), held(1, { 1: 10, 2: 4 }), committed(1)).state;

  test("dispatched ones are fulfilled, of their stock and of the warehouse", () => {
    const state = begin();
    at(state, START_MS, dispatched(1, 7));
    expect(ended(state, START_MS, "A")).toEqual(each(7, 0));
    expect(ended(state, START_MS, "B")).toEqual(NOTHING);
    expect(ended(state, START_MS)).toEqual(each(7, 0));
  });

  test("a dealer's cancellation is neither, and DISPATCH_FAILED is a failure", () => {
    const state = begin();
    at(state, START_MS, { ...(released(1, [6, 0]) as Extract<PartitionEvent, { kind: "ReservationReleased" }>) });
    expect(ended(state, START_MS)).toEqual(NOTHING);
    const failed = { ...(released(1, [1, 2]) as Extract<PartitionEvent, { kind: "ReservationReleased" }>) };
    at(state, START_MS, { ...failed, reason: "DISPATCH_FAILED" });
    expect(ended(state, START_MS, "A")).toEqual(each(0, 1));
    expect(ended(state, START_MS, "B")).toEqual(each(0, 2));
    expect(ended(state, START_MS)).toEqual(each(0, 3));
  });

  test("whatever is released while at risk is a failure", () => {
    const state = begin();
    at(state, START_MS, lost(1, "A", 95), { kind: "RiskChanged", reservation: 1, line: 0, atRisk: true }, released(1));
    expect(ended(state, START_MS)).toEqual(each(0, 10));
  });

  test("a dispatch that is reversed is not fulfilled after all", () => {
    const state = begin();
    at(state, START_MS, dispatched(1, 7));
    at(state, START_MS + MINUTE_MS, { kind: "UnitsReturned", reservation: 1, line: 0, quantity: 5 });
    expect(ended(state, START_MS + MINUTE_MS)).toEqual(each(2, 0));
  });
});

test("what is held and released was never confirmed, and counts nowhere", () => {
  const { state } = given(...stock(1, "A", 100), held(1, { 1: 10 }), released(1));
  expect(ended(state, START_MS)).toEqual(NOTHING);
  expect(accuracyOf(state)).toBeUndefined();
});

test("units leave each window when it has passed over them", () => {
  const { state } = given(...stock(1, "A", 100), held(1, { 1: 100 }), committed(1));
  at(state, START_MS, dispatched(1, 1));
  at(state, START_MS + 30 * MINUTE_MS, dispatched(1, 2));
  const hour = (nowMs: number) => ended(state, nowMs)[0]![0];
  expect(hour(START_MS + HOUR_MS - 1)).toBe(3);
  expect(hour(START_MS + HOUR_MS)).toBe(2);
  expect(hour(START_MS + 90 * MINUTE_MS - 1)).toBe(2);
  expect(hour(START_MS + 90 * MINUTE_MS)).toBe(0);
  const [, day, week] = ended(state, START_MS + 25 * HOUR_MS);
  expect(day).toEqual([0, 0]);
  expect(week).toEqual([3, 0]);
  expect(ended(state, START_MS + 8 * 24 * HOUR_MS)).toEqual(NOTHING);
  // Years of dispatches leave no more spans behind than the windows have.
  for (let day = 1; day <= 50; day++) at(state, START_MS + day * 24 * HOUR_MS, dispatched(1, 1));
  expect(accuracyOf(state)!.spans.map((spans) => spans.length)).toEqual([1, 1, 7]);
});
