/**
 * Turns vitest's JSON result into the last line of .ci/run, and the line into an exit code.
 * A file that did not load, a crash, or a run without a test is a failure even where no test failed by name.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** @returns {{ passed: number, failed: number, skipped: number, remarks: string[] }} */
export function countResults({ resultText, testExitCode, failedSteps }) {
  const remarks = [];
  const result = parse(resultText);
  if (result === undefined) {
    remarks.push("the test run left no readable result");
    return { passed: 0, failed: failedSteps + 1, skipped: 0, remarks };
  }
  const tests = result.testResults.flatMap((file) => file.assertionResults);
  const count = (...statuses) => tests.filter((test) => statuses.includes(test.status)).length;
  const passed = count("passed");
  const unloaded = result.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  for (const file of unloaded) remarks.push(`${file.name}: ${file.message || "failed outside its tests"}`);
  let failedTests = count("failed") + unloaded.length;
  if (passed + failedTests === 0) {
    remarks.push("no test ran");
    failedTests = 1;
  }
  if (failedTests === 0 && testExitCode !== 0) {
    remarks.push(`the test command exited with ${testExitCode} though no test failed`);
    failedTests = 1;
  }
  return {
    passed,
    failed: failedSteps + failedTests,
    skipped: tests.length - passed - count("failed"),
    remarks,
  };
}

/** The line itself: skipped tests are named only where there are some. */
export function resultLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function parse(text) {
  if (text === undefined) return undefined;
  try {
    const result = JSON.parse(text);
    return Array.isArray(result?.testResults) ? result : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [path, testExitCode, failedSteps] = process.argv.slice(2);
  const counts = countResults({
    resultText: readIfThere(path),
    testExitCode: Number(testExitCode),
    failedSteps: Number(failedSteps),
  });
  for (const remark of counts.remarks) process.stdout.write(`${remark}\n`);
  process.stdout.write(`${resultLine(counts)}\n`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
