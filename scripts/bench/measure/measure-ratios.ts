/** The whole measurement, in order, as one object. */
import { availableParallelism } from "node:os";
import type { MeasureName } from "../bench-options.js";
import type { BenchRun } from "./bench-run.js";
import type { LoadComparison } from "./compare-loads.js";
import { compareWithEcho, type GroupResult } from "./compare-with-echo.js";
import { type DriftResult, measureDrift } from "./drift.js";
import { type GroupName, groupNames } from "./groups.js";
import { measureHotAndSpread } from "./hot-and-spread.js";
import { type Latency, measureLatency } from "./latency.js";
import { measureOpenHolds } from "./open-holds.js";

const LATENCY_DURATION_MS = 4_000;
/** The load for the latency where the throughput was not measured in the same run. */
const CALLS_PER_SECOND_ASSUMED = 8_000;

export interface Machine {
  readonly cores: number;
  readonly node: string;
  readonly fileSystem: string;
}

/** What was measured; a part that was not asked for is missing. */
export interface RatioResults {
  readonly groups: Partial<Record<GroupName, GroupResult>>;
  readonly hotAndSpread: LoadComparison | undefined;
  readonly openHolds: LoadComparison | undefined;
  readonly levelPutsPerReservation: number;
  readonly latency: Latency | undefined;
  readonly drift: DriftResult | undefined;
  readonly machine: Machine;
}

export async function measureRatios(run: BenchRun, only: readonly MeasureName[]): Promise<RatioResults> {
  const groups: Partial<Record<GroupName, GroupResult>> = {};
  for (const name of groupNames) {
    if (only.includes(name)) groups[name] = await compareWithEcho(run, name);
  }
  const hotAndSpread = only.includes("hot_vs_spread") ? await measureHotAndSpread(run) : undefined;
  const openHolds = only.includes("open_holds") ? await measureOpenHolds(run) : undefined;
  const callsPerSecond = (groups.unary?.holdfastPerSecond ?? CALLS_PER_SECOND_ASSUMED) / 2;
  const latency = only.includes("latency")
    ? await measureLatency(run, { callsPerSecond, durationMs: LATENCY_DURATION_MS })
    : undefined;
  const drift = only.includes("drift") ? await measureDrift(run, callsPerSecond) : undefined;
  return {
    groups,
    hotAndSpread,
    openHolds,
    levelPutsPerReservation: run.totals.levelPuts / run.totals.reservations,
    latency,
    drift,
    machine: describeMachine(run),
  };
}

/** What the figures were taken on. */
export function describeMachine(run: BenchRun): Machine {
  return { cores: availableParallelism(), node: process.versions.node, fileSystem: run.dataFolders.fileSystem };
}
