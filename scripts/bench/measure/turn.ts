/**
 * One turn of a server: a load is put on it for a while and taken off again. Servers take turns, so that a slow minute
 * of a shared machine falls on all of them.
 *
 * Throughput and load of the server are read in a window in which the load is steady. Processor time is read from before the load
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

/** Sums, so that turns can be added up. */
export interface Turn {
  /** Calls (or messages) answered, from first to last. */
  readonly calls: number;
  /** Processor time of the server over all threads, until it was at rest again. */
  readonly cpuMs: number;
  readonly windowMs: number;
  readonly windowCalls: number;
  /** Processor time of the server's JavaScript thread within the window. */
  readonly busyMs: number;
  /** The same of the load generator. */
  readonly generatorBusyMs: number;
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
  return {
    calls: load.answered - answeredBefore,
    cpuMs: cpuAfter.totalMs - cpuBefore.totalMs,
    windowMs: last.atMs - first.atMs,
    windowCalls: last.answered - first.answered,
    busyMs: last.serverMs - first.serverMs,
    generatorBusyMs: last.generatorMs - first.generatorMs,
  };
}

export function addTurns(turns: readonly Turn[]): Turn {
  const sum = (of: (turn: Turn) => number) => turns.reduce((total, turn) => total + of(turn), 0);
  return {
    calls: sum((turn) => turn.calls),
    cpuMs: sum((turn) => turn.cpuMs),
    windowMs: sum((turn) => turn.windowMs),
    windowCalls: sum((turn) => turn.windowCalls),
    busyMs: sum((turn) => turn.busyMs),
    generatorBusyMs: sum((turn) => turn.generatorBusyMs),
  };
}

export function callsPerSecond(turn: Turn): number {
  return (turn.windowCalls / turn.windowMs) * 1000;
}

export function cpuMicrosPerCall(turn: Turn): number {
  return (turn.cpuMs / turn.calls) * 1000;
}

/** Puts a number of calls on a server, so that its code is compiled before it is measured. */
export async function warmUp(server: ServerProcess, load: Load, calls: number): Promise<void> {
  load.start(calls);
  await load.finished();
  await comeToRest(server);
}

/** Waits until the server does hardly anything any more, or for a bounded while. */
export function comeToRest(server: ServerProcess): Promise<void> {
  return untilAtRest(() => readProcessCpu(server.pid).totalMs);
}

/** The same for anything of which the processor time can be read. */
export async function untilAtRest(readCpuMs: () => number): Promise<void> {
  let before = readCpuMs();
  for (let waitedMs = 0; waitedMs < REST_WAIT_MAX_MS; waitedMs += REST_STEP_MS) {
    await sleep(REST_STEP_MS);
    const now = readCpuMs();
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
