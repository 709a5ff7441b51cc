/** The results under the names that scripts read. */
import type { LoadComparison } from "../measure/compare-loads.js";
import type { GroupResult } from "../measure/compare-with-echo.js";
import type { Machine, RatioResults } from "../measure/measure-ratios.js";
import type { TelemetryCost } from "../measure/telemetry.js";
import type { SizeResults } from "../size/measure-size.js";
import { roundForOutput } from "../statistics.js";

export function ratioResultsToJson(results: RatioResults): Record<string, unknown> {
  const { hotAndSpread, openHolds, latency, drift, machine } = results;
  return {
    ...Object.fromEntries(Object.entries(results.groups).map(([name, group]) => [name, groupToJson(group)])),
    ...(hotAndSpread && { hot_vs_spread: comparisonToJson(hotAndSpread) }),
    ...(openHolds && { open_holds: comparisonToJson(openHolds) }),
    level_puts_per_reservation: roundForOutput(results.levelPutsPerReservation),
    ...(latency && {
      latency: {
        p50_ms: roundForOutput(latency.p50Ms),
        p99_ms: roundForOutput(latency.p99Ms),
        disk_sync_p50_ms: roundForOutput(latency.diskSyncP50Ms),
        calls_per_s: roundForOutput(latency.callsPerSecond),
      },
    }),
    ...(drift && {
      drift: {
        p99_ratio: roundForOutput(drift.p99Ratio),
        p99_ms: roundForOutput(drift.p99Ms),
        usual_p99_ms: roundForOutput(drift.usualP99Ms),
        positions: drift.positions,
        positions_per_s: roundForOutput(drift.positionsPerSecond),
      },
    }),
    machine: machineToJson(machine),
  };
}

export function machineToJson({ cores, node, fileSystem }: Machine): Record<string, unknown> {
  return { cores, node, file_system: fileSystem };
}

export function sizeResultsToJson(results: SizeResults): Record<string, unknown> {
  return {
    size: {
      stocks: results.stocks,
      open_reservations: results.openReservations,
      ready_after_stop_ms: Math.round(results.readyAfterStopMs),
      ready_after_kill_ms: Math.round(results.readyAfterKillMs),
      rss_mb: Math.round(results.residentMb),
      rss_after_stop_mb: Math.round(results.residentAfterStopMb),
      rss_after_kill_mb: Math.round(results.residentAfterKillMb),
      rss_after_load_mb: Math.round(results.residentAfterLoadMb),
      rss_peak_mb: Math.round(results.peakMb),
      cold_over_warm: roundForOutput(results.coldP50Ms / results.warmP50Ms),
      cold_p50_ms: roundForOutput(results.coldP50Ms),
      warm_p50_ms: roundForOutput(results.warmP50Ms),
    },
  };
}

export function telemetryResultsToJson(cost: TelemetryCost, machine: Machine): Record<string, unknown> {
  return {
    telemetry: {
      cpu_ratio: roundForOutput(cost.cpuRatio),
      ratio: roundForOutput(cost.ratio),
      cpu_us_without: roundForOutput(cost.withoutCpuMicros),
      cpu_us_with: roundForOutput(cost.withCpuMicros),
    },
    machine: machineToJson(machine),
  };
}

function groupToJson(group: GroupResult): Record<string, number> {
  return {
    cpu_ratio: roundForOutput(group.cpuRatio),
    ratio: roundForOutput(group.ratio),
    cpu_ratio_of_sums: roundForOutput(group.cpuRatioOfSums),
    cpu_spread: roundForOutput(group.cpuSpread),
    echo_busy: roundForOutput(group.echoBusy),
    holdfast_busy: roundForOutput(group.holdfastBusy),
    holdfast_per_s: roundForOutput(group.holdfastPerSecond),
    echo_per_s: roundForOutput(group.echoPerSecond),
    holdfast_cpu_us: roundForOutput(group.holdfastCpuMicros),
    echo_cpu_us: roundForOutput(group.echoCpuMicros),
    generator_busy: roundForOutput(group.generatorBusy),
  };
}

function comparisonToJson(comparison: LoadComparison): Record<string, number> {
  return { cpu_ratio: roundForOutput(comparison.cpuRatio), ratio: roundForOutput(comparison.ratio) };
}
