/** A profile for a person: the functions and the places that took most, by their own time. */
import Table from "cli-table3";
import type { SelfTimes } from "../profile/cpu-profile.js";
import { type ProfileResults, type ThreadMicros, totalMicros } from "../profile/profile-run.js";
import { COMPACT } from "./compact-table.js";

const ROWS = 30;

export function formatProfile(results: ProfileResults): string {
  const { callsPerSecond, cpuMicrosPerCall, mainThreadMicrosPerCall } = results;
  // Shares of the JavaScript thread's time become microseconds of each call.
  const microsOfAll = mainThreadMicrosPerCall / totalMicros(results.byPlace);
  return [
    `${Math.round(callsPerSecond)} calls a second, ${cpuMicrosPerCall.toFixed(1)} microseconds of processor time each, ` +
      `${mainThreadMicrosPerCall.toFixed(1)} of them on the JavaScript thread, profiled below: ${results.file}`,
    threadTable(results.threads),
    selfTimeTable("function", results.byFunction, microsOfAll),
    selfTimeTable("file or package", results.byPlace, microsOfAll),
  ].join("\n\n");
}

function threadTable(threads: readonly ThreadMicros[]): string {
  const table = new Table({ head: ["us a call", "thread"], ...COMPACT });
  const rows = threads.toSorted((a, b) => b.microsPerCall - a.microsPerCall);
  for (const { name, microsPerCall } of rows)
    table.push([{ content: microsPerCall.toFixed(2), hAlign: "right" }, name]);
  return table.toString();
}

function selfTimeTable(title: string, times: SelfTimes, microsOfAll: number): string {
  const table = new Table({ head: ["self %", "us a call", title], ...COMPACT });
  const total = totalMicros(times);
  const rows = [...times].sort((a, b) => b[1] - a[1]).slice(0, ROWS);
  for (const [key, micros] of rows) {
    const share = ((micros / total) * 100).toFixed(1);
    table.push([
      { content: share, hAlign: "right" },
      { content: (micros * microsOfAll).toFixed(2), hAlign: "right" },
      key,
    ]);
  }
  return table.toString();
}
