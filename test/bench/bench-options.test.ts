import { expect, test } from "vitest";
import { measureNames, parseBenchOptions } from "../../scripts/bench/bench-options.js";
import { workloadNames } from "../../scripts/bench/peers/race/workloads.js";

test("nothing given means the full measurement of Holdfast, as a table", () => {
  const options = parseBenchOptions([]);
  expect(options).toMatchObject({ mode: "ratios", target: "holdfast", json: false, only: measureNames });
});

test("a quick run has at least five rounds and time for all its comparisons in three minutes", () => {
  const { rounds, roundsBudgetMs } = parseBenchOptions(["--quick", "--json"]);
  expect(rounds).toBeGreaterThanOrEqual(5);
  const comparisons = measureNames.length - 1;
  expect(comparisons * roundsBudgetMs).toBeLessThan(120_000);
});

test("fewer than five rounds are refused", () => {
  expect(() => parseBenchOptions(["--rounds", "4"])).toThrow("at least 5");
});

test("a measure that does not exist is refused with those that do", () => {
  expect(() => parseBenchOptions(["--only", "unary,streams"])).toThrow("streams: it takes unary, stream");
});

test("a number that is none is refused with its option", () => {
  expect(() => parseBenchOptions(["--stocks", "many"])).toThrow("--stocks is many");
  expect(() => parseBenchOptions(["--window-ms", "0"])).toThrow("--window-ms is 0");
});

test("an unknown option is refused", () => {
  expect(() => parseBenchOptions(["--fast"])).toThrow("--fast");
});

test("--size and --profile name a mode each, and do not go together", () => {
  expect(parseBenchOptions(["--size"]).mode).toBe("size");
  expect(parseBenchOptions(["--profile", "lines"])).toMatchObject({ mode: "profile", profile: "lines" });
  expect(() => parseBenchOptions(["--size", "--profile", "lines"])).toThrow("do not go together");
});

test("--peers is a mode of its own, with workloads of its own", () => {
  const { mode, onlyWorkloads } = parseBenchOptions(["--peers", "--only", "hot,lines"]);
  expect({ mode, onlyWorkloads }).toEqual({ mode: "peers", onlyWorkloads: ["hot", "lines"] });
  expect(parseBenchOptions(["--peers"]).onlyWorkloads).toEqual(workloadNames);
  expect(() => parseBenchOptions(["--peers", "--only", "unary"])).toThrow("unary: it takes hot, spread");
  expect(() => parseBenchOptions(["--peers", "--size"])).toThrow("--size and --peers do not go together");
});

test("a quick race has time for all its workloads in five minutes", () => {
  const { roundsBudgetMs } = parseBenchOptions(["--peers", "--quick"]);
  // Beside the rounds: starting three servers, warming up and the audit.
  expect(workloadNames.length * roundsBudgetMs).toBeLessThan(180_000);
});
