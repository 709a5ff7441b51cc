import { expect, test } from "vitest";
import { median, percentile, ratioOfMedians, relativeSpread, roundForOutput } from "../../scripts/bench/statistics.js";

test("the median is the middle value, whatever the order of the values", () => {
  expect(median([9, 1, 5])).toBe(5);
});

test("the median of an even number of values is the mean of the two in the middle", () => {
  expect(median([10, 2, 4, 1])).toBe(3);
});

test("one wild value does not move the median", () => {
  expect(median([10, 11, 12, 13, 1_000_000])).toBe(12);
});

test("a percentile is interpolated between its neighbours", () => {
  const values = Array.from({ length: 101 }, (_, value) => value);
  expect(percentile(values, 99)).toBe(99);
  expect(percentile([0, 10], 75)).toBe(7.5);
});

test("taking a percentile leaves the list as it is", () => {
  const values = [3, 1, 2];
  percentile(values, 50);
  expect(values).toEqual([3, 1, 2]);
});

test("no values have no median", () => {
  expect(() => median([])).toThrow("no values");
});

test("the ratio is that of the medians, not the median of the ratios", () => {
  expect(ratioOfMedians({ numerators: [1, 10, 100], denominators: [100, 20, 1] })).toBe(0.5);
});

test("a median of 0 is not divided by", () => {
  expect(() => ratioOfMedians({ numerators: [1], denominators: [0] })).toThrow("is 0");
});

test("the spread is half the distance of the quartiles over the median", () => {
  expect(relativeSpread([8, 9, 10, 11, 12])).toBe(0.1);
});

test("output keeps four significant digits", () => {
  expect([0.123456, 12_345.6, 1, 0].map(roundForOutput)).toEqual([0.1235, 12_350, 1, 0]);
});
