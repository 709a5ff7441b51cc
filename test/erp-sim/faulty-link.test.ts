import { describe, expect, test } from "vitest";
import { FaultyLink, type LinkFaults, NO_FAULTS } from "../../scripts/erp-sim/faulty-link.js";
import { SeededRandom } from "../journal/seeded-random.js";

interface Event {
  readonly sequence: number;
}

function linkWith(faults: Partial<LinkFaults>): FaultyLink<Event> {
  const link = new FaultyLink<Event>(new SeededRandom(3));
  link.faults = { ...NO_FAULTS, ...faults };
  return link;
}

function departAll(link: FaultyLink<Event>, count: number, nowMs = 0): void {
  for (let sequence = 1; sequence <= count; sequence++) link.depart({ sequence }, nowMs);
}

const sequences = (events: readonly Event[]) => events.map(({ sequence }) => sequence);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("a link", () => {
  test("without faults passes everything on, at once and in order", () => {
    const link = linkWith({});
    departAll(link, 100);
    expect(sequences(link.arrivals(0))).toEqual(upTo(100));
    expect([link.lost, link.repeated, link.reordered, link.isEmpty]).toEqual([0, 0, 0, true]);
  });

  test("that lags holds each event for as long as told", () => {
    const link = linkWith({ lagMs: 50 });
    link.depart({ sequence: 1 }, 0);
    link.depart({ sequence: 2 }, 10);
    expect(sequences(link.arrivals(49))).toEqual([]);
    expect(sequences(link.arrivals(50))).toEqual([1]);
    expect(link.passed).toBe(1);
    expect(sequences(link.arrivals(60))).toEqual([2]);
  });

  test("that loses the last event has it passed all the same, so that a heartbeat shows the gap", () => {
    const link = linkWith({ lagMs: 5 });
    link.depart({ sequence: 1 }, 0);
    link.faults = { ...NO_FAULTS, lose: 1, lagMs: 5 };
    link.depart({ sequence: 2 }, 0);
    expect(link.passed).toBe(0);
    expect(sequences(link.arrivals(5))).toEqual([1]);
    expect([link.passed, link.isEmpty]).toEqual([2, true]);
  });

  test("that loses, loses about its share, and the same events again after a break", () => {
    const link = linkWith({ lose: 0.1 });
    departAll(link, 1_000);
    const arrived = sequences(link.arrivals(0));
    expect(arrived.length).toBe(1_000 - link.lost);
    expect(link.lost).toBeGreaterThan(60);
    expect(link.lost).toBeLessThan(140);
    link.faults = NO_FAULTS;
    departAll(link, 1_000);
    expect(sequences(link.arrivals(0))).toEqual(arrived);
  });

  test("that repeats passes each event on at least once, and in order", () => {
    const link = linkWith({ repeat: 0.2 });
    departAll(link, 500);
    const arrived = sequences(link.arrivals(0));
    expect(arrived).toHaveLength(500 + link.repeated);
    expect(link.repeated).toBeGreaterThan(60);
    expect([...new Set(arrived)]).toEqual(upTo(500));
  });

  test("that reorders moves events within their window only, and closes a window that does not fill", () => {
    const link = linkWith({ reorder: 3 });
    departAll(link, 200);
    const arrived = [...link.arrivals(0), ...link.arrivals(1)];
    expect(arrived).toHaveLength(198);
    expect(link.isEmpty).toBe(false);
    arrived.push(...link.arrivals(500));
    expect(link.reordered).toBeGreaterThan(60);
    for (const [index, { sequence }] of arrived.entries()) {
      expect(Math.floor((sequence - 1) / 3)).toBe(Math.floor(index / 3));
    }
    expect(sequences(arrived).sort((one, other) => one - other)).toEqual(upTo(200));
  });

  test("that breaks forgets what was on its way, and passes it on when it departs again", () => {
    const link = linkWith({ lagMs: 50, reorder: 4 });
    departAll(link, 5);
    link.arrivals(50);
    link.depart({ sequence: 6 }, 50);
    link.cut();
    expect(link.isEmpty).toBe(true);
    for (const sequence of [5, 6]) link.depart({ sequence }, 60);
    expect(sequences(link.drain())).toEqual([5, 6]);
  });
});
