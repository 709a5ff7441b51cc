/**
 * CPU time of a running process, read from /proc (Linux). The kernel keeps these figures in ticks of 10 ms, for the
 * process with every thread it ever had, and for each living thread on its own. Node's JavaScript runs on the thread
 * whose id is the process id.
 */
import { readdirSync, readFileSync } from "node:fs";

/** The kernel reports ticks to user space at 100 a second on every architecture that Node runs on. */
const TICK_MS = 10;

export interface ProcessCpu {
  /** All threads, those that have ended included. */
  readonly totalMs: number;
  /** The thread that runs JavaScript. */
  readonly mainThreadMs: number;
}

/** Samples a process; throws if it is gone. */
export function readProcessCpu(pid: number): ProcessCpu {
  return {
    totalMs: parseStatCpuMs(readFileSync(`/proc/${pid}/stat`, "latin1")),
    mainThreadMs: parseStatCpuMs(readFileSync(`/proc/${pid}/task/${pid}/stat`, "latin1")),
  };
}

export interface ThreadCpu {
  readonly threadId: number;
  readonly name: string;
  readonly cpuMs: number;
}

/** Every living thread, the one that runs JavaScript first. */
export function readThreadCpus(pid: number): ThreadCpu[] {
  const threadIds = readdirSync(`/proc/${pid}/task`).map(Number);
  return threadIds.map((threadId) => {
    const stat = readFileSync(`/proc/${pid}/task/${threadId}/stat`, "latin1");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    return { threadId, name: threadId === pid ? `${name} (JavaScript)` : name, cpuMs: parseStatCpuMs(stat) };
  });
}

/** A process with the children it has and those it had, such as a server that keeps a process for each connection. */
export function readProcessTreeCpuMs(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean);
  let sumMs = 0;
  for (const path of [`/proc/${pid}/stat`, ...children.map((child) => `/proc/${child}/stat`)]) {
    const stat = readStatOfLiving(path);
    if (stat !== undefined) sumMs += parseStatCpuMs(stat) + parseStatChildrenMs(stat);
  }
  return sumMs;
}

function readStatOfLiving(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** utime + stime of a stat line. The name in parentheses may hold spaces and parentheses of its own. */
export function parseStatCpuMs(stat: string): number {
  return parseTicksMs(stat, 11);
}

/** cutime + cstime of a stat line: children that have ended and were waited for. */
export function parseStatChildrenMs(stat: string): number {
  return parseTicksMs(stat, 13);
}

/** The sum of two fields next to each other, counted from the one after the name. */
function parseTicksMs(stat: string, field: number): number {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(afterName[field]) + Number(afterName[field + 1]);
  if (!Number.isInteger(ticks)) throw new Error(`not a stat line: ${stat.slice(0, 80)}`);
  return ticks * TICK_MS;
}

export interface ResidentMemory {
  readonly residentMb: number;
  readonly peakMb: number;
}

/** VmRSS and VmHWM; throws if the process is gone. */
export function readResidentMemory(pid: number): ResidentMemory {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return { residentMb: parseStatusMb(status, "VmRSS"), peakMb: parseStatusMb(status, "VmHWM") };
}

/** One of the kB lines of a status file, in MB of 2^20 bytes. */
export function parseStatusMb(status: string, key: string): number {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status);
  if (match === null) throw new Error(`no ${key} in the status file`);
  return Number(match[1]) / 1024;
}
