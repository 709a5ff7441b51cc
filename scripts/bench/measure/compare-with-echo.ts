/** Holdfast beside the ceiling of its transport: the same load on it and on the echo server, turn by turn. */
import { median, ratioOfMedians, relativeSpread } from "../statistics.js";
import { type BenchRun, withEchoServer, withStockedTarget } from "./bench-run.js";
import { connectLoad, type GroupName, groups, SPREAD_SKUS } from "./groups.js";
import { alternate } from "./rounds.js";
import { addTurns, callsPerSecond, cpuMicrosPerCall, type Turn, takeTurn, warmUp } from "./turn.js";

export interface GroupResult {
  /** Processor time of the echo server for each call, over that of Holdfast. */
  readonly cpuRatio: number;
  /** The same from the sums over all rounds: what is done once in a while (checkpoints) escapes a median. */
  readonly cpuRatioOfSums: number;
  /** Throughput of Holdfast over that of the echo server. */
  readonly ratio: number;
  readonly echoBusy: number;
  readonly holdfastBusy: number;
  readonly generatorBusy: number;
  readonly holdfastPerSecond: number;
  readonly echoPerSecond: number;
  /** For each call, or line where the group counts lines. */
  readonly holdfastCpuMicros: number;
  readonly echoCpuMicros: number;
  /** How far a typical round lies from the median, as a share of it. */
  readonly cpuSpread: number;
}

export function compareWithEcho(run: BenchRun, name: GroupName): Promise<GroupResult> {
  const group = groups[name];
  return withEchoServer((echo) =>
    withStockedTarget(run, SPREAD_SKUS, async (holdfast) => {
      const echoLoad = await connectLoad(echo, group);
      const holdfastLoad = await connectLoad(holdfast, group);
      run.progress(`${name}: warming up`);
      await warmUp(echo, echoLoad, group.warmUpCalls);
      await warmUp(holdfast, holdfastLoad, group.warmUpCalls);
      const rounds = await alternate(run, {
        name,
        first: () => takeTurn(echo, echoLoad, run.windowMs),
        second: () => takeTurn(holdfast, holdfastLoad, run.windowMs),
      });
      return summarize(rounds.first, rounds.second, group.unitsPerCall);
    }),
  );
}

function summarize(echo: readonly Turn[], holdfast: readonly Turn[], unitsPerCall: number): GroupResult {
  const echoCpu = echo.map((turn) => cpuMicrosPerCall(turn) / unitsPerCall);
  const holdfastCpu = holdfast.map((turn) => cpuMicrosPerCall(turn) / unitsPerCall);
  const echoPerSecond = echo.map((turn) => callsPerSecond(turn) * unitsPerCall);
  const holdfastPerSecond = holdfast.map((turn) => callsPerSecond(turn) * unitsPerCall);
  const echoTotal = addTurns(echo);
  const holdfastTotal = addTurns(holdfast);
  const bothTotal = addTurns([echoTotal, holdfastTotal]);
  return {
    cpuRatio: ratioOfMedians({ numerators: echoCpu, denominators: holdfastCpu }),
    cpuRatioOfSums: cpuMicrosPerCall(echoTotal) / cpuMicrosPerCall(holdfastTotal),
    ratio: ratioOfMedians({ numerators: holdfastPerSecond, denominators: echoPerSecond }),
    echoBusy: echoTotal.busyMs / echoTotal.windowMs,
    holdfastBusy: holdfastTotal.busyMs / holdfastTotal.windowMs,
    generatorBusy: bothTotal.generatorBusyMs / bothTotal.windowMs,
    holdfastPerSecond: median(holdfastPerSecond),
    echoPerSecond: median(echoPerSecond),
    holdfastCpuMicros: median(holdfastCpu),
    echoCpuMicros: median(echoCpu),
    cpuSpread: Math.max(relativeSpread(echoCpu), relativeSpread(holdfastCpu)),
  };
}
