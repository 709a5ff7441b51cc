/** The race: every workload on every contestant, turn by turn, and an audit of what they granted. */

import type { Load } from "../../load/load.js";
import type { BenchRun } from "../../measure/bench-run.js";
import { alternateAll } from "../../measure/rounds.js";
import { addTurns, callsPerSecond, cpuMicrosPerCall, type Turn, takeTurn, untilAtRest } from "../../measure/turn.js";
import { median, ratioOfMedians } from "../../statistics.js";
import type { PeerName } from "../instances/find-programs.js";
import { type Audit, auditGrants } from "./audit.js";
import { type Contestant, type ContestantName, type PeerEntry, withHoldfast, withPeer } from "./contestant.js";
import { GrantCount, scarceLoads } from "./scarce-loads.js";
import { type Workload, type WorkloadName, workloads } from "./workloads.js";

const CONNECTIONS = 4;
/** The same time for everyone: compilers, caches and plans have settled by then. */
const WARM_UP_MS = 2_000;

export interface RaceOptions {
  readonly peers: readonly PeerEntry[];
  readonly workloads: readonly WorkloadName[];
}

/** One contestant on one workload. A unit is a call, a message or a line. */
export interface Lap {
  readonly unitsPerSecond: number;
  /** Each round's figure, for ratios. */
  readonly rounds: readonly number[];
  /** Processor time of the server and the store behind it, for each unit. */
  readonly cpuMicros: number;
  /** How much of a core the server's JavaScript thread used, and how many cores the store's processes. */
  readonly serverBusy: number;
  readonly storeBusy: number;
  readonly generatorBusy: number;
}

export interface PeerLap {
  /** Throughput of Holdfast over that of the peer. */
  readonly ratio: number;
  /** Processor time of the peer, its store included, over that of Holdfast. */
  readonly cpuRatio: number;
  readonly holdfast: Lap;
  readonly peer: Lap;
}

export interface RaceResults {
  readonly laps: Readonly<Record<PeerName, Partial<Record<WorkloadName, PeerLap>>>>;
  readonly audits: Readonly<Partial<Record<ContestantName, Audit>>>;
  readonly peers: readonly PeerEntry[];
}

export function runRace(run: BenchRun, options: RaceOptions): Promise<RaceResults> {
  return withContestants(run, options.peers, async (contestants) => {
    const laps: Record<PeerName, Partial<Record<WorkloadName, PeerLap>>> = { postgres: {}, redis: {} };
    const grantedUnits = contestants.map(() => 0);
    for (const name of options.workloads) {
      const outcome = await raceOn(run, name, contestants);
      for (const [at, units] of outcome.grantedUnits.entries()) grantedUnits[at]! += units;
      const [holdfast, ...others] = outcome.laps;
      for (const [at, { name: peer }] of options.peers.entries())
        laps[peer][name] = compareLaps(holdfast!, others[at]!);
    }
    const audits: Partial<Record<ContestantName, Audit>> = {};
    for (const [at, contestant] of contestants.entries()) {
      run.progress(`audit of ${contestant.name}`);
      audits[contestant.name] = await audit(contestant, grantedUnits[at]!);
    }
    return { laps, audits, peers: options.peers };
  });
}

/** Starts them one inside the other, so that each is ended whatever happens to the others. Holdfast is the first. */
function withContestants<T>(
  run: BenchRun,
  peers: readonly PeerEntry[],
  work: (contestants: readonly Contestant[]) => Promise<T>,
): Promise<T> {
  const enter = (started: readonly Contestant[]): Promise<T> => {
    const next = peers[started.length - 1];
    if (next === undefined) return work(started);
    run.progress(`starting ${next.name} ${next.program.version}, ${next.connections} connections`);
    return withPeer(run, next, (contestant) => enter([...started, contestant]));
  };
  return withHoldfast(run, (holdfast) => enter([holdfast]));
}

/** A turn, and what the store did meanwhile. */
interface RaceTurn extends Turn {
  readonly storeCpuMs: number;
}

async function raceOn(run: BenchRun, name: WorkloadName, contestants: readonly Contestant[]) {
  const workload = workloads[name];
  const entries: { readonly contestant: Contestant; readonly load: Load }[] = [];
  for (const contestant of contestants) {
    const load = workload.makeLoad(await contestant.server.connect(CONNECTIONS));
    run.progress(`${name}: warming up ${contestant.name}`);
    await takeRaceTurn(contestant, load, WARM_UP_MS);
    entries.push({ contestant, load });
  }
  const sides = entries.map(
    ({ contestant, load }) =>
      () =>
        takeRaceTurn(contestant, load, run.windowMs),
  );
  const rounds = await alternateAll(run, name, sides, addRaceTurns);
  return {
    laps: rounds.map((turns) => summarize(turns, workload)),
    grantedUnits: entries.map(({ load }) => load.answered * workload.unitsPerCall),
  };
}

async function takeRaceTurn(contestant: Contestant, load: Load, windowMs: number): Promise<RaceTurn> {
  const storeBefore = contestant.readStoreCpuMs();
  const turn = await takeTurn(contestant.server, load, windowMs);
  await untilAtRest(() => contestant.readStoreCpuMs());
  return { ...turn, storeCpuMs: contestant.readStoreCpuMs() - storeBefore };
}

function addRaceTurns(turns: readonly RaceTurn[]): RaceTurn {
  return { ...addTurns(turns), storeCpuMs: turns.reduce((sum, turn) => sum + turn.storeCpuMs, 0) };
}

function summarize(turns: readonly RaceTurn[], { unitsPerCall }: Workload): Lap {
  const rounds = turns.map((turn) => callsPerSecond(turn) * unitsPerCall);
  const total = addRaceTurns(turns);
  const storeMicrosPerCall = (total.storeCpuMs / total.calls) * 1000;
  return {
    unitsPerSecond: median(rounds),
    rounds,
    cpuMicros: (cpuMicrosPerCall(total) + storeMicrosPerCall) / unitsPerCall,
    serverBusy: total.busyMs / total.windowMs,
    storeBusy: (storeMicrosPerCall * callsPerSecond(total)) / 1e6,
    generatorBusy: total.generatorBusyMs / total.windowMs,
  };
}

function compareLaps(holdfast: Lap, peer: Lap): PeerLap {
  return {
    ratio: ratioOfMedians({ numerators: holdfast.rounds, denominators: peer.rounds }),
    cpuRatio: peer.cpuMicros / holdfast.cpuMicros,
    holdfast,
    peer,
  };
}

/** Lets callers fight for the last units, then counts. A contestant that granted what was not there has not raced. */
async function audit(contestant: Contestant, plentifulUnits: number): Promise<Audit> {
  const scarce = new GrantCount();
  const connections = await contestant.server.connect(CONNECTIONS);
  for (const { load, calls } of scarceLoads(connections, scarce)) {
    load.start(calls);
    await load.finished();
  }
  const result = auditGrants({ plentifulUnits, scarce }, await contestant.readStock());
  if (result.findings.length > 0)
    throw new Error(`the counts of ${contestant.name} do not agree:\n${result.findings.join("\n")}`);
  return result;
}
