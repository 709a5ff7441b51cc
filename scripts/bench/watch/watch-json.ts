/** The results under the names that scripts read, and what they are held to. */
import type { Machine } from "../measure/measure-ratios.js";
import { machineToJson } from "../report/results-json.js";
import type { Target } from "../report/targets.js";
import { roundForOutput } from "../statistics.js";
import type { WatchResults } from "./measure-watch.js";

export const watchTargets: readonly Target[] = [
  { name: "p99_ms", bound: "at most", value: 100 },
  { name: "cpu_ratio", bound: "at least", value: 0.5 },
  { name: "growth_ratio", bound: "at most", value: 1.2 },
  { name: "bytes_per_idle_session", bound: "at most", value: 40_000 },
  { name: "slow_reader.p99_ratio", bound: "at most", value: 1.3 },
  { name: "resume_ms", bound: "at most", value: 3_000 },
];

export function watchResultsToJson(results: WatchResults, machine: Machine): Record<string, unknown> {
  return {
    deliveries_per_s: roundForOutput(results.deliveriesPerSecond),
    p50_ms: roundForOutput(results.p50Ms),
    p99_ms: roundForOutput(results.p99Ms),
    cpu_us_per_delivery: roundForOutput(results.cpuMicrosPerDelivery),
    echo_cpu_us_per_write: roundForOutput(results.echoCpuMicrosPerWrite),
    cpu_ratio: roundForOutput(results.echoCpuMicrosPerWrite / results.cpuMicrosPerDelivery),
    bytes_per_message: results.bytesPerMessage,
    bytes_per_idle_session: Math.round(results.bytesPerIdleSession),
    growth_ratio: roundForOutput(results.growthRatio),
    growth_watchers: results.growthWatchers,
    slow_reader: {
      p99_ratio: roundForOutput(results.slowReaderP99Ratio),
      p99_ms: roundForOutput(results.slowReaderP99Ms),
    },
    reserve_p99_ratio: roundForOutput(results.reserveP99Ratio),
    reserve_p99_ms: roundForOutput(results.reserveP99Ms),
    resume_ms: Math.round(results.resumeMs),
    machine: machineToJson(machine),
  };
}
