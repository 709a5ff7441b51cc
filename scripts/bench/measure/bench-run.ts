/** What every measure needs: how long to measure, on which server, where its data lies, and where to say how it goes. */

import type { DataFolders } from "../data-folders.js";
import { receiveStock, type StockRange } from "../load/stock-feed.js";
import { type ServerKind, ServerProcess } from "../server-process.js";

/** All stock of the benchmark but that of --size is in one warehouse: one partition, the worst case for its actors. */
export const WAREHOUSE_ID = "WAREHOUSE-1";

export interface BenchRun {
  /** What stands in Holdfast's place: itself, or a second echo server as a self-test, whose ratios must be near 1. */
  readonly target: ServerKind;
  readonly rounds: number;
  readonly turnsPerRound: number;
  /** Time for the rounds of one comparison, after which no further round begins. */
  readonly roundsBudgetMs: number;
  /** Time since the start of the process after which comparisons keep to the fewest rounds. */
  readonly hurryAfterMs: number;
  /** Length of the measured part of a turn. */
  readonly windowMs: number;
  readonly dataFolders: DataFolders;
  /** Counts over all target servers of the run, told as they stop. */
  readonly totals: { levelPuts: number; reservations: number };
  readonly progress: (line: string) => void;
}

/** Runs with a fresh target server that holds plenty of each of the first SKUs, and stops it cleanly afterwards. */
export function withStockedTarget<T>(
  run: BenchRun,
  skuCount: number,
  work: (server: ServerProcess) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  return run.dataFolders.use(async (dataFolder) => {
    const server = await ServerProcess.start({ kind: run.target, dataFolder, environment });
    try {
      await receiveStock(server.port, stockOf(skuCount));
      const result = await work(server);
      const { levelPuts, reservations } = await server.stop();
      run.totals.levelPuts += levelPuts;
      run.totals.reservations += reservations;
      return result;
    } catch (failure) {
      throw server.explain(failure);
    } finally {
      await server.kill();
    }
  });
}

/** Runs with a fresh echo server. */
export async function withEchoServer<T>(work: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await ServerProcess.start({ kind: "echo", dataFolder: "" });
  try {
    return await work(server);
  } finally {
    await server.kill();
  }
}

function stockOf(skuCount: number): StockRange {
  return { warehouseId: WAREHOUSE_ID, first: 0, count: skuCount };
}
