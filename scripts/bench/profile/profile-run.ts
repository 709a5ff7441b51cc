/** Runs one load on a server under V8's sampling profiler and tells where its JavaScript thread spent the time. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { receiveStock } from "../load/stock-feed.js";
import { type BenchRun, WAREHOUSE_ID } from "../measure/bench-run.js";
import { connectLoad, type GroupName, groups, SPREAD_SKUS } from "../measure/groups.js";
import { warmUp } from "../measure/turn.js";
import { readProcessCpu, readThreadCpus, type ThreadCpu } from "../process-cpu.js";
import { ServerProcess } from "../server-process.js";
import {
  type CpuProfile,
  functionKey,
  placeKey,
  type SelfTimes,
  sumSelfTimes,
  type TimeWindow,
} from "./cpu-profile.js";

const LOAD_MS = 10_000;

export interface ProfileResults {
  readonly file: string;
  readonly callsPerSecond: number;
  /** All threads. The profile sees the JavaScript thread only. */
  readonly cpuMicrosPerCall: number;
  readonly mainThreadMicrosPerCall: number;
  /** Each thread's processor time for a call, in microseconds. */
  readonly threads: readonly ThreadMicros[];
  readonly byFunction: SelfTimes;
  readonly byPlace: SelfTimes;
}

export interface ThreadMicros {
  readonly name: string;
  readonly microsPerCall: number;
}

/** Leaves the .cpuprofile in a new folder below `profileFolder`. */
export function profileGroup(run: BenchRun, name: GroupName, profileFolder: string): Promise<ProfileResults> {
  mkdirSync(profileFolder, { recursive: true });
  const folder = mkdtempSync(join(resolve(profileFolder), `${run.target}-${name}-`));
  return run.dataFolders.use(async (dataFolder) => {
    const nodeOptions = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
    const server = await ServerProcess.start({ kind: run.target, dataFolder, nodeOptions });
    try {
      await receiveStock(server.port, { warehouseId: WAREHOUSE_ID, first: 0, count: SPREAD_SKUS });
      const group = groups[name];
      const load = await connectLoad(server, group);
      run.progress(`${name}: warming up`);
      await warmUp(server, load, group.warmUpCalls);
      run.progress(`${name}: profiling for ${LOAD_MS / 1000} s`);
      const threadsBefore = readThreadCpus(server.pid);
      const before = { ...readProcessCpu(server.pid), answered: load.answered, atMicros: monotonicMicros() };
      load.start();
      await sleep(LOAD_MS);
      await load.stop();
      const after = { ...readProcessCpu(server.pid), answered: load.answered, atMicros: monotonicMicros() };
      const threadsAfter = readThreadCpus(server.pid);
      await server.stop();
      const calls = after.answered - before.answered;
      const window = { fromMicros: before.atMicros, toMicros: after.atMicros };
      return {
        ...readProfile(folder, window),
        callsPerSecond: calls / ((window.toMicros - window.fromMicros) / 1e6),
        cpuMicrosPerCall: ((after.totalMs - before.totalMs) * 1000) / calls,
        threads: threadMicros(threadsBefore, threadsAfter, calls),
        mainThreadMicrosPerCall: ((after.mainThreadMs - before.mainThreadMs) * 1000) / calls,
      };
    } catch (failure) {
      throw server.explain(failure);
    } finally {
      await server.kill();
    }
  });
}

function threadMicros(before: readonly ThreadCpu[], after: readonly ThreadCpu[], calls: number): ThreadMicros[] {
  const cpuBefore = new Map(before.map(({ threadId, cpuMs }) => [threadId, cpuMs]));
  return after.map(({ threadId, name, cpuMs }) => {
    const usedMs = cpuMs - (cpuBefore.get(threadId) ?? 0);
    return { name: `${name} ${threadId}`, microsPerCall: (usedMs * 1000) / calls };
  });
}

function readProfile(folder: string, window: TimeWindow): Pick<ProfileResults, "file" | "byFunction" | "byPlace"> {
  const candidates = readdirSync(folder).map((name) => {
    const file = join(folder, name);
    const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
    return {
      file,
      byFunction: sumSelfTimes(profile, window, functionKey),
      byPlace: sumSelfTimes(profile, window, placeKey),
    };
  });
  // A thread of a module loader leaves a profile too; the server's own is the one in which something happened.
  const busiest = candidates.sort((a, b) => totalMicros(b.byPlace) - totalMicros(a.byPlace))[0];
  if (busiest === undefined || totalMicros(busiest.byPlace) === 0)
    throw new Error(`no samples of the load in ${folder}`);
  return busiest;
}

/** The sum of all self times. */
export function totalMicros(times: SelfTimes): number {
  let sum = 0;
  for (const time of times.values()) sum += time;
  return sum;
}

/** The clock of the profile's times, which all processes of a machine share. */
function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
