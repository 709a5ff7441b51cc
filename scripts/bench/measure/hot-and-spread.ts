/** Whether one SKU that everybody wants costs more than the same calls spread over the assortment. */
import { reserveExchanges } from "../load/exchanges.js";
import type { Load } from "../load/load.js";
import { oneSku, type SkuChoice, spreadSkus } from "../load/reserve-message.js";
import { UnaryLoad } from "../load/unary-load.js";
import { type BenchRun, WAREHOUSE_ID, withStockedTarget } from "./bench-run.js";
import { compareLoads, type LoadComparison } from "./compare-loads.js";
import { SPREAD_SKUS } from "./groups.js";
import { warmUp } from "./turn.js";

const CONNECTIONS = 4;
const IN_FLIGHT_PER_CONNECTION = 32;
const WARM_UP_CALLS = 20_000;

/** Each round has a hot SKU of its own, so that holds of earlier rounds do not count twice: that is `open_holds`. */
export function measureHotAndSpread(run: BenchRun): Promise<LoadComparison> {
  const skuCount = SPREAD_SKUS + run.rounds + 1;
  return withStockedTarget(run, skuCount, async (server) => {
    const connections = await server.connect(CONNECTIONS);
    const loadOn = (skus: SkuChoice): Load => {
      const makeExchange = reserveExchanges({ warehouseId: WAREHOUSE_ID, skus, lines: 1 });
      return new UnaryLoad({ connections, inFlightPerConnection: IN_FLIGHT_PER_CONNECTION, makeExchange });
    };
    const spread = loadOn(spreadSkus({ first: 0, count: SPREAD_SKUS }));
    run.progress("hot_vs_spread: warming up");
    await warmUp(server, spread, WARM_UP_CALLS);
    await warmUp(server, loadOn(oneSku(SPREAD_SKUS)), WARM_UP_CALLS);
    return compareLoads(run, {
      name: "hot_vs_spread",
      server,
      usual: () => spread,
      hard: (round) => loadOn(oneSku(SPREAD_SKUS + round)),
    });
  });
}
