import { describe, expect, test } from "vitest";
import { isCronPattern, isTimeZone, nextTimes } from "../../src/config/cron-times.js";

const ms = (text: string) => Date.parse(text);

describe("what is due next", () => {
  test.each([
    ["0 2 * * *", "UTC", "2026-11-24T01:59:59.999Z", "2026-11-24T02:00:00Z"],
    ["0 2 * * *", "UTC", "2026-11-24T02:00:00Z", "2026-11-25T02:00:00Z"],
    ["0 * * * *", "UTC", "2026-11-24T02:00:00.001Z", "2026-11-24T03:00:00Z"],
    ["0 2 * * *", "Europe/Berlin", "2026-07-01T00:00:01Z", "2026-07-02T00:00:00Z"],
    ["0 2 * * *", "Europe/Berlin", "2026-12-01T00:00:00Z", "2026-12-01T01:00:00Z"],
    ["30 1 * * 1-5", "UTC", "2026-11-27T02:00:00Z", "2026-11-30T01:30:00Z"],
  ])("%s in %s after %s is at %s", (pattern, zone, after, due) => {
    expect(nextTimes(pattern, zone)(ms(after))).toBe(ms(due));
  });

  test("is once a day on the day whose clock skips that hour, and on the day that has it twice", () => {
    const next = nextTimes("30 2 * * *", "Europe/Berlin");
    const dueOn = (from: string, to: string) => {
      const times: number[] = [];
      for (let at = next(ms(from)); at < ms(to); at = next(at)) times.push(at);
      return times;
    };
    expect(dueOn("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")).toHaveLength(1);
    expect(dueOn("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")).toHaveLength(1);
  });

  test("is never for what is off, nor for a clock beyond all calendars", () => {
    expect(nextTimes("off", "UTC")(0)).toBe(Number.POSITIVE_INFINITY);
    expect(nextTimes("0 2 * * *", "UTC")(Number.MAX_SAFE_INTEGER)).toBe(Number.POSITIVE_INFINITY);
  });
});

test.each(["0 2 * * *", "*/15 8-18 * * 1-5", "0 0 1 1 *", "off"])("%j is a pattern", (text) => {
  expect(isCronPattern(text)).toBe(true);
});

test.each(["", "0 2 * *", "0 0 2 * * *", "60 * * * *", "0 24 * * *", "0 2 30 2 *", "@daily", "nightly", "* * * * x"])(
  "%j is none",
  (text) => {
    expect(isCronPattern(text)).toBe(false);
  },
);

test("time zones are those that the platform knows", () => {
  expect(["UTC", "Europe/Berlin", "America/New_York"].filter(isTimeZone)).toHaveLength(3);
  expect(["", "Mars/Olympus", "berlin time"].filter(isTimeZone)).toEqual([]);
});
