import { expect, test } from "vitest";
import { formatOutput } from "../../scripts/bench/report/output-table.js";
import { judge, ratioTargets, sizeTargets, type Target } from "../../scripts/bench/report/targets.js";

const targetOf = (name: string): Target => [...ratioTargets, ...sizeTargets].find((target) => target.name === name)!;

test("a target is met on its bound, and missed beyond it", () => {
  const cpuRatio = targetOf("unary.cpu_ratio");
  expect(judge(cpuRatio, { unary: { cpu_ratio: 0.7 } })).toBe(true);
  expect(judge(cpuRatio, { unary: { cpu_ratio: 0.69 } })).toBe(false);
  const puts = targetOf("level_puts_per_reservation");
  expect(judge(puts, { level_puts_per_reservation: 0.25 })).toBe(true);
  expect(judge(puts, { level_puts_per_reservation: 0.26 })).toBe(false);
});

test("the throughput beside the echo server is judged only where the echo server was busy", () => {
  const ratio = targetOf("unary.ratio");
  expect(judge(ratio, { unary: { ratio: 0.5, echo_busy: 0.89 } })).toBeUndefined();
  expect(judge(ratio, { unary: { ratio: 0.5, echo_busy: 0.9 } })).toBe(false);
  expect(judge(ratio, { unary: { ratio: 0.85, echo_busy: 0.9 } })).toBe(true);
});

test("what was not measured is not judged", () => {
  expect(judge(targetOf("size.rss_mb"), {})).toBeUndefined();
});

test("the table has each number under its dotted name, with its target and whether it is met", () => {
  const rows = formatOutput({ lines: { cpu_ratio: 0.41 }, machine: { cores: 2 } }, ratioTargets).split("\n");
  const cells = rows.map((row) => row.split("│").map((cell) => cell.trim()));
  expect(cells).toContainEqual(["", "lines.cpu_ratio", "0.41", "at least 0.4", "met", ""]);
  expect(cells).toContainEqual(["", "machine.cores", "2", "", "", ""]);
});
