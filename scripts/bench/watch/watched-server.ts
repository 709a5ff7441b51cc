/** A Holdfast server with warehouses, stocks and dealers, the watchers of it, and the orders that change what they watch. */
import { everyPage, HoldfastClient } from "../../../src/client/index.js";
import type { DataFolders } from "../data-folders.js";
import { skuName } from "../load/reserve-message.js";
import { receiveStock } from "../load/stock-feed.js";
import { ServerProcess } from "../server-process.js";
import { ChangeLoad } from "./change-load.js";
import { Figures } from "./watchers/figures.js";
import { Watchers } from "./watchers/watchers.js";

export const WAREHOUSES = ["W1", "W2", "W3"] as const;
export const STOCKS = 500;
const CONNECTIONS = 4;
/** Stocks that an order of many lines changes: about as many as a watcher is told of at a thousand changes a second. */
const LINES = 17;
/** Times are kept of one watcher in so many. */
const SAMPLED_EVERY = 8;

export interface WatchedServer {
  readonly server: ServerProcess;
  /** Reserves of one line. */
  readonly single: ChangeLoad;
  /** Reserves of many lines. */
  readonly wide: ChangeLoad;
  readonly watchers: Watchers | undefined;
  readonly unread: Watchers | undefined;
  /** As the server answers them now, by warehouse. */
  figures(): Promise<Figures[]>;
}

export interface WatchedServerOptions {
  readonly watchers: number;
  /** Further watchers that never read. */
  readonly unread?: number;
  /** Dealers that are registered beyond those who watch from the start. */
  readonly dealers?: number;
}

/** Runs with a fresh one, whose watchers have their snapshots. */
export function withWatchedServer<T>(
  folders: DataFolders,
  { watchers, unread = 0, dealers = 0 }: WatchedServerOptions,
  work: (party: WatchedServer) => Promise<T>,
): Promise<T> {
  return folders.use(async (dataFolder) => {
    // Those who never read are to stay for the whole run.
    const environment = { HOLDFAST_WATCH_UNREAD_MAX: "1h" };
    const server = await ServerProcess.start({ kind: "holdfast", dataFolder, environment });
    const client = new HoldfastClient(`127.0.0.1:${server.port}`);
    const processes: Watchers[] = [];
    const watch = async (dealerIds: readonly string[], isReading: boolean) => {
      if (dealerIds.length === 0) return undefined;
      const options = {
        port: server.port,
        dealerIds,
        stocks: STOCKS,
        sampledEvery: SAMPLED_EVERY,
        isReading,
        isBlind: false,
      };
      const started = await Watchers.start(options);
      processes.push(started);
      await started.open();
      return started;
    };
    try {
      for (const warehouseId of WAREHOUSES) await receiveStock(server.port, { warehouseId, first: 0, count: STOCKS });
      const dealerIds = await putDealers(client, watchers + unread + dealers);
      const connections = await server.connect(CONNECTIONS);
      const load = (lines: number) => new ChangeLoad({ connections, warehouseIds: WAREHOUSES, stocks: STOCKS, lines });
      const figures = () => Promise.all(WAREHOUSES.map((warehouseId) => readFigures(client, warehouseId)));
      const party: WatchedServer = {
        server,
        single: load(1),
        wide: load(LINES),
        watchers: await watch(dealerIds.slice(0, watchers), true),
        unread: await watch(dealerIds.slice(watchers, watchers + unread), false),
        figures,
      };
      await party.watchers?.untilExact(await figures());
      return await work(party);
    } catch (failure) {
      throw server.explain(failure);
    } finally {
      for (const started of processes) started.stop();
      client.close();
      await server.kill();
    }
  });
}

/** The name of a dealer by his place: he is served by the warehouse at the same place, around. */
export function dealerName(at: number): string {
  return `portal-${String(at).padStart(4, "0")}`;
}

async function putDealers(client: HoldfastClient, count: number): Promise<string[]> {
  const dealerIds = Array.from({ length: count }, (_, at) => dealerName(at));
  const puts = dealerIds.map((dealerId, at) =>
    client.putDealer({ dealer: { dealerId, warehouseId: WAREHOUSES[at % WAREHOUSES.length]! } }),
  );
  await Promise.all(puts);
  return dealerIds;
}

async function readFigures(client: HoldfastClient, warehouseId: string): Promise<Figures> {
  const figures = new Figures(STOCKS);
  const pages = everyPage((pageToken) => client.getAvailability({ warehouseId, pageSize: STOCKS, pageToken }));
  for await (const { availability } of pages) {
    for (const { sku, version, availableToPromise } of availability) {
      const stock = Number(sku.slice(skuName(0).indexOf("0")));
      figures.versions[stock] = Number(version);
      figures.available[stock] = Number(availableToPromise);
    }
  }
  return figures;
}
