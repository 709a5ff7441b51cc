/**
 * Those who watch availability in a simulated world, by warehouse, by dealer and by a few SKUs: they come and go, read slowly, go on from
 * cursors, at times older ones, in whatever process serves. What each is told is held to the contract of WatchAvailability alone:
 *
 * 1. Versions of a stock never go back, and one version is the same figures for everybody, over crashes too: so nothing is told that is not
 *    durable, and no process has less than what was told by another.
 * 2. A dealer who is served by another warehouse, or told with another precision, is told to forget the old figures first.
 * 3. At rest everybody knows what a fresh read says.
 */
import type { AvailabilityWatch, WatchMessage, WatchQuery } from "../../src/actor/service.js";
import type { LogNode } from "../../src/compose/log-node.js";
import type { StockFigures } from "../../src/domain/availability.js";
import type { DealerPrecision } from "../../src/domain/dealer-precision.js";
import type { Refusal } from "../../src/domain/refusal.js";
import { SeededRandom } from "../journal/seeded-random.js";
import { DEALERS, SKUS, WAREHOUSES } from "./orders.js";
import { describe, Finding } from "./simulation-context.js";
import type { World } from "./world.js";

export const WATCH_COUNTERS = [
  "a change was told",
  "a watch went on in another process",
  "a watch went on from an older cursor",
  "a dealer was moved while he watched",
  "a dealer had moved when he came back",
  "a dealer's precision changed",
  "a cursor was from before a restore",
  "a reader was told only the newest of several versions",
  "a warehouse's freshness changed",
] as const;
export type WatchCounts = Map<(typeof WATCH_COUNTERS)[number], number>;

const OLDER_MAX = 4;
const SLOW_US = 400_000;
const SETTLED_WITHIN_S = 20;

/** What a reader knows, and the cursor that stands for it. */
interface Known {
  readonly cursor: string;
  /** Told last; empty before anything. */
  readonly precision: string;
  readonly warehouseId: string;
  readonly stocks: ReadonlyMap<string, StockFigures>;
  /** A snapshot is under way, or is still to come. */
  readonly arriving: ReadonlyMap<string, StockFigures> | undefined;
}

const NOTHING: Known = { cursor: "", precision: "", warehouseId: "", stocks: new Map(), arriving: new Map() };

class Viewer {
  watch: AvailabilityWatch | undefined;
  node: LogNode | undefined;
  known = NOTHING;
  older: Known[] = [];
  freshness = "";
  isResting = false;
  /** Its cursor is of the world before this one. */
  isPast = false;
  /** The first message of a watch is still to come. */
  isNew = false;

  constructor(readonly query: Omit<WatchQuery, "cursor">) {}

  get name(): string {
    return `${this.query.dealerId}${this.query.warehouseId} ${this.query.skus.join()}`.trim();
  }
}

export class AvailabilityViewers {
  readonly #world: World;
  readonly #counts: WatchCounts;
  readonly #random: SeededRandom;
  readonly #viewers: readonly Viewer[];
  /** By stock: the newest version that anybody was told, and the figures of each. */
  readonly #told = new Map<string, Map<number, string>>();

  /** `before`: those of the world whose backup this one goes on from. */
  constructor(world: World, counts: WatchCounts, before?: AvailabilityViewers) {
    this.#world = world;
    this.#counts = counts;
    this.#random = new SeededRandom(world.seed ^ 0x57a7c4e5);
    const few = SKUS.slice(0, 3);
    this.#viewers = [
      ...WAREHOUSES.map((warehouseId) => new Viewer({ dealerId: "", warehouseId, skus: [] })),
      ...DEALERS.map((dealerId) => new Viewer({ dealerId, warehouseId: "", skus: [] })),
      new Viewer({ dealerId: "", warehouseId: "W1", skus: few }),
      new Viewer({ dealerId: DEALERS[0], warehouseId: "", skus: few }),
    ];
    for (const [index, viewer] of this.#viewers.entries()) {
      const known = before === undefined ? NOTHING : before.#viewers[index]!.known;
      if (known.cursor !== "") Object.assign(viewer, { known, isPast: true });
    }
  }

  /** One of them does something. */
  move(): void {
    const viewer = this.#random.pick(this.#viewers);
    if (this.#isGone(viewer)) this.#connect(viewer);
    else if (this.#random.chance(0.1)) this.#leave(viewer);
  }

  /** Everybody knows what is there, each from where he is. To be called in calm water. */
  async settle(): Promise<void> {
    for (let second = 0; second < SETTLED_WITHIN_S; second++) {
      for (const viewer of this.#viewers) if (this.#isGone(viewer)) this.#connect(viewer);
      await this.#world.time.advance(1_000_000);
      this.#world.check();
      if (this.#viewers.every((viewer) => this.#lacks(viewer) === undefined)) return;
    }
    const lacking = this.#viewers.flatMap((viewer) => this.#lacks(viewer) ?? []);
    throw new Finding(`P13: at rest ${lacking.join("; ")}`);
  }

  #count(counter: (typeof WATCH_COUNTERS)[number]): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + 1);
  }

  #isGone({ watch, node }: Viewer): boolean {
    return watch === undefined || node !== this.#world.node;
  }

  /** What it does not know of a fresh read; undefined also where there is nothing to be read. */
  #lacks({ name, query, known, freshness }: Viewer): string | undefined {
    const page = this.#world.node?.ports.availability.read({ ...query, pageSize: 1_000, pageToken: "" });
    if (page === undefined) return "nothing is served";
    if ("reason" in page) return undefined;
    if (known.arriving !== undefined) return `${name} has no whole snapshot`;
    if (known.warehouseId !== page.warehouseId) return `${name} watches ${known.warehouseId}, not ${page.warehouseId}`;
    if (known.precision !== wordOf(page.precision)) return `${name} was told with ${known.precision}`;
    if (freshness !== page.freshness.state) return `${name} was told ${freshness}, and it is ${page.freshness.state}`;
    const fresh = page.figures.map((figures) => JSON.stringify(figures)).sort();
    const told = [...known.stocks.values()].map((figures) => JSON.stringify(figures)).sort();
    const differing = fresh.find((figures, index) => figures !== told[index]) ?? told[fresh.length];
    return differing === undefined ? undefined : `${name} does not know ${differing}`;
  }

  #leave(viewer: Viewer): void {
    viewer.watch?.close();
    viewer.watch = undefined;
    viewer.older = [...viewer.older.slice(-OLDER_MAX), viewer.known];
    if (viewer.isPast || !this.#random.chance(0.4)) return;
    viewer.known = this.#random.pick(viewer.older);
    if (viewer.known.cursor !== "") this.#count("a watch went on from an older cursor");
  }

  #connect(viewer: Viewer): void {
    const { node } = this.#world;
    if (node === undefined) return;
    const isElsewhere = viewer.node !== node;
    const { cursor } = viewer.known;
    this.#holdsWhatWasTold(viewer, node);
    const watch = node.ports.watches.watch(
      { ...viewer.query, cursor },
      { ready: () => this.#read(viewer, node), ended: (refusal) => this.#ended(viewer, node, refusal) },
    );
    if ("reason" in watch) {
      this.#refused(viewer, watch);
      return;
    }
    Object.assign(viewer, { node, watch, isNew: true });
    if (isElsewhere && cursor !== "" && !viewer.isPast) this.#count("a watch went on in another process");
    this.#read(viewer, node);
  }

  /** Whatever was told by any process is durable: the one that serves has it, or something newer. */
  #holdsWhatWasTold({ name, known, isPast }: Viewer, node: LogNode): void {
    if (isPast || known.warehouseId === "") return;
    const { warehouseId } = known;
    const skus = [...known.stocks.keys()];
    if (skus.length === 0) return;
    const page = node.ports.availability.read({ dealerId: "", warehouseId, skus, pageSize: 1_000, pageToken: "" });
    if ("reason" in page) return;
    for (const { sku, version } of page.figures) {
      const told = known.stocks.get(sku)!.version;
      if (version >= told) continue;
      this.#world.found(new Finding(`I5: ${name} was told version ${told} of ${sku}, and ${version} is durable`));
    }
  }

  /** Takes what there is, unless it rests. */
  #read(viewer: Viewer, node: LogNode): void {
    try {
      while (!viewer.isResting && viewer.watch !== undefined && viewer.node === node && this.#world.node === node) {
        const message = viewer.watch.next();
        if (message === undefined) return;
        this.#take(viewer, message);
        if (this.#random.chance(0.2)) this.#rest(viewer);
      }
    } catch (cause) {
      if (cause instanceof Finding) this.#world.found(cause);
      else if (!this.#world.isOfAFault(cause)) this.#world.found(new Finding(`${viewer.name}: ${describe(cause)}`));
    }
  }

  #rest(viewer: Viewer): void {
    viewer.isResting = true;
    this.#world.time.in(this.#random.below(SLOW_US), () => {
      viewer.isResting = false;
      if (viewer.node !== undefined && !this.#isGone(viewer)) this.#read(viewer, viewer.node);
    });
  }

  #take(viewer: Viewer, { part, precision, cursor }: WatchMessage): void {
    if (viewer.isPast && (part.kind !== "reset" || part.reason !== "CURSOR_TOO_OLD")) {
      throw new Finding(`${viewer.name} went on from a cursor of before the restore`);
    }
    const { state } = part.freshness;
    if (viewer.freshness !== "" && viewer.freshness !== state) this.#count("a warehouse's freshness changed");
    viewer.freshness = state;
    const wasNew = viewer.isNew;
    viewer.isNew = false;
    if (part.kind === "reset") {
      if (part.reason === "CURSOR_TOO_OLD" && !viewer.isPast) throw new Finding(`${viewer.name}: CURSOR_TOO_OLD`);
      viewer.known = { ...NOTHING, cursor };
      if (viewer.isPast) this.#count("a cursor was from before a restore");
      else if (part.reason === "PRECISION_CHANGED") this.#count("a dealer's precision changed");
      else this.#count(wasNew ? "a dealer had moved when he came back" : "a dealer was moved while he watched");
      viewer.isPast = false;
      return;
    }
    const told = wordOf(precision);
    const { known } = viewer;
    if (known.precision !== "" && known.precision !== told) {
      throw new Finding(`P13: ${viewer.name} was told with ${told} after ${known.precision}, and of no reset`);
    }
    viewer.known = { ...known, cursor };
    if (part.kind === "heartbeat") return;
    if (known.warehouseId !== "" && known.warehouseId !== part.warehouseId) {
      throw new Finding(
        `P13: ${viewer.name} was told of ${part.warehouseId} after ${known.warehouseId}, and of no reset`,
      );
    }
    if (!part.isSnapshot && known.arriving !== undefined) {
      throw new Finding(`P13: ${viewer.name} was told of changes before the snapshot was whole`);
    }
    const stocks = new Map(part.isSnapshot ? known.arriving : known.stocks);
    for (const figures of part.figures) {
      this.#check(viewer, part.warehouseId, figures, part.isSnapshot ? undefined : stocks.get(figures.sku));
      stocks.set(figures.sku, figures);
    }
    const isArriving = part.isSnapshot && !part.isComplete;
    viewer.known = {
      cursor,
      precision: told,
      warehouseId: part.warehouseId,
      stocks: isArriving ? known.stocks : stocks,
      arriving: isArriving ? stocks : undefined,
    };
  }

  #check({ name }: Viewer, warehouseId: string, figures: StockFigures, before: StockFigures | undefined): void {
    const { sku, version } = figures;
    const key = `${sku} of ${warehouseId}`;
    if (before !== undefined) {
      this.#count("a change was told");
      if (version > before.version + 1) this.#count("a reader was told only the newest of several versions");
      if (version < before.version) {
        throw new Finding(`I11: ${name} was told version ${version} of ${key} after ${before.version}`);
      }
    }
    const versions = this.#told.get(key) ?? new Map<number, string>();
    this.#told.set(key, versions);
    const text = JSON.stringify(figures);
    const first = versions.get(version) ?? text;
    if (first !== text) throw new Finding(`I11: version ${version} of ${key} was told as ${first} and as ${text}`);
    versions.set(version, first);
  }

  #ended(viewer: Viewer, node: LogNode, refusal: Refusal): void {
    if (viewer.node !== node) return;
    viewer.watch = undefined;
    if (refusal.reason !== "READER_TOO_SLOW") this.#refused(viewer, refusal);
  }

  /** A warehouse or a dealer may not be there yet, or not any more after a restore. */
  #refused(viewer: Viewer, { reason }: Refusal): void {
    if (["JOURNAL_UNAVAILABLE", "SHUTTING_DOWN"].includes(reason)) return;
    const isUnknown = reason === "DEALER_NOT_FOUND" || reason === "WAREHOUSE_NOT_FOUND";
    if (isUnknown && (viewer.isPast || viewer.known.cursor === "")) return;
    this.#world.found(new Finding(`${viewer.name} was refused: ${reason}`));
  }
}

/** What makes a difference to who is told: a cap does where figures are capped. */
function wordOf(precision: DealerPrecision | undefined): string {
  if (precision === undefined) return "as it is";
  return precision.precision === "CAPPED" ? `CAPPED ${precision.cap}` : precision.precision;
}
