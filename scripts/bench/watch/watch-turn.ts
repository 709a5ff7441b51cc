/** One turn of a watched server: changes at a rate, what was told of them, and what it cost. */
import type { CallRate } from "../measure/latency.js";
import { comeToRest } from "../measure/turn.js";
import { readProcessCpu } from "../process-cpu.js";
import type { ChangeLoad } from "./change-load.js";
import { WAREHOUSES, type WatchedServer } from "./watched-server.js";
import type { Figures } from "./watchers/figures.js";

export interface WatchTurn {
  readonly durationMs: number;
  /** Processor time of the server, until it is at rest again. */
  readonly cpuMs: number;
  /** Reserves made. */
  readonly calls: number;
  readonly deliveries: number;
  readonly bytes: number;
  /** How long each reserve took. */
  readonly waitsMs: readonly number[];
  /** From the answer that said that a change is durable to its delivery, of the watchers that are sampled. */
  readonly delaysMs: readonly number[];
}

/** At the end every watcher has been told exactly what the server answers; otherwise it throws. */
export async function takeWatchTurn(
  party: WatchedServer,
  load: ChangeLoad,
  rate: Omit<CallRate, "isOver"> & { readonly durationMs: number },
): Promise<WatchTurn> {
  const { server, watchers } = party;
  const before = await party.figures();
  const changesBefore = WAREHOUSES.map((_, warehouse) =>
    Array.from(before[warehouse]!.versions, (_, stock) => load.changesOf(warehouse, stock)),
  );
  await comeToRest(server);
  await watchers?.begin();
  const cpuBefore = readProcessCpu(server.pid);
  const startedAtMs = performance.now();
  const waitsMs = await load.run({ ...rate, isOver: (elapsedMs) => elapsedMs >= rate.durationMs });
  const durationMs = performance.now() - startedAtMs;
  await comeToRest(server);
  const cpuMs = readProcessCpu(server.pid).totalMs - cpuBefore.totalMs;
  await watchers?.untilExact(await party.figures());
  const told = await watchers?.counted();
  const changeOf = (warehouse: number, stock: number, version: number) =>
    changesBefore[warehouse]![stock]! + version - before[warehouse]!.versions[stock]! - 1;
  return {
    durationMs,
    cpuMs,
    calls: waitsMs.length,
    deliveries: told?.deliveries ?? 0,
    bytes: told?.bytes ?? 0,
    waitsMs,
    delaysMs: delays(told?.samples ?? new Float64Array(0), before, (warehouse, stock, version) =>
      load.answeredAtMs(warehouse, stock, changeOf(warehouse, stock, version)),
    ),
  };
}

/** Each change is delivered with the first message that has its version or a newer one. */
function delays(
  samples: Float64Array,
  before: readonly Figures[],
  answeredAtMs: (warehouse: number, stock: number, version: number) => number,
): number[] {
  const known = new Map<number, Float64Array>();
  const delaysMs: number[] = [];
  for (let at = 0; at < samples.length; at += 4) {
    const [watcher, stock, version, toldAtMs] = samples.subarray(at, at + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const warehouse = watcher % WAREHOUSES.length;
    let versions = known.get(watcher);
    if (versions === undefined) {
      versions = Float64Array.from(before[warehouse]!.versions);
      known.set(watcher, versions);
    }
    for (let change = versions[stock]! + 1; change <= version; change++) {
      // The answer and the message go different ways: one that comes first has not waited.
      delaysMs.push(Math.max(0, toldAtMs - answeredAtMs(warehouse, stock, change)));
    }
    versions[stock] = version;
  }
  return delaysMs;
}

/** Microseconds of the server for each delivery, beyond what its orders cost without watchers. */
export function cpuMicrosPerDelivery(watched: WatchTurn, unwatched: WatchTurn): number {
  const cpuMs = watched.cpuMs - (unwatched.cpuMs / unwatched.calls) * watched.calls;
  return (cpuMs / watched.deliveries) * 1_000;
}
