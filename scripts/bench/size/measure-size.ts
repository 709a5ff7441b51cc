/**
 * A large data folder: how long until it is served after a clean stop and after a kill under load, how much memory it
 * takes at rest, and what a stock costs that is not in memory. Starts are repeated, and the worst one is what counts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { reserveReleaseExchanges } from "../load/exchanges.js";
import { spreadSkus } from "../load/reserve-message.js";
import { UnaryLoad } from "../load/unary-load.js";
import type { BenchRun } from "../measure/bench-run.js";
import { readResidentMemory } from "../process-cpu.js";
import { ServerProcess } from "../server-process.js";
import { type ColdAndWarm, measureColdAndWarm } from "./cold-and-warm.js";
import { type DataSize, makeOpenReservations, makeStocks, stocksPerWarehouse, WAREHOUSE_IDS } from "./large-data.js";

/** Long enough for what a start leaves to be done to be done. */
const REST_MS = 10_000;
/** How long each server takes load before it is killed: at different points of its rhythm of checkpoints. */
const LOAD_BEFORE_KILL_MS = [3_000, 5_500, 9_000];
const IN_FLIGHT_PER_WAREHOUSE = 32;

export interface SizeResults extends DataSize, ColdAndWarm {
  readonly readyAfterStopMs: number;
  readonly readyAfterKillMs: number;
  /** At rest after a start that followed a clean stop, or a kill: the larger one. */
  readonly residentMb: number;
  readonly residentAfterStopMb: number;
  readonly residentAfterKillMb: number;
  /** At rest after load. */
  readonly residentAfterLoadMb: number;
  readonly peakMb: number;
}

export function measureSize(run: BenchRun, size: DataSize): Promise<SizeResults> {
  return run.dataFolders.use(async (dataFolder) => {
    const starts = new ServerStarts(run, dataFolder);
    try {
      await makeData(run, await starts.start(), size);
      await starts.stop();

      const restingServer = await starts.startAfterStop();
      const afterStop = await memoryAtRest(run, restingServer);
      await starts.stop();

      run.progress("reserving on cold and warm stocks");
      const coldAndWarm = await measureColdAndWarm(await starts.startAfterStop(), size);
      await starts.stop();

      let server = await starts.startAfterStop();
      for (const loadMs of LOAD_BEFORE_KILL_MS) {
        await killUnderLoad(run, server, size, loadMs);
        server = await starts.startAfterKill();
      }
      const afterKill = await memoryAtRest(run, server);
      const stopLoad = await startLoad(server, size);
      await sleep(LOAD_BEFORE_KILL_MS[0]!);
      await stopLoad();
      const afterLoad = await memoryAtRest(run, server);
      await starts.stop();
      return {
        ...size,
        ...coldAndWarm,
        readyAfterStopMs: Math.max(...starts.readyAfterStopMs),
        readyAfterKillMs: Math.max(...starts.readyAfterKillMs),
        residentMb: Math.max(afterStop.residentMb, afterKill.residentMb),
        residentAfterStopMb: afterStop.residentMb,
        residentAfterKillMb: afterKill.residentMb,
        residentAfterLoadMb: afterLoad.residentMb,
        peakMb: Math.max(afterStop.peakMb, afterLoad.peakMb),
      };
    } catch (failure) {
      throw starts.server?.explain(failure) ?? failure;
    } finally {
      await starts.server?.kill();
    }
  });
}

/** The servers that follow each other on one data folder, and how long each start took. */
class ServerStarts {
  readonly readyAfterStopMs: number[] = [];
  readonly readyAfterKillMs: number[] = [];
  server: ServerProcess | undefined;
  readonly #run: BenchRun;
  readonly #dataFolder: string;

  constructor(run: BenchRun, dataFolder: string) {
    this.#run = run;
    this.#dataFolder = dataFolder;
  }

  async start(): Promise<ServerProcess> {
    this.server = await ServerProcess.start({ kind: this.#run.target, dataFolder: this.#dataFolder });
    return this.server;
  }

  async startAfterStop(): Promise<ServerProcess> {
    const server = await this.start();
    this.#run.progress(`ready ${Math.round(server.readyMs)} ms after a clean stop`);
    this.readyAfterStopMs.push(server.readyMs);
    return server;
  }

  async startAfterKill(): Promise<ServerProcess> {
    const server = await this.start();
    this.#run.progress(`ready ${Math.round(server.readyMs)} ms after a kill`);
    this.readyAfterKillMs.push(server.readyMs);
    return server;
  }

  async stop(): Promise<void> {
    const startedAtMs = performance.now();
    await this.server!.stop();
    this.#run.progress(`stopped in ${Math.round(performance.now() - startedAtMs)} ms`);
  }
}

async function makeData(run: BenchRun, server: ServerProcess, size: DataSize): Promise<void> {
  run.progress(`making ${size.stocks} stocks`);
  await makeStocks(server, size);
  run.progress(`making ${size.openReservations} open reservations`);
  await makeOpenReservations(server, size);
}

async function memoryAtRest(run: BenchRun, server: ServerProcess): Promise<{ residentMb: number; peakMb: number }> {
  run.progress("coming to rest");
  await sleep(REST_MS);
  return readResidentMemory(server.pid);
}

async function killUnderLoad(run: BenchRun, server: ServerProcess, size: DataSize, loadMs: number): Promise<void> {
  run.progress(`killing after ${loadMs} ms of load`);
  await startLoad(server, size);
  await sleep(loadMs);
  await server.kill();
}

/** Holds and releases all over the stocks of every warehouse, so that the open reservations stay as many as they are. */
async function startLoad(server: ServerProcess, size: DataSize): Promise<() => Promise<void>> {
  const loads = await Promise.all(
    WAREHOUSE_IDS.map(async (warehouseId) => {
      const skus = spreadSkus({ first: 0, count: stocksPerWarehouse(size) });
      const makeExchange = reserveReleaseExchanges({ warehouseId, skus, lines: 1 });
      const connections = await server.connect(1);
      return new UnaryLoad({ connections, inFlightPerConnection: IN_FLIGHT_PER_WAREHOUSE, makeExchange });
    }),
  );
  for (const load of loads) load.start();
  return async () => {
    await Promise.all(loads.map((load) => load.stop()));
  };
}
