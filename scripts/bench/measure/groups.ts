/** The loads that are compared with the echo server: unary calls, messages of a stream, orders of 50 lines, and events sent again. */
import type { Connection } from "../load/connection.js";
import { eventReplayExchanges } from "../load/event-replay.js";
import { reserveExchanges, reserveStreamExchanges } from "../load/exchanges.js";
import type { Load } from "../load/load.js";
import { spreadSkus } from "../load/reserve-message.js";
import { StreamLoad } from "../load/stream-load.js";
import { UnaryLoad } from "../load/unary-load.js";
import type { ServerProcess } from "../server-process.js";
import { WAREHOUSE_ID } from "./bench-run.js";

/** The assortment that the load is spread over. */
export const SPREAD_SKUS = 1_500;
const CONNECTIONS = 4;
const LINES_OF_ORDER = 50;

export const groupNames = ["unary", "stream", "lines", "replay"] as const;
export type GroupName = (typeof groupNames)[number];

export interface Group {
  /** What throughput counts: calls, messages or lines of an order. */
  readonly unit: string;
  readonly unitsPerCall: number;
  /** Enough for the compiler to have settled on the code in use. */
  readonly warmUpCalls: number;
  readonly makeLoad: (connections: readonly Connection[]) => Load;
}

export const groups: Readonly<Record<GroupName, Group>> = {
  unary: { unit: "calls", unitsPerCall: 1, warmUpCalls: 20_000, makeLoad: unaryLoad },
  stream: { unit: "messages", unitsPerCall: 1, warmUpCalls: 60_000, makeLoad: streamLoad },
  replay: { unit: "events", unitsPerCall: 1, warmUpCalls: 60_000, makeLoad: replayLoad },
  lines: { unit: "lines", unitsPerCall: LINES_OF_ORDER, warmUpCalls: 5_000, makeLoad: linesLoad },
};

/** A load of this group on a server, over connections of its own. */
export async function connectLoad(server: ServerProcess, group: Group): Promise<Load> {
  return group.makeLoad(await server.connect(CONNECTIONS));
}

function unaryLoad(connections: readonly Connection[]): Load {
  const makeExchange = reserveExchanges({ warehouseId: WAREHOUSE_ID, skus: spreadOverAll(), lines: 1 });
  return new UnaryLoad({ connections, inFlightPerConnection: 32, makeExchange });
}

function streamLoad(connections: readonly Connection[]): Load {
  const makeExchange = reserveStreamExchanges({ warehouseId: WAREHOUSE_ID, skus: spreadOverAll(), lines: 1 });
  return new StreamLoad({ connections, streamsPerConnection: 2, window: 64, makeExchange });
}

function linesLoad(connections: readonly Connection[]): Load {
  const skus = spreadOverAll();
  const makeExchange = reserveExchanges({ warehouseId: WAREHOUSE_ID, skus, lines: LINES_OF_ORDER });
  return new UnaryLoad({ connections, inFlightPerConnection: 8, makeExchange });
}

function replayLoad(connections: readonly Connection[]): Load {
  const makeExchange = eventReplayExchanges(WAREHOUSE_ID);
  return new StreamLoad({ connections, streamsPerConnection: 2, window: 64, makeExchange });
}

function spreadOverAll() {
  return spreadSkus({ first: 0, count: SPREAD_SKUS });
}
