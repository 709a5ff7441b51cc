/**
 * How long a caller waits at half of what the server can take, and beside it how long the disk takes to make one small
 * block durable: no answer can come sooner.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expectReserved } from "../load/answer.js";
import type { Connection, OutgoingMessage } from "../load/connection.js";
import type { CallListener } from "../load/open-call.js";
import { paths } from "../load/paths.js";
import { ReserveMessage, spreadSkus } from "../load/reserve-message.js";
import { median, percentile } from "../statistics.js";
import { type BenchRun, WAREHOUSE_ID, withStockedTarget } from "./bench-run.js";
import { connectLoad, groups, SPREAD_SKUS } from "./groups.js";
import { comeToRest, warmUp } from "./turn.js";

const SYNC_BLOCK_BYTES = 4_096;
const SYNC_FILE_BLOCKS = 512;
const CONNECTIONS = 4;
/** Calls go out in small bursts: a timer cannot pace them finer, and a busy loop would take the server's second core. */
const TICK_MS = 1;

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly diskSyncP50Ms: number;
  readonly callsPerSecond: number;
}

export interface LatencyOptions {
  readonly callsPerSecond: number;
  readonly durationMs: number;
}

/** How often, and for how long. */
export interface CallRate {
  readonly callsPerSecond: number;
  /** Calls that fall into so many milliseconds go out together. */
  readonly burstMs?: number;
  /** Asked between calls; what was sent is still waited for. */
  readonly isOver: (elapsedMs: number) => boolean;
}

export async function measureLatency(run: BenchRun, options: LatencyOptions): Promise<Latency> {
  const diskSyncP50Ms = await run.dataFolders.use(async (folder) => measureDiskSync(folder));
  return withStockedTarget(run, SPREAD_SKUS, async (server) => {
    run.progress("latency: warming up");
    await warmUp(server, await connectLoad(server, groups.unary), groups.unary.warmUpCalls);
    await comeToRest(server);
    run.progress(`latency: ${Math.round(options.callsPerSecond)} calls a second`);
    const { callsPerSecond, durationMs } = options;
    const isOver = (elapsedMs: number) => elapsedMs >= durationMs;
    const waitsMs = await callAtRate(await server.connect(CONNECTIONS), { callsPerSecond, isOver });
    return {
      p50Ms: percentile(waitsMs, 50),
      p99Ms: percentile(waitsMs, 99),
      diskSyncP50Ms,
      callsPerSecond: options.callsPerSecond,
    };
  });
}

/** What reserve calls send, one after the other, and who hears of them. */
export interface ReserveCalls {
  next(): OutgoingMessage;
  /** The last one was sent; what is given back is called when it was granted. */
  readonly sent?: () => () => void;
}

/** One line each, spread over the SKUs of the benchmark's warehouse. */
function spreadReserves(): ReserveCalls {
  const skus = spreadSkus({ first: 0, count: SPREAD_SKUS });
  const request = new ReserveMessage({ warehouseId: WAREHOUSE_ID, skus, lines: 1, streamed: false });
  return { next: () => request };
}

/** Sends calls when they are due, whether or not earlier ones are answered, and tells how long each one took. */
export async function callAtRate(
  connections: readonly Connection[],
  { callsPerSecond, burstMs = TICK_MS, isOver }: CallRate,
  calls: ReserveCalls = spreadReserves(),
): Promise<number[]> {
  const waitsMs: number[] = [];
  const dueAtMs: number[] = [];
  let sent = 0;
  const tick = () => Promise.race([sleep(TICK_MS), ...connections.map((connection) => connection.broken)]);
  const startedAtMs = performance.now();
  for (let nowMs = startedAtMs; !isOver(nowMs - startedAtMs); nowMs = performance.now()) {
    const elapsedMs = Math.floor((nowMs - startedAtMs) / burstMs) * burstMs;
    const due = Math.floor((elapsedMs / 1000) * callsPerSecond);
    while (dueAtMs.length < due) dueAtMs.push(nowMs);
    for (; sent < due; sent++) {
      const connection = connections[sent % connections.length]!;
      const request = calls.next();
      // A call that cannot go out yet waits for the next tick, and its wait counts.
      if (!connection.canStart(request.byteLength)) break;
      const listener = new TimedCall(waitsMs, dueAtMs[sent]!);
      connection.send(connection.startCall(paths.reserve, listener), request, true);
      listener.onGranted = calls.sent?.();
    }
    for (const connection of connections) connection.flush();
    await tick();
  }
  while (waitsMs.length < sent) await tick();
  return waitsMs;
}

class TimedCall implements CallListener {
  onGranted: (() => void) | undefined;

  constructor(
    readonly waitsMs: number[],
    readonly dueAtMs: number,
  ) {}

  onMessage(bytes: Buffer, start: number, end: number): void {
    expectReserved(bytes, start, end);
    this.onGranted?.();
  }

  onEnd(status: string, message: string): void {
    if (status !== "0") throw new Error(`a call ended with gRPC status ${status}: ${message}`);
    this.waitsMs.push(performance.now() - this.dueAtMs);
  }
}

/** Median time of one write and data sync of a small block, in a file that has its full size already. */
function measureDiskSync(folder: string): number {
  const file = openSync(join(folder, "disk-sync"), "w");
  const block = Buffer.alloc(SYNC_BLOCK_BYTES, 1);
  for (let at = 0; at < SYNC_FILE_BLOCKS; at++) writeSync(file, block, 0, block.length, at * block.length);
  fdatasyncSync(file);
  const timesMs: number[] = [];
  for (let at = 0; at < SYNC_FILE_BLOCKS; at++) {
    const startedAtMs = performance.now();
    writeSync(file, block, 0, block.length, at * block.length);
    fdatasyncSync(file);
    timesMs.push(performance.now() - startedAtMs);
  }
  closeSync(file);
  return median(timesMs);
}
