/** One that takes part in the race: a server of the contract, and the store behind it where that is another process. */
import { join } from "node:path";
import { everyPage, HoldfastClient } from "../../../../src/client/index.js";
import { receiveStock } from "../../load/stock-feed.js";
import { type BenchRun, WAREHOUSE_ID } from "../../measure/bench-run.js";
import { readProcessTreeCpuMs } from "../../process-cpu.js";
import { ServerProcess } from "../../server-process.js";
import { openStore, type StoreSettings, writeStoreSettings } from "../front/store-settings.js";
import type { PeerName, PeerProgram } from "../instances/find-programs.js";
import { startPostgres } from "../instances/postgres-instance.js";
import { startRedis } from "../instances/redis-instance.js";
import type { StockFigures } from "../stores/peer-store.js";
import { SCARCE_SKUS, SCARCE_UNITS } from "./scarce-loads.js";
import { PLENTIFUL_SKUS } from "./workloads.js";

export type ContestantName = "holdfast" | PeerName;

export interface Contestant {
  readonly name: ContestantName;
  readonly server: ServerProcess;
  /** Processor time of the store's processes; 0 where the store is in the server. */
  readStoreCpuMs(): number;
  readStock(): Promise<readonly StockFigures[]>;
}

export interface PeerEntry {
  readonly name: PeerName;
  readonly program: PeerProgram;
  /** Connections of the front end to the store. */
  readonly connections: number;
}

/** Runs with a stocked Holdfast. */
export function withHoldfast<T>(run: BenchRun, work: (contestant: Contestant) => Promise<T>): Promise<T> {
  return run.dataFolders.use(async (dataFolder) => {
    const server = await ServerProcess.start({ kind: "holdfast", dataFolder });
    const readStock = () => readHoldfastStock(server.port);
    return attend(server, () => work({ name: "holdfast", server, readStoreCpuMs: () => 0, readStock }));
  });
}

/** Runs with a peer: a private instance of its store, stocked, and the front end over it. */
export function withPeer<T>(
  run: BenchRun,
  { name, program, connections }: PeerEntry,
  work: (contestant: Contestant) => Promise<T>,
): Promise<T> {
  return run.dataFolders.use(async (folder) => {
    const instance = await (name === "postgres" ? startPostgres : startRedis)(program, folder);
    try {
      const settings: StoreSettings = { name, address: instance.address, connections };
      const environment = writeStoreSettings(settings);
      const server = await ServerProcess.start({ kind: "peer", dataFolder: join(folder, "unused"), environment });
      const readStoreCpuMs = () => readProcessTreeCpuMs(instance.pid);
      const readStock = () => readPeerStock(settings);
      return await attend(server, () => work({ name, server, readStoreCpuMs, readStock }));
    } finally {
      await instance.stop();
    }
  });
}

/** Stocks a server, runs, and ends it whatever happens. */
async function attend<T>(server: ServerProcess, work: () => Promise<T>): Promise<T> {
  try {
    await receiveStock(server.port, { warehouseId: WAREHOUSE_ID, first: 0, count: PLENTIFUL_SKUS });
    const scarce = { first: PLENTIFUL_SKUS, count: SCARCE_SKUS, units: BigInt(SCARCE_UNITS) };
    await receiveStock(server.port, { warehouseId: WAREHOUSE_ID, ...scarce });
    return await work();
  } catch (failure) {
    throw server.explain(failure);
  } finally {
    await server.kill();
  }
}

/** From the store itself, past the front end. */
async function readPeerStock(settings: StoreSettings): Promise<readonly StockFigures[]> {
  const store = await openStore({ ...settings, connections: 1 });
  try {
    return await store.readStock(WAREHOUSE_ID);
  } finally {
    await store.close();
  }
}

async function readHoldfastStock(port: number): Promise<readonly StockFigures[]> {
  const client = new HoldfastClient(`127.0.0.1:${port}`);
  try {
    const figures: StockFigures[] = [];
    const fetchPage = (pageToken: string) =>
      client.getAvailability({ warehouseId: WAREHOUSE_ID, pageSize: 1_000, pageToken });
    for await (const { availability } of everyPage(fetchPage)) {
      for (const { sku, onHand, reserved, committed } of availability) {
        const counted = { onHand: Number(onHand), reserved: Number(reserved), committed: Number(committed) };
        figures.push({ sku, ...counted, unitsOfReservations: undefined });
      }
    }
    return figures;
  } finally {
    client.close();
  }
}
