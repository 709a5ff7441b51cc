/** The last line of .ci/run: what vitest's result becomes, also when there is none. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-ci-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly result?: string;
  readonly testExitCode?: number;
  readonly failedSteps?: number;
}

function lastLine({ result, testExitCode = 0, failedSteps = 0 }: Run): { line: string; exitCode: number | null } {
  const path = join(folder, "tests.json");
  if (result !== undefined) writeFileSync(path, result);
  const script = join(import.meta.dirname, "../../.ci/count-results.mjs");
  const run = spawnSync(process.execPath, [script, path, String(testExitCode), String(failedSteps)], {
    encoding: "utf8",
  });
  return { line: run.stdout.trimEnd().split("\n").at(-1) ?? "", exitCode: run.status };
}

function resultOf(...files: { status: string; tests: string[] }[]): string {
  return JSON.stringify({
    testResults: files.map((file, index) => ({
      name: `test/${index}.test.ts`,
      status: file.status,
      message: "",
      assertionResults: file.tests.map((status) => ({ status })),
    })),
  });
}

const green = resultOf({ status: "passed", tests: ["passed", "passed"] });

test("a green run counts its tests and exits 0", () => {
  expect(lastLine({ result: green })).toEqual({ line: "2 passed, 0 failed", exitCode: 0 });
});

test("skipped and todo tests are named as skipped", () => {
  const result = resultOf({ status: "passed", tests: ["passed", "skipped", "pending", "todo"] });
  expect(lastLine({ result })).toEqual({ line: "1 passed, 0 failed, 3 skipped", exitCode: 0 });
});

test("a failed test makes the run fail", () => {
  const result = resultOf({ status: "failed", tests: ["passed", "failed"] });
  expect(lastLine({ result, testExitCode: 1 })).toEqual({ line: "1 passed, 1 failed", exitCode: 1 });
});

test("each failed step counts as one failed beside a green test run", () => {
  expect(lastLine({ result: green, failedSteps: 2 })).toEqual({ line: "2 passed, 2 failed", exitCode: 1 });
});

test("a test file that did not load is one failed", () => {
  const result = resultOf({ status: "passed", tests: ["passed"] }, { status: "failed", tests: [] });
  expect(lastLine({ result, testExitCode: 1 })).toEqual({ line: "1 passed, 1 failed", exitCode: 1 });
});

test("an error outside every test fails the run through the exit code", () => {
  expect(lastLine({ result: green, testExitCode: 1 })).toEqual({ line: "2 passed, 1 failed", exitCode: 1 });
});

test("no result, a cut result and a run without a test are failures", () => {
  expect(lastLine({ testExitCode: 139 })).toEqual({ line: "0 passed, 1 failed", exitCode: 1 });
  expect(lastLine({ result: green.slice(0, 40), testExitCode: 1 }).line).toBe("0 passed, 1 failed");
  expect(lastLine({ result: resultOf() })).toEqual({ line: "0 passed, 1 failed", exitCode: 1 });
  expect(lastLine({ result: resultOf({ status: "passed", tests: ["skipped"] }) }).exitCode).toBe(1);
});
