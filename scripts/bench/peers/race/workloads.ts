/** What the contestants are raced on, with the same calls in flight for each of them. */
import type { Connection } from "../../load/connection.js";
import { type ReserveOptions, reserveExchanges, reserveStreamExchanges } from "../../load/exchanges.js";
import type { Load } from "../../load/load.js";
import { oneSku, type SkuChoice, spreadSkus } from "../../load/reserve-message.js";
import { StreamLoad } from "../../load/stream-load.js";
import { UnaryLoad } from "../../load/unary-load.js";
import { zipfSkus } from "../../load/zipf-skus.js";
import { WAREHOUSE_ID } from "../../measure/bench-run.js";
import { SPREAD_SKUS } from "../../measure/groups.js";

/** No hold ends during a race, so what was granted is what stands in the end. */
export const HOLD_SECONDS = 12 * 60 * 60;
/** The number of the hot SKU, after those of the assortment. */
const HOT_SKU = SPREAD_SKUS;
/** SKUs with more stock than a race takes: the assortment and the hot one. */
export const PLENTIFUL_SKUS = SPREAD_SKUS + 1;
const LINES_OF_ORDER = 50;

export const workloadNames = ["hot", "spread", "zipf", "stream", "lines"] as const;
export type WorkloadName = (typeof workloadNames)[number];

export interface Workload {
  /** Units that each call asks for: one on each line. */
  readonly unitsPerCall: number;
  readonly makeLoad: (connections: readonly Connection[]) => Load;
}

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  hot: { unitsPerCall: 1, makeLoad: (connections) => unaryLoad(connections, oneSku(HOT_SKU)) },
  spread: { unitsPerCall: 1, makeLoad: (connections) => unaryLoad(connections, spreadSkus(assortment)) },
  zipf: { unitsPerCall: 1, makeLoad: (connections) => unaryLoad(connections, zipfSkus(assortment)) },
  stream: { unitsPerCall: 1, makeLoad: streamLoad },
  lines: { unitsPerCall: LINES_OF_ORDER, makeLoad: linesLoad },
};

const assortment = { first: 0, count: SPREAD_SKUS };

function unaryLoad(connections: readonly Connection[], skus: SkuChoice): Load {
  const makeExchange = reserveExchanges(reserveOptions(skus, 1));
  return new UnaryLoad({ connections, inFlightPerConnection: 32, makeExchange });
}

function streamLoad(connections: readonly Connection[]): Load {
  const makeExchange = reserveStreamExchanges(reserveOptions(spreadSkus(assortment), 1));
  return new StreamLoad({ connections, streamsPerConnection: 2, window: 64, makeExchange });
}

function linesLoad(connections: readonly Connection[]): Load {
  const makeExchange = reserveExchanges(reserveOptions(spreadSkus(assortment), LINES_OF_ORDER));
  return new UnaryLoad({ connections, inFlightPerConnection: 8, makeExchange });
}

function reserveOptions(skus: SkuChoice, lines: number): ReserveOptions {
  return { warehouseId: WAREHOUSE_ID, skus, lines, holdDurationSeconds: HOLD_SECONDS };
}
