/**
 * One watch: where it stands, and what it is told next. It moves only when it is asked, so a reader that is slow, or does not read at
 * all, holds a few numbers here; what changes meanwhile is conflated by the log of changes.
 *
 * 1. Every stock is told at least once, in a snapshot or by what changed since a cursor, and then whenever it changed (I11).
 * 2. What is told of a stock is its newest durable state, so its versions rise; one may be told twice.
 * 3. A cursor stands for everything told before it.
 */
import type { AvailabilityWatch, ResetReason, WatchListener, WatchMessage, WatchPart } from "../actor/service.js";
import type { DealerPrecision } from "../domain/dealer-precision.js";
import type { Refusal } from "../domain/refusal.js";
import { NamedStocks, type StockSelection } from "./stock-selection.js";
import type { WatchPlace } from "./watch-cursor.js";
import type { AvailabilityFeed } from "./watch-feed.js";
import type { Step, Sweep, WatchedWarehouse } from "./watched-warehouse.js";

/** Where a watch begins: everything up to `place` was told, and of a snapshot that is under way everything before `snapshotNext`. */
export interface WatchStart {
  readonly place: WatchPlace;
  readonly snapshotNext: number | undefined;
}

export class WatchSession implements AvailabilityWatch {
  readonly dealerId: string;
  /** One text for one question; cursors are bound to it. */
  readonly filter: string;
  readonly #feed: AvailabilityFeed;
  readonly #listener: WatchListener;
  readonly #skus: readonly string[];
  #warehouse: WatchedWarehouse;
  #selection: StockSelection;
  #precision: DealerPrecision | undefined;
  #place: WatchPlace;
  #sweep: Sweep | undefined;
  /** Where it stands once a sweep that is no snapshot is over. */
  #afterSweep: WatchPlace | undefined;
  #reset: ResetReason | undefined;
  #isHeartbeatDue = false;
  #toldState: string | undefined;
  #toldAtMs: number;
  /** Since when there is something that its reader does not take. */
  #offeredAtMs: number | undefined;
  #isOver = false;

  constructor(parts: {
    readonly feed: AvailabilityFeed;
    readonly listener: WatchListener;
    readonly filter: string;
    readonly dealerId: string;
    readonly skus: readonly string[];
    readonly warehouse: WatchedWarehouse;
    readonly precision: DealerPrecision | undefined;
    readonly nowMs: number;
  }) {
    this.#feed = parts.feed;
    this.#listener = parts.listener;
    this.filter = parts.filter;
    this.dealerId = parts.dealerId;
    this.#skus = parts.skus;
    this.#warehouse = parts.warehouse;
    this.#selection = this.#select();
    this.#precision = parts.precision;
    this.#place = parts.feed.placeOf(parts.warehouse);
    this.#toldAtMs = parts.nowMs;
  }

  get warehouse(): WatchedWarehouse {
    return this.#warehouse;
  }

  get precision(): DealerPrecision | undefined {
    return this.#precision;
  }

  /** Begins with a snapshot; `reason` says that what was told before is void. */
  beginAnew(reason?: ResetReason): void {
    this.#reset = reason;
    this.#place = this.#feed.placeOf(this.#warehouse);
    this.#sweep = { isSnapshot: true, next: 1, sinceMs: 0 };
  }

  /** Goes on from a cursor. */
  resume({ place, snapshotNext }: WatchStart): void {
    this.#place = place;
    if (snapshotNext !== undefined) this.#sweep = { isSnapshot: true, next: Math.max(1, snapshotNext), sinceMs: 0 };
    // Its reader learns at once that it is heard, also where nothing has changed.
    this.#isHeartbeatDue = true;
  }

  /** The dealer is served by another warehouse, or told with another precision. */
  move(warehouse: WatchedWarehouse, precision: DealerPrecision | undefined, reason: ResetReason): void {
    this.#warehouse = warehouse;
    this.#selection = this.#select();
    this.#precision = precision;
    this.beginAnew(reason);
  }

  next(): WatchMessage | undefined {
    if (this.#isOver) return undefined;
    return this.#feed.guard(() => {
      this.#offeredAtMs = undefined;
      const part = this.#nextPart();
      if (part === undefined) return undefined;
      this.#isHeartbeatDue = false;
      this.#toldState = part.freshness.state;
      this.#toldAtMs = this.#feed.nowMs();
      return { part, precision: this.#precision, cursor: this.#cursor() };
    });
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#feed.left(this);
  }

  end(refusal: Refusal): void {
    if (this.#isOver) return;
    this.close();
    this.#listener.ended(refusal);
  }

  /** Lets its reader take what there is. */
  tell(): void {
    if (this.#isOver || !this.#hasMore()) return;
    this.#offeredAtMs ??= this.#feed.nowMs();
    this.#listener.ready();
  }

  /** Told nothing for so long that a heartbeat is due. */
  beat(nowMs: number, everyMs: number): void {
    if (nowMs - this.#toldAtMs >= everyMs) this.#isHeartbeatDue = true;
  }

  /** For how long there has been something that its reader did not take. */
  unreadMs(nowMs: number): number {
    return this.#offeredAtMs === undefined ? 0 : nowMs - this.#offeredAtMs;
  }

  #hasMore(): boolean {
    return (
      this.#reset !== undefined ||
      this.#sweep !== undefined ||
      this.#isHeartbeatDue ||
      this.#isElsewhere() ||
      this.#place.place < this.#warehouse.log.end ||
      this.#toldState !== this.#warehouse.freshness.state
    );
  }

  #nextPart(): WatchPart | undefined {
    if (this.#reset !== undefined) {
      const reason = this.#reset;
      this.#reset = undefined;
      return { kind: "reset", reason, freshness: this.#warehouse.freshness };
    }
    this.#beginSweep();
    if (this.#sweep !== undefined) {
      const part = this.#goOn(this.#sweep);
      if (part !== undefined || this.#sweep !== undefined) return part;
    }
    while (this.#place.place < this.#warehouse.log.end) {
      const { part, next } = this.#warehouse.changes(this.#place.place, this.#selection);
      // Later changes may be in it: what is told is the newest, so the time of the cursor is that of the whole warehouse only at the end.
      this.#place =
        next === this.#warehouse.log.end ? this.#feed.placeOf(this.#warehouse) : { ...this.#place, place: next };
      if (part !== undefined) return part;
    }
    const isNews = this.#isHeartbeatDue || this.#toldState !== this.#warehouse.freshness.state;
    return isNews ? this.#warehouse.heartbeat() : undefined;
  }

  /** The log does not reach back to where the watch stands, or everything may have changed since. */
  #beginSweep(): void {
    if (this.#sweep !== undefined) return;
    if (!this.#isElsewhere() && !this.#warehouse.log.hasAllSince(this.#place.place)) return;
    const isInherited = this.#place.inheritedVersion !== this.#warehouse.published.inherited.version;
    this.#sweep = { isSnapshot: false, next: 1, sinceMs: isInherited ? 0 : this.#place.timeMs };
    this.#afterSweep = this.#feed.placeOf(this.#warehouse);
  }

  #goOn(sweep: Sweep): WatchPart | undefined {
    const { part, next }: Step = this.#warehouse.sweep(sweep, this.#selection);
    if (next < this.#selection.end()) {
      this.#sweep = { ...sweep, next };
      if (part === undefined) this.#feed.goOnSoon(this);
      return part;
    }
    this.#sweep = undefined;
    if (!sweep.isSnapshot) this.#place = this.#afterSweep!;
    this.#afterSweep = undefined;
    return part;
  }

  /** It stands where another process, or another log, left it. */
  #isElsewhere(): boolean {
    return this.#place.process !== this.#feed.process;
  }

  #cursor(): string {
    const snapshotNext = this.#sweep?.isSnapshot ? this.#sweep.next : undefined;
    const { partition } = this.#warehouse.published;
    return this.#feed.cursor(this, { partition, place: this.#place, snapshotNext });
  }

  #select(): StockSelection {
    return this.#skus.length === 0 ? this.#warehouse.all : new NamedStocks(this.#warehouse.published, this.#skus);
  }
}
