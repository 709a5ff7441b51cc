/**
 * Somebody who watches availability on the real process and trusts nothing: a map of its own, made of what it is told, and whatever a
 * watch must never do. Versions of a stock never go back, also over a reset, and one version is the same figures for everybody.
 */
import { create, toJsonString } from "@bufbuild/protobuf";
import type { AvailabilityUpdate, AvailabilityWatch, HoldfastClient } from "../../../src/client/index.js";
import { type Availability, AvailabilitySchema } from "../../../src/gen/holdfast/v1/availability_pb.js";

const BACKOFF = { backoffMinMs: 20, backoffMaxMs: 100 };

/** By stock and version, as it was told first, to whomever. */
export type ToldFigures = Map<string, string>;

export interface Watched {
  readonly dealerId?: string;
  readonly warehouseId?: string;
  readonly skus?: readonly string[];
}

export class CheckedWatch {
  /** By SKU, as told last. */
  readonly stocks = new Map<string, Availability>();
  readonly wrong: string[] = [];
  readonly resets: string[] = [];
  snapshots = 0;
  changes = 0;
  disconnects = 0;
  cursor = "";
  readonly #told: ToldFigures;
  readonly #versions = new Map<string, bigint>();
  #stop = new AbortController();
  #watch: AvailabilityWatch | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    readonly watched: Watched,
    told: ToldFigures,
  ) {
    this.#told = told;
  }

  /** Watches from its cursor on, until it leaves. */
  read(client: HoldfastClient): void {
    this.#stop = new AbortController();
    const { dealerId, warehouseId = "", skus = [] } = this.watched;
    const what = dealerId === undefined ? { warehouseId } : { dealerId };
    const onDisconnect = (): void => {
      this.disconnects += 1;
    };
    const { signal } = this.#stop;
    const watch = client.watchAvailability({
      ...what,
      skus,
      cursor: this.cursor,
      signal,
      backoff: BACKOFF,
      onDisconnect,
    });
    this.#watch = watch;
    this.#reading = (async () => {
      for await (const update of watch) this.#take(update);
    })();
  }

  /** Rejects where the watch did. */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  /** Why the maps are not what a fresh read says; undefined when they are. The client's own map holds what was told since it was opened. */
  async differs(client: HoldfastClient): Promise<string | undefined> {
    const { dealerId = "", warehouseId = "", skus = [] } = this.watched;
    const { availability } = await client.getAvailability({ dealerId, warehouseId, skus: [...skus] });
    const fresh = textsOf(availability);
    const mine = textsOf(this.stocks.values());
    if (mine !== fresh) return `told ${mine}\nread ${fresh}`;
    const live = textsOf(this.#watch!.stocks.values());
    return this.#watch!.isComplete && live !== fresh ? `live ${live}\nread ${fresh}` : undefined;
  }

  #take(update: AvailabilityUpdate): void {
    this.cursor = update.cursor;
    if (update.kind === "reset") {
      this.resets.push(update.reason);
      this.stocks.clear();
    }
    if (update.kind === "snapshot") {
      this.snapshots += 1;
      this.stocks.clear();
    }
    if (update.kind === "changes") this.changes += update.availability.length;
    if (update.kind === "reset" || update.kind === "freshness") return;
    for (const stock of update.availability) this.#see(stock);
  }

  #see(stock: Availability): void {
    const name = `${stock.sku} of ${stock.warehouseId}`;
    const before = this.#versions.get(name) ?? -1n;
    if (stock.version < before) this.wrong.push(`${name}: version ${stock.version} after ${before}`);
    this.#versions.set(name, stock.version);
    // Dealers are told less than others, and what both are told is the same.
    this.#tell(`${name} at ${stock.version} for ${this.watched.dealerId === undefined ? "others" : "dealers"}`, stock);
    const { level, updateTime, availableToPromise } = stock;
    this.#tell(`${name} at ${stock.version}`, create(AvailabilitySchema, { level, updateTime, availableToPromise }));
    if (this.watched.skus !== undefined && !this.watched.skus.includes(stock.sku))
      this.wrong.push(`${name}: not asked`);
    this.stocks.set(stock.sku, stock);
  }

  #tell(what: string, stock: Availability): void {
    const text = toJsonString(AvailabilitySchema, stock);
    const first = this.#told.get(what) ?? text;
    if (first !== text) this.wrong.push(`${what} was told as ${first} and as ${text}`);
    this.#told.set(what, first);
  }
}

function textsOf(stocks: Iterable<Availability>): string {
  return [...stocks]
    .map((stock) => toJsonString(AvailabilitySchema, stock))
    .sort()
    .join("\n");
}
