/** Holdfast beside the ceiling of its transport: the same load on it and on the echo server, turn by turn. */
import { mean, median, ratioOfMedians, relativeSpread } from "../statistics.js";
import { type BenchRun, withEchoServer, withStockedTarget } from "./bench-run.js";
import { connectLoad, type GroupName, groups, SPREAD_SKUS } from "./groups.js";
import { repeatRounds } from "./rounds.js";
import { type Turn, takeTurn, warmUp } from "./turn.js";

export interface GroupResult {
  /** Processor time of the echo server for each call, over that of Holdfast. */
  readonly cpuRatio: number;
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
      const echoTurns: Turn[] = [];
      const holdfastTurns: Turn[] = [];
      await repeatRounds(run, name, async () => {
        echoTurns.push(await takeTurn(echo, echoLoad, run.windowMs));
        holdfastTurns.push(await takeTurn(holdfast, holdfastLoad, run.windowMs));
      });
      return summarize(echoTurns, holdfastTurns, group.unitsPerCall);
    }),
  );
}

function summarize(echo: readonly Turn[], holdfast: readonly Turn[], unitsPerCall: number): GroupResult {
  const echoCpu = echo.map((turn) => turn.cpuMicrosPerCall / unitsPerCall);
  const holdfastCpu = holdfast.map((turn) => turn.cpuMicrosPerCall / unitsPerCall);
  const echoPerSecond = echo.map((turn) => turn.perSecond * unitsPerCall);
  const holdfastPerSecond = holdfast.map((turn) => turn.perSecond * unitsPerCall);
  return {
    cpuRatio: ratioOfMedians({ numerators: echoCpu, denominators: holdfastCpu }),
    ratio: ratioOfMedians({ numerators: holdfastPerSecond, denominators: echoPerSecond }),
    echoBusy: mean(echo.map((turn) => turn.busy)),
    holdfastBusy: mean(holdfast.map((turn) => turn.busy)),
    generatorBusy: mean([...echo, ...holdfast].map((turn) => turn.generatorBusy)),
    holdfastPerSecond: median(holdfastPerSecond),
    echoPerSecond: median(echoPerSecond),
    holdfastCpuMicros: median(holdfastCpu),
    echoCpuMicros: median(echoCpu),
    cpuSpread: Math.max(relativeSpread(echoCpu), relativeSpread(holdfastCpu)),
  };
}
