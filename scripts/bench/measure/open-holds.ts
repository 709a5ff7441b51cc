/**
 * Whether a call costs more on a SKU with very many open holds. Each call is a Reserve or the Release of what it held,
 * in turn, so the number of holds stays at what is stated.
 */
import { reserveReleaseExchanges, reserveStreamExchanges } from "../load/exchanges.js";
import { oneSku } from "../load/reserve-message.js";
import { StreamLoad } from "../load/stream-load.js";
import { UnaryLoad } from "../load/unary-load.js";
import type { ServerProcess } from "../server-process.js";
import { type BenchRun, WAREHOUSE_ID, withStockedTarget } from "./bench-run.js";
import { compareLoads, type LoadComparison } from "./compare-loads.js";
import { comeToRest, warmUp } from "./turn.js";

const CONNECTIONS = 4;
const IN_FLIGHT_PER_CONNECTION = 32;
const WARM_UP_CALLS = 20_000;

const few = { sku: 0, holds: 100 };
const many = { sku: 1, holds: 100_000 };

export function measureOpenHolds(run: BenchRun): Promise<LoadComparison> {
  return withStockedTarget(run, 2, async (server) => {
    run.progress(`open_holds: making ${many.holds + few.holds} holds`);
    await makeHolds(server, few.sku, few.holds);
    await makeHolds(server, many.sku, many.holds);
    const connections = await server.connect(CONNECTIONS);
    const [usual, hard] = [few, many].map(({ sku }) => {
      const makeExchange = reserveReleaseExchanges({ warehouseId: WAREHOUSE_ID, skus: oneSku(sku), lines: 1 });
      return new UnaryLoad({ connections, inFlightPerConnection: IN_FLIGHT_PER_CONNECTION, makeExchange });
    });
    await warmUp(server, usual!, WARM_UP_CALLS);
    await warmUp(server, hard!, WARM_UP_CALLS);
    return compareLoads(run, { name: "open_holds", server, usual: () => usual!, hard: () => hard! });
  });
}

async function makeHolds(server: ServerProcess, sku: number, count: number): Promise<void> {
  const connections = await server.connect(1);
  const makeExchange = reserveStreamExchanges({ warehouseId: WAREHOUSE_ID, skus: oneSku(sku), lines: 1 });
  const load = new StreamLoad({ connections, streamsPerConnection: 4, window: 64, makeExchange });
  load.start(count);
  await load.finished();
  for (const connection of connections) connection.close();
  await comeToRest(server);
}
