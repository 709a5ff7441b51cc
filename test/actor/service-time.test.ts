import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServiceTime } from "../../src/actor/service-time.js";
import { chosenSeed } from "../journal/seeded-random.js";

const seed = chosenSeed() | 0;
const HOUR_MS = 3_600_000;

/** A wall clock and a monotonic one, moved by hand. */
class TwoClocks {
  wall = 1_000_000_000;
  monotonic = 500;

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }
}

/** Reads service time every second for so long. */
function runFor(time: ServiceTime, clocks: TwoClocks, ms: number): number {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clocks.pass(1_000);
    time.nowMs();
  }
  return time.nowMs();
}

describe("service time", () => {
  it("starts at the wall clock, so that time down counts", () => {
    const clocks = new TwoClocks();
    expect(new ServiceTime(clocks, clocks.wall - HOUR_MS).nowMs()).toBe(clocks.wall);
  });

  it("starts at the last durable time when the wall clock was set back while it was down", () => {
    const clocks = new TwoClocks();
    expect(new ServiceTime(clocks, clocks.wall + HOUR_MS).nowMs()).toBe(clocks.wall + HOUR_MS);
  });

  it("never runs backwards and keeps within 5 % of elapsed time, whatever the clocks do", () => {
    const step = fc.record({
      elapsed: fc.integer({ min: -50, max: 100_000 }),
      jump: fc.integer({ min: -1e9, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: -1e9, max: 1e9 }), (steps, ahead) => {
        const clocks = new TwoClocks();
        const time = new ServiceTime(clocks, clocks.wall + ahead);
        let before = time.nowMs();
        for (const { elapsed, jump } of steps) {
          clocks.monotonic += elapsed;
          clocks.wall += jump;
          const now = time.nowMs();
          const forward = Math.max(0, elapsed);
          expect(now).toBeGreaterThanOrEqual(before);
          expect(now - before).toBeGreaterThanOrEqual(Math.floor(forward * 0.95) - 1);
          expect(now - before).toBeLessThanOrEqual(Math.ceil(forward * 1.05) + 1);
          expect(Number.isInteger(now)).toBe(true);
          before = now;
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it.each([
    ["forward", HOUR_MS],
    ["back", -HOUR_MS],
  ])("meets a jump %s by 5 %% of the time that passes, and then follows the wall clock exactly", (_, jump) => {
    const clocks = new TwoClocks();
    const time = new ServiceTime(clocks, 0);
    const start = time.nowMs();
    clocks.wall += jump;
    expect(time.nowMs()).toBe(start);
    const afterTenHours = runFor(time, clocks, 10 * HOUR_MS);
    expect(afterTenHours - start).toBeGreaterThanOrEqual(10 * HOUR_MS + jump / 2 - 10);
    expect(afterTenHours - start).toBeLessThanOrEqual(10 * HOUR_MS + jump / 2 + 10);
    runFor(time, clocks, 12 * HOUR_MS);
    expect(time.nowMs()).toBe(clocks.wall);
    clocks.pass(777);
    expect(time.nowMs()).toBe(clocks.wall);
  });

  it("counts a pause of the process in full", () => {
    const clocks = new TwoClocks();
    const time = new ServiceTime(clocks, 0);
    clocks.pass(HOUR_MS);
    expect(time.nowMs()).toBe(clocks.wall);
  });
});
