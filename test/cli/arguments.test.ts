import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import {
  collectLine,
  countUpTo,
  parseAddress,
  parseDurationMs,
  parseFactor,
  parseShare,
  parseWholeNumber,
} from "../../src/cli/arguments.js";

describe("SKU=QTY", () => {
  test("adds a line to those before it", () => {
    const first = collectLine("bolt=5");
    expect(collectLine("nut=2", first)).toEqual([
      { sku: "bolt", quantity: 5n },
      { sku: "nut", quantity: 2n },
    ]);
    expect(first).toEqual([{ sku: "bolt", quantity: 5n }]);
  });

  test("takes the last = as the divider, so a SKU may contain one", () => {
    expect(collectLine("a=b=3")).toEqual([{ sku: "a=b", quantity: 3n }]);
  });

  test.each(["bolt", "=5", "bolt=", "bolt=five", "bolt=1.5", "bolt=1e3", "bolt=9007199254740992"])(
    "does not understand %s",
    (text) => {
      expect(() => collectLine(text)).toThrow(InvalidArgumentError);
    },
  );

  test("leaves it to the server to refuse quantities below 1", () => {
    expect(collectLine("bolt=-1")).toEqual([{ sku: "bolt", quantity: -1n }]);
  });
});

describe("a whole number", () => {
  test("is exact up to 2^53 - 1", () => {
    expect(parseWholeNumber("9007199254740991")).toBe(9007199254740991n);
  });

  test("of a count lies between 1 and its maximum", () => {
    const count = countUpTo(1_000);
    expect([count("1"), count("1000")]).toEqual([1, 1_000]);
    for (const text of ["0", "1001", "-1", ""]) expect(() => count(text)).toThrow(InvalidArgumentError);
  });
});

describe("a duration", () => {
  test.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["2d", 172_800_000],
    ["1h30m", 5_400_000],
    ["0s", 0],
  ])("%s is %d ms", (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  test.each(["", "15", "m", "-5m", "1.5h", "5 m", "5x", "99999999999999999d"])("does not understand '%s'", (text) => {
    expect(() => parseDurationMs(text)).toThrow(InvalidArgumentError);
  });
});

describe("a share", () => {
  test("is a number from 0 to 1", () => {
    expect(["0", "1", "0.8", ".5"].map(parseShare)).toEqual([0, 1, 0.8, 0.5]);
  });

  test.each(["", "1.01", "-0.1", "80%", "0.8.1", "NaN"])("does not understand '%s'", (text) => {
    expect(() => parseShare(text)).toThrow(InvalidArgumentError);
  });
});

describe("a factor", () => {
  test("may be above 1, up to 1,000", () => {
    expect(["0", "0.8", "5", "1000"].map(parseFactor)).toEqual([0, 0.8, 5, 1_000]);
    for (const text of ["-1", "1001", "x", ""]) expect(() => parseFactor(text)).toThrow(InvalidArgumentError);
  });
});

describe("an address", () => {
  test.each(["127.0.0.1:7420", "localhost:1", "stock.example:65535", "[::1]:7420"])("understands %s", (text) => {
    expect(parseAddress(text)).toBe(text);
  });

  test.each([
    "",
    "localhost",
    ":7420",
    "localhost:",
    "localhost:0",
    "localhost:65536",
    "http://localhost:7420",
    "::1:7420",
  ])("does not understand '%s'", (text) => {
    expect(() => parseAddress(text)).toThrow(InvalidArgumentError);
  });
});
