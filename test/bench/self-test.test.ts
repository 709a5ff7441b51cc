import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

function bench(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ["--import", "tsx", "scripts/bench/main.ts", ...args], { encoding: "utf8" });
}

test("two echo servers are compared, and one JSON object with every promised name comes out", async () => {
  const fast = ["--only", "lines", "--rounds", "5", "--turns", "1", "--window-ms", "30"];
  const { stdout } = await bench("--target", "echo", "--json", ...fast);
  const output = JSON.parse(stdout);
  expect(Object.keys(output)).toEqual(["lines", "level_puts_per_reservation", "machine"]);
  const names = ["cpu_ratio", "ratio", "echo_busy", "holdfast_busy", "holdfast_per_s", "echo_per_s"];
  for (const name of names) expect(output.lines[name], name).toBeGreaterThan(0);
  // The same server on both sides: far from 1 means that the two sides are not treated alike.
  expect(output.lines.cpu_ratio).toBeGreaterThan(0.4);
  expect(output.lines.cpu_ratio).toBeLessThan(2.5);
  expect(output.machine).toMatchObject({ cores: expect.any(Number), node: process.versions.node });
});

test("an option that does not exist ends the benchmark with a failure that names it", async () => {
  await expect(bench("--slow")).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("--slow") });
});
