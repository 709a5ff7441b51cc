/**
 * Tells whoever watches what changes in the published figures (P13). It is not the edge: it knows no protocol.
 *
 * 1. Only what is durable is told: it hears of figures when readers see them.
 * 2. Changes are told at most every so often, in a pass over those who watch, a few at a time: a burst is conflated, and neither actors
 *    nor other readers wait for it. A pass that takes long puts the next one off by as much.
 * 3. Nobody waits for a reader; one that takes nothing for too long is ended.
 */

import type { Clock, Scheduler, Timer, Timers } from "../actor/clock.js";
import { dealerNotFound, warehouseNotFound } from "../actor/handlers/dealer-warehouse.js";
import { journalUnavailable } from "../actor/refusals.js";
import type { AvailabilityWatch, AvailabilityWatchPort, WatchListener, WatchQuery } from "../actor/service.js";
import type { Freshness } from "../domain/availability.js";
import type { DealerPrecision } from "../domain/dealer-precision.js";
import type { SystemEvent } from "../domain/event.js";
import { type Refusal, refusal } from "../domain/refusal.js";
import type { SystemState } from "../domain/system-state.js";
import { LIMITS } from "../limits.js";
import type { PublishedWarehouse } from "./published-warehouse.js";
import type { AvailabilityView, ViewObserver } from "./view.js";
import { readWatchCursor, type WatchCursor, type WatchPlace, writeWatchCursor } from "./watch-cursor.js";
import { WatchSession } from "./watch-session.js";
import { WatchedWarehouse } from "./watched-warehouse.js";

export interface WatchSettings {
  /** Changes of this long are told together. */
  readonly conflateMs: number;
  /** A watch that is told nothing for this long is told that nothing has changed. */
  readonly heartbeatMs: number;
  /** A reader that takes nothing for this long, though there is something, is ended. */
  readonly unreadMaxMs: number;
}

export interface AvailabilityFeedOptions {
  readonly view: AvailabilityView;
  readonly system: SystemState;
  readonly freshness: (partition: number) => Freshness;
  /** Durable policy of a dealer who is served by this warehouse. */
  readonly precision: (warehouseId: string, dealerId: string) => DealerPrecision;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly scheduler: Scheduler;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly settings: WatchSettings;
  /** A page that was needed cannot be proven. */
  readonly onFailure: (cause: unknown) => void;
}

export class AvailabilityFeed implements AvailabilityWatchPort, ViewObserver {
  /** Places in its logs are good in this process alone. */
  readonly process: bigint;
  readonly #options: AvailabilityFeedOptions;
  readonly #warehouses = new Map<number, WatchedWarehouse>();
  readonly #sessions = new Set<WatchSession>();
  readonly #byDealer = new Map<string, Set<WatchSession>>();
  /** Those whose warehouse has changed, or who have more to take. */
  readonly #waiting = new Set<WatchSession>();
  readonly #changed = new Set<WatchedWarehouse>();
  #isLookDue = false;
  #pass: Timer | undefined;
  #isPassing = false;
  #nextPassAtMs = 0;
  #beat: Timer | undefined;
  #ending: Refusal | undefined;

  constructor(options: AvailabilityFeedOptions) {
    this.#options = options;
    this.process = Buffer.from(options.randomBytes(8)).readBigUInt64BE();
  }

  /** How many watch. */
  get watches(): number {
    return this.#sessions.size;
  }

  watch(query: WatchQuery, listener: WatchListener): AvailabilityWatch | Refusal {
    if (this.#ending !== undefined) return this.#ending;
    const { view } = this.#options;
    const { dealerId } = query;
    const dealer = dealerId === "" ? undefined : view.dealer(dealerId);
    if (dealerId !== "" && dealer === undefined) return dealerNotFound(dealerId);
    const warehouseId = dealer?.warehouseId ?? query.warehouseId;
    const published = view.warehouse(warehouseId);
    if (published === undefined) return warehouseNotFound(warehouseId);
    const warehouse = this.#watched(published);
    const precision = dealer === undefined ? undefined : this.#options.precision(warehouseId, dealerId);
    const filter = JSON.stringify([dealerId, query.warehouseId, [...new Set(query.skus)].sort()]);
    const { skus } = query;
    const nowMs = this.nowMs();
    const session = new WatchSession({ feed: this, listener, filter, dealerId, skus, warehouse, precision, nowMs });
    const refused = this.#begin(session, query.cursor);
    if (refused !== undefined) return refused;
    this.#enter(session);
    return session;
  }

  stocks({ partition }: PublishedWarehouse, numbers: readonly number[]): void {
    const warehouse = this.#warehouses.get(partition);
    if (warehouse === undefined) return;
    warehouse.noteStocks(numbers);
    this.#wake(warehouse);
  }

  inherited({ partition }: PublishedWarehouse): void {
    const warehouse = this.#warehouses.get(partition);
    if (warehouse === undefined) return;
    warehouse.noteAll();
    this.#wake(warehouse);
  }

  /** Dealers move with what they watch, and are told with the precision of policy. */
  system(events: readonly SystemEvent[]): void {
    for (const event of events) {
      if (event.kind === "DealerPut") this.#settle(this.#byDealer.get(event.dealerId) ?? []);
      else if (event.kind === "PolicyPut") for (const sessions of this.#byDealer.values()) this.#settle(sessions);
    }
    this.looked();
  }

  /** The freshness of warehouses may have changed. */
  looked(): void {
    if (this.#sessions.size === 0) return;
    this.#isLookDue = true;
    this.#schedule();
  }

  /** Ends every watch, and from now on each that begins. */
  close(ending: Refusal): void {
    this.#ending ??= ending;
    for (const session of [...this.#sessions]) session.end(this.#ending);
  }

  left(session: WatchSession): void {
    this.#sessions.delete(session);
    this.#waiting.delete(session);
    const others = this.#byDealer.get(session.dealerId);
    others?.delete(session);
    if (others?.size === 0) this.#byDealer.delete(session.dealerId);
    if (this.#sessions.size > 0) return;
    this.#pass?.cancel();
    this.#pass = undefined;
    this.#beat?.cancel();
    this.#beat = undefined;
  }

  nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  placeOf({ published, log }: WatchedWarehouse): WatchPlace {
    const { changedAtMs: timeMs, inherited } = published;
    return { process: this.process, place: log.end, timeMs, inheritedVersion: inherited.version };
  }

  cursor({ filter, precision }: WatchSession, at: Omit<WatchCursor, "precision">): string {
    return writeWatchCursor({ ...at, precision: textOf(precision) }, this.#scope(filter));
  }

  /** Reads figures. Where that needs a page that cannot be proven, the log is over, and undefined is returned. */
  guard<T>(read: () => T | undefined): T | undefined {
    try {
      return read();
    } catch (cause) {
      this.close(journalUnavailable());
      this.#options.onFailure(cause);
      return undefined;
    }
  }

  /** Has not looked through everything yet: it is asked again after others had their turn. */
  goOnSoon(session: WatchSession): void {
    this.#options.scheduler.soon(() => session.tell());
  }

  #begin(session: WatchSession, cursor: string): Refusal | undefined {
    if (cursor === "") {
      session.beginAnew();
      return undefined;
    }
    const read = readWatchCursor(cursor, this.#scope(session.filter));
    switch (read.kind) {
      case "malformed":
        return badCursor("is none that was given out");
      case "foreign":
        return badCursor(
          "is of another question: it goes with the dealer or warehouse and the SKUs that it was given for",
        );
      case "past":
        session.beginAnew("CURSOR_TOO_OLD");
        return undefined;
      case "place":
        if (read.partition !== session.warehouse.published.partition) session.beginAnew("WAREHOUSE_REASSIGNED");
        else if (!read.hasPrecision(textOf(session.precision))) session.beginAnew("PRECISION_CHANGED");
        else session.resume({ ...read, place: this.#known(read.place, session.warehouse) });
        return undefined;
    }
  }

  /** A place in a log that this process has never had is judged by its time. */
  #known(place: WatchPlace, { log }: WatchedWarehouse): WatchPlace {
    return place.process === this.process && place.place > log.end ? { ...place, process: 0n } : place;
  }

  #enter(session: WatchSession): void {
    this.#sessions.add(session);
    if (session.dealerId !== "") {
      const others = this.#byDealer.get(session.dealerId);
      if (others === undefined) this.#byDealer.set(session.dealerId, new Set([session]));
      else others.add(session);
    }
    this.#armBeat();
  }

  #watched(published: PublishedWarehouse): WatchedWarehouse {
    const { partition } = published;
    let warehouse = this.#warehouses.get(partition);
    if (warehouse === undefined) {
      warehouse = new WatchedWarehouse(published, () => this.#options.freshness(partition));
      this.#warehouses.set(partition, warehouse);
    }
    if (warehouse.look()) this.#wake(warehouse);
    return warehouse;
  }

  #settle(sessions: Iterable<WatchSession>): void {
    for (const session of sessions) {
      const dealer = this.#options.view.dealer(session.dealerId)!;
      const precision = this.#options.precision(dealer.warehouseId, session.dealerId);
      const isMoved = dealer.warehouseId !== session.warehouse.published.warehouseId;
      if (!isMoved && textOf(precision) === textOf(session.precision)) continue;
      const warehouse = this.#watched(this.#options.view.warehouse(dealer.warehouseId)!);
      session.move(warehouse, precision, isMoved ? "WAREHOUSE_REASSIGNED" : "PRECISION_CHANGED");
      this.#waiting.add(session);
    }
  }

  #wake(warehouse: WatchedWarehouse): void {
    this.#changed.add(warehouse);
    this.#isLookDue = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#pass !== undefined || this.#isPassing || this.#sessions.size === 0) return;
    const delayMs = Math.max(0, this.#nextPassAtMs - this.nowMs());
    this.#pass = this.#options.timers.after(delayMs, () => {
      this.#pass = undefined;
      this.#passOn();
    });
  }

  /** One pass over those who have something to be told. */
  #passOn(): void {
    const beganAtMs = this.nowMs();
    if (this.#isLookDue) this.#look();
    for (const session of this.#sessions) if (this.#changed.has(session.warehouse)) this.#waiting.add(session);
    this.#changed.clear();
    const sessions = [...this.#waiting];
    this.#waiting.clear();
    this.#isPassing = true;
    this.#tellSome(sessions, 0, beganAtMs);
  }

  #tellSome(sessions: readonly WatchSession[], from: number, beganAtMs: number): void {
    const end = Math.min(sessions.length, from + LIMITS.watchesPerSlice);
    for (let index = from; index < end; index++) sessions[index]!.tell();
    if (end < sessions.length) {
      this.#options.scheduler.soon(() => this.#tellSome(sessions, end, beganAtMs));
      return;
    }
    this.#isPassing = false;
    const nowMs = this.nowMs();
    this.#nextPassAtMs = Math.max(beganAtMs + this.#options.settings.conflateMs, nowMs + (nowMs - beganAtMs));
    if (this.#changed.size > 0 || this.#waiting.size > 0 || this.#isLookDue) this.#schedule();
  }

  #look(): void {
    this.#isLookDue = false;
    for (const warehouse of this.#warehouses.values()) if (warehouse.look()) this.#changed.add(warehouse);
  }

  #armBeat(): void {
    if (this.#beat !== undefined) return;
    const { heartbeatMs, unreadMaxMs } = this.#options.settings;
    const everyMs = Math.max(1, Math.min(LIMITS.watchBeatMs, heartbeatMs, unreadMaxMs));
    this.#beat = this.#options.timers.after(everyMs, () => {
      this.#beat = undefined;
      this.#endUnread(unreadMaxMs);
      const nowMs = this.nowMs();
      for (const session of this.#sessions) {
        session.beat(nowMs, heartbeatMs);
        this.#waiting.add(session);
      }
      this.looked();
      if (this.#sessions.size > 0) this.#armBeat();
    });
  }

  #endUnread(unreadMaxMs: number): void {
    const nowMs = this.nowMs();
    for (const session of [...this.#sessions]) {
      if (session.unreadMs(nowMs) < unreadMaxMs) continue;
      const message = "What this watch was told has not been read for too long; it can go on from its last cursor.";
      session.end(refusal("READER_TOO_SLOW", message, { metadata: { unread_ms_max: String(unreadMaxMs) } }));
    }
  }

  #scope(filter: string) {
    const { system } = this.#options;
    return { epoch: system.epoch, nonce: system.nonce(system.epoch) ?? "", filter };
  }
}

function textOf(precision: DealerPrecision | undefined): string {
  return precision === undefined
    ? ""
    : `${precision.precision} ${precision.precision === "CAPPED" ? precision.cap : ""}`;
}

function badCursor(why: string): Refusal {
  return refusal("INVALID_FIELD", `cursor ${why}.`, { fields: ["cursor"], metadata: { field: "cursor" } });
}
