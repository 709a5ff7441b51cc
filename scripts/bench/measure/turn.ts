/**
 * One turn of a server: a load is put on it for a while and taken off again. Servers take turns, so that a slow minute
 * of a shared machine falls on all of them.
 *
 * Throughput and business are read in a window in which the load is steady. Processor time is read from before the load
 * until the server has come to rest after it, over all calls of the turn, so work that is put off until the callers are
 * gone counts too and disturbs nobody else's turn.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Load } from "../load/load.js";
import { readProcessCpu } from "../process-cpu.js";
import type { ServerProcess } from "../server-process.js";

/** Until a fresh load has settled into its rhythm. */
const RAMP_MS = 50;
/** A server that used less of a core than this over one step is at rest. */
const REST_BUSY_MAX = 0.35;
const REST_STEP_MS = 30;
const REST_WAIT_MAX_MS = 1_500;

export interface Turn {
  /** Calls (or messages) answered in a second. */
  readonly perSecond: number;
  /** Processor time of the server for each call, all threads. */
  readonly cpuMicrosPerCall: number;
  /** Share of the window for which the server's JavaScript thread ran. */
  readonly busy: number;
  /** The same for the load generator. */
  readonly generatorBusy: number;
}

export async function takeTurn(server: ServerProcess, load: Load, windowMs: number): Promise<Turn> {
  const answeredBefore = load.answered;
  const cpuBefore = readProcessCpu(server.pid);
  load.start();
  await sleep(RAMP_MS);
  const first = sample(server, load);
  await sleep(windowMs);
  const last = sample(server, load);
  await load.stop();
  await comeToRest(server);
  const cpuAfter = readProcessCpu(server.pid);
  const wallMs = last.atMs - first.atMs;
  return {
    perSecond: ((last.answered - first.answered) / wallMs) * 1000,
    cpuMicrosPerCall: ((cpuAfter.totalMs - cpuBefore.totalMs) * 1000) / (load.answered - answeredBefore),
    busy: (last.serverMs - first.serverMs) / wallMs,
    generatorBusy: (last.generatorMs - first.generatorMs) / wallMs,
  };
}

/** Puts a number of calls on a server, so that its code is compiled before it is measured. */
export async function warmUp(server: ServerProcess, load: Load, calls: number): Promise<void> {
  load.start(calls);
  await load.finished();
  await comeToRest(server);
}

/** Waits until the server does hardly anything any more, or for a bounded while. */
export async function comeToRest(server: ServerProcess): Promise<void> {
  let before = readProcessCpu(server.pid).totalMs;
  for (let waitedMs = 0; waitedMs < REST_WAIT_MAX_MS; waitedMs += REST_STEP_MS) {
    await sleep(REST_STEP_MS);
    const now = readProcessCpu(server.pid).totalMs;
    if (now - before < REST_BUSY_MAX * REST_STEP_MS) return;
    before = now;
  }
}

interface Sample {
  readonly atMs: number;
  readonly answered: number;
  readonly serverMs: number;
  readonly generatorMs: number;
}

function sample(server: ServerProcess, load: Load): Sample {
  return {
    atMs: performance.now(),
    answered: load.answered,
    serverMs: readProcessCpu(server.pid).mainThreadMs,
    generatorMs: readProcessCpu(process.pid).mainThreadMs,
  };
}
