/** Two loads on one Holdfast server, turn by turn: what the same call costs in two situations. */
import type { Load } from "../load/load.js";
import type { ServerProcess } from "../server-process.js";
import { median, ratioOfMedians } from "../statistics.js";
import type { BenchRun } from "./bench-run.js";
import { alternate } from "./rounds.js";
import { callsPerSecond, cpuMicrosPerCall, takeTurn } from "./turn.js";

export interface LoadComparison {
  /** Processor time for each call of the usual load, over that of the hard one. */
  readonly cpuRatio: number;
  /** Throughput of the hard load over that of the usual one. */
  readonly ratio: number;
  readonly usualCpuMicros: number;
  readonly hardCpuMicros: number;
}

export interface LoadPair {
  readonly name: string;
  readonly server: ServerProcess;
  /** Asked in each round, so that a round can begin with a stock of its own. */
  readonly usual: (round: number) => Load;
  readonly hard: (round: number) => Load;
}

export async function compareLoads(run: BenchRun, { name, server, usual, hard }: LoadPair): Promise<LoadComparison> {
  const rounds = await alternate(run, {
    name,
    first: (round) => takeTurn(server, usual(round), run.windowMs),
    second: (round) => takeTurn(server, hard(round), run.windowMs),
  });
  const usualCpu = rounds.first.map(cpuMicrosPerCall);
  const hardCpu = rounds.second.map(cpuMicrosPerCall);
  const usualPerSecond = rounds.first.map(callsPerSecond);
  const hardPerSecond = rounds.second.map(callsPerSecond);
  return {
    cpuRatio: ratioOfMedians({ numerators: usualCpu, denominators: hardCpu }),
    ratio: ratioOfMedians({ numerators: hardPerSecond, denominators: usualPerSecond }),
    usualCpuMicros: median(usualCpu),
    hardCpuMicros: median(hardCpu),
  };
}
