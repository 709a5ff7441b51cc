/** What a reserve costs on a stock that is not in memory, beside the same reserve once it is: one caller, one at a time. */
import { expectReserved } from "../load/answer.js";
import type { Connection } from "../load/connection.js";
import { paths } from "../load/paths.js";
import { ReserveMessage } from "../load/reserve-message.js";
import type { ServerProcess } from "../server-process.js";
import { percentile } from "../statistics.js";
import { type DataSize, reservedSkus, stocksPerWarehouse, WAREHOUSE_IDS } from "./large-data.js";

const COLD_STOCKS_PER_WAREHOUSE = 250;

export interface ColdAndWarm {
  readonly coldP50Ms: number;
  readonly warmP50Ms: number;
}

/** To be asked of a server that has just started. */
export async function measureColdAndWarm(server: ServerProcess, size: DataSize): Promise<ColdAndWarm> {
  const [connection] = await server.connect(1);
  const coldMs: number[] = [];
  const warmMs: number[] = [];
  for (const warehouseId of WAREHOUSE_IDS) {
    const reserve = makeReserve(warehouseId, size);
    for (let stock = 0; stock < COLD_STOCKS_PER_WAREHOUSE; stock++) {
      // Each stock is asked for twice in a row: the first time it is cold, the second time it is not.
      coldMs.push(await timeCall(connection!, reserve));
      warmMs.push(await timeCall(connection!, reserve));
    }
  }
  return { coldP50Ms: percentile(coldMs, 50), warmP50Ms: percentile(warmMs, 50) };
}

/** Reserves that go through never touched stocks, far apart, naming each of them twice. */
function makeReserve(warehouseId: string, size: DataSize): ReserveMessage {
  const first = reservedSkus(size);
  const count = stocksPerWarehouse(size) - first;
  const stride = Math.max(1, Math.floor(count / COLD_STOCKS_PER_WAREHOUSE));
  let asked = 0;
  const next = () => first + ((Math.floor(asked++ / 2) * stride) % count);
  return new ReserveMessage({ warehouseId, skus: { first, count, next }, lines: 1, streamed: false });
}

async function timeCall(connection: Connection, request: ReserveMessage): Promise<number> {
  const startedAtMs = performance.now();
  const ended = new Promise<string>((resolve) => {
    const call = connection.startCall(paths.reserve, { onMessage: expectReserved, onEnd: resolve });
    connection.send(call, request, true);
    connection.flush();
  });
  const status = await Promise.race([ended, connection.broken]);
  if (status !== "0") throw new Error(`a call ended with gRPC status ${status}`);
  return performance.now() - startedAtMs;
}
