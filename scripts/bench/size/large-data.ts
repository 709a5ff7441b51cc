/** Fills a server with a large network's data: very many stocks, and open reservations whose holds outlast the run. */
import { reserveStreamExchanges } from "../load/exchanges.js";
import { spreadSkus } from "../load/reserve-message.js";
import { receiveStock } from "../load/stock-feed.js";
import { StreamLoad } from "../load/stream-load.js";
import type { ServerProcess } from "../server-process.js";

export const WAREHOUSE_IDS = ["WAREHOUSE-1", "WAREHOUSE-2", "WAREHOUSE-3", "WAREHOUSE-4"] as const;
const HOLD_SECONDS = 23 * 60 * 60;

export interface DataSize {
  readonly stocks: number;
  readonly openReservations: number;
}

/** Stocks of each warehouse. */
export function stocksPerWarehouse({ stocks }: DataSize): number {
  return Math.ceil(stocks / WAREHOUSE_IDS.length);
}

/** Reservations stand on the lower half of each warehouse's SKUs; the others are never touched while data is made. */
export function reservedSkus(size: DataSize): number {
  return Math.ceil(stocksPerWarehouse(size) / 2);
}

export async function makeStocks(server: ServerProcess, size: DataSize): Promise<void> {
  const count = stocksPerWarehouse(size);
  await Promise.all(WAREHOUSE_IDS.map((warehouseId) => receiveStock(server.port, { warehouseId, first: 0, count })));
}

export async function makeOpenReservations(server: ServerProcess, size: DataSize): Promise<void> {
  const count = Math.ceil(size.openReservations / WAREHOUSE_IDS.length);
  await Promise.all(WAREHOUSE_IDS.map((warehouseId) => makeHolds(server, { warehouseId, count, size })));
}

interface HoldsToMake {
  readonly warehouseId: string;
  readonly count: number;
  readonly size: DataSize;
}

async function makeHolds(server: ServerProcess, { warehouseId, count, size }: HoldsToMake): Promise<void> {
  const connections = await server.connect(1);
  const skus = spreadSkus({ first: 0, count: reservedSkus(size) });
  const makeExchange = reserveStreamExchanges({ warehouseId, skus, lines: 1, holdDurationSeconds: HOLD_SECONDS });
  const load = new StreamLoad({ connections, streamsPerConnection: 1, window: 128, makeExchange });
  load.start(count);
  await load.finished();
  for (const connection of connections) connection.close();
}
