/** Two loads on one Holdfast server, turn by turn: what the same call costs in two situations. */
import type { Load } from "../load/load.js";
import type { ServerProcess } from "../server-process.js";
import { median, ratioOfMedians } from "../statistics.js";
import type { BenchRun } from "./bench-run.js";
import { repeatRounds } from "./rounds.js";
import { type Turn, takeTurn } from "./turn.js";

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

export async function compareLoads(run: BenchRun, pair: LoadPair): Promise<LoadComparison> {
  const usual: Turn[] = [];
  const hard: Turn[] = [];
  await repeatRounds(run, pair.name, async (round) => {
    usual.push(await takeTurn(pair.server, pair.usual(round), run.windowMs));
    hard.push(await takeTurn(pair.server, pair.hard(round), run.windowMs));
  });
  const cpu = (turn: Turn) => turn.cpuMicrosPerCall;
  const perSecond = (turn: Turn) => turn.perSecond;
  return {
    cpuRatio: ratioOfMedians({ numerators: usual.map(cpu), denominators: hard.map(cpu) }),
    ratio: ratioOfMedians({ numerators: hard.map(perSecond), denominators: usual.map(perSecond) }),
    usualCpuMicros: median(usual.map(cpu)),
    hardCpuMicros: median(hard.map(cpu)),
  };
}
