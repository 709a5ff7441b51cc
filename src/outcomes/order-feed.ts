/**
 * What became of orders, told to whoever watches: from a place in the journal on, then as it becomes durable.
 * It is not the edge: it knows no protocol, and a consumer keeps its own cursor.
 *
 * 1. Only what is durable is told, in the order of the journal, so in order for each reservation.
 * 2. Nothing is left out: a consumer that falls behind the ring is read to from the journal, one whose place is no longer
 *    kept is told so.
 * 3. Nobody waits for a consumer: each takes when it has room, and holds at most one read of the journal.
 */

import type { Timers } from "../actor/clock.js";
import { journalUnavailable } from "../actor/refusals.js";
import type { OrderEvent, OrderEventsPort, OrderQuery } from "../actor/service.js";
import type { OutcomesTold } from "../domain/event.js";
import type { RecordStamp } from "../domain/record-stamp.js";
import { type Refusal, refusal } from "../domain/refusal.js";
import type { SystemState } from "../domain/system-state.js";
import type { BlockPosition, BlockStart, HistoryReader, JournalHistory } from "../journal/journal.js";
import { readTold } from "../journal/records/told-reader.js";
import { LIMITS } from "../limits.js";
import { OrderAudience } from "./order-audience.js";
import { ALL_OF_BLOCK, type CursorScope, type Place, readCursor, writeCursor } from "./order-cursor.js";
import { type FindDealer, type OrderFilter, ordersOfDealer, ordersOfSource } from "./order-filter.js";
import { OrderRing } from "./order-ring.js";
import { JournalOrderWatch } from "./order-watch.js";
import { ReadGate } from "./read-gate.js";
import { type FindReservation, outcomesOf, type ToldOutcome } from "./told-outcome.js";

export interface OrderFeedOptions {
  readonly system: SystemState;
  readonly find: FindReservation;
  readonly findDealer: FindDealer;
  readonly history: JournalHistory;
  readonly timers: Timers;
  /** The last durable block; undefined in a new journal. */
  readonly head: BlockPosition | undefined;
  /** A page that was needed cannot be proven. */
  readonly onFailure: (cause: unknown) => void;
  readonly bounds?: Partial<OrderFeedBounds>;
}

export interface OrderFeedBounds {
  readonly ringOutcomesMax: number;
  readonly ringCostMax: number;
  /** Outcomes after which one read of the journal ends. */
  readonly readOutcomesMax: number;
}

const BOUNDS: OrderFeedBounds = {
  ringOutcomesMax: LIMITS.orderRingOutcomesMax,
  ringCostMax: LIMITS.orderRingLinesMax,
  readOutcomesMax: LIMITS.orderReadOutcomesMax,
};

/** A part of the journal: what of it is for a consumer, and up to where that goes. */
export interface ReadPart {
  readonly outcomes: readonly ToldOutcome[];
  readonly place: Place;
}

export class OrderFeed implements OrderEventsPort {
  readonly ring: OrderRing;
  readonly timers: Timers;
  readonly #options: OrderFeedOptions;
  readonly #bounds: OrderFeedBounds;
  readonly #gate = new ReadGate(LIMITS.orderReadsMax);
  readonly #audience = new OrderAudience();
  #head: BlockPosition | undefined;
  /** Outcomes of the block that is being published. */
  #inBlock = 0;
  #ending: Refusal | undefined;

  constructor(options: OrderFeedOptions) {
    this.#options = options;
    this.#bounds = { ...BOUNDS, ...options.bounds };
    this.ring = new OrderRing({ outcomesMax: this.#bounds.ringOutcomesMax, costMax: this.#bounds.ringCostMax });
    this.timers = options.timers;
    this.#head = options.head;
  }

  /** Everything up to here has been told to the ring. */
  get headPlace(): Place {
    const { block = 0, segment = 1, offset = 0 } = this.#head ?? {};
    return { block, segment, offset, taken: ALL_OF_BLOCK };
  }

  /** What a record tells, to be told on once its block is durable. Costs next to nothing while nobody watches. */
  told(partition: number, stamp: RecordStamp, { outcomes }: OutcomesTold): (block: BlockPosition) => void {
    const { epoch } = this.#options.system;
    return (block) => {
      if (!this.#audience.isEmpty) {
        const record = { partition, epoch, ...stamp, outcomes };
        for (const told of outcomesOf(record, block, this.#inBlock, this.#options.find)) this.#publish(told);
      }
      this.#inBlock += outcomes.length;
    };
  }

  /** Everything of this block has been told. */
  durable(block: BlockPosition): void {
    this.#head = block;
    if (this.#inBlock === 0) return;
    this.#inBlock = 0;
    this.#audience.wake();
  }

  async watch(query: OrderQuery): Promise<JournalOrderWatch | Refusal> {
    const filter = this.#filterOf(query);
    const place = await this.#begin(query, filter);
    if ("reason" in place) return place;
    if (this.#ending !== undefined) return this.#ending;
    if (this.#audience.isEmpty) this.ring.begin(this.headPlace);
    // What became durable while the beginning was looked up belongs to a watch from now on as little as what came before.
    const isFromNow = query.cursor === "" && !query.fromOldest;
    const watch = new JournalOrderWatch(this, filter, isFromNow ? this.headPlace : place);
    this.#audience.add(watch);
    return watch;
  }

  /** Takes a watch that is over off the list. */
  left(watch: JournalOrderWatch): void {
    this.#audience.delete(watch);
    if (this.#audience.isEmpty) this.ring.clear();
  }

  /** Ends every watch, and from now on each that begins. */
  close(ending: Refusal): void {
    this.#ending ??= ending;
    for (const watch of this.#audience.all()) watch.end(this.#ending);
  }

  cursorAt(place: Place, filter: OrderFilter): string {
    return writeCursor(place, this.#scope(filter));
  }

  /** What an outcome says of its order. Where that cannot be looked up, the log is over, and undefined is returned. */
  resolve(told: ToldOutcome): OrderEvent | undefined {
    return this.#lookUp(() => told.event);
  }

  /** Whether a filter takes an outcome; no where that cannot be looked up, and the log is over. */
  takes(told: ToldOutcome, filter: OrderFilter): boolean {
    return this.#lookUp(() => filter.takes(told)) ?? false;
  }

  /** Reads on from a place: at least a block, if there is one, and not much more than one read may hold. */
  readOn(place: Place, filter: OrderFilter): Promise<ReadPart | Refusal> {
    return this.#gate.run(async () => {
      const opened = await this.#open(place);
      if (opened === undefined) return this.#tooOld(filter);
      try {
        return await this.#readPart(opened, place, filter);
      } finally {
        await opened.close();
      }
    });
  }

  #filterOf({ source, dealerId }: OrderQuery): OrderFilter {
    const { system, findDealer } = this.#options;
    return dealerId === "" ? ordersOfSource(source, system) : ordersOfDealer(dealerId, findDealer);
  }

  #publish(told: ToldOutcome): void {
    const number = this.ring.end;
    this.ring.add(told);
    this.#lookUp(() => this.#audience.offer(told, number));
  }

  #lookUp<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (cause) {
      this.close(journalUnavailable());
      this.#options.onFailure(cause);
      return undefined;
    }
  }

  async #readPart(reader: HistoryReader, from: Place, filter: OrderFilter): Promise<ReadPart> {
    const outcomes: ToldOutcome[] = [];
    let place = from;
    let bytes = 0;
    while (outcomes.length < this.#bounds.readOutcomesMax && bytes < LIMITS.orderReadBytesMax) {
      const block = await reader.next();
      if (block === undefined) break;
      const taken = block.position.block === from.block ? from.taken : 0;
      let before = 0;
      for (const record of readTold(block.body)) {
        for (const told of outcomesOf(record, block.position, before, this.#options.find)) {
          if (told.place.taken > taken && this.takes(told, filter)) outcomes.push(told);
        }
        before += record.outcomes.length;
      }
      bytes += block.body.length;
      const { block: number, segment, offset } = block.position;
      place = { block: number, segment, offset, taken: ALL_OF_BLOCK };
    }
    return { outcomes, place };
  }

  async #open(place: Place): Promise<HistoryReader | undefined> {
    const { history } = this.#options;
    if (place.block === 0) return history.open(await history.oldest());
    const opened = await history.open(place);
    if (opened !== undefined || place.taken !== ALL_OF_BLOCK) return opened;
    // Its own block may be gone where everything after it is kept.
    const oldest = await history.oldest();
    return oldest.block === place.block + 1 ? history.open(oldest) : undefined;
  }

  async #begin(query: OrderQuery, filter: OrderFilter): Promise<Place | Refusal> {
    if (query.cursor === "") return query.fromOldest ? beginOf(await this.#options.history.oldest()) : this.headPlace;
    const read = readCursor(query.cursor, this.#scope(filter));
    switch (read.kind) {
      case "place":
        // Known at once rather than at the first message.
        return this.#probe(read.place, filter);
      case "past":
        return this.#tooOld(filter);
      case "foreign":
        return badCursor("is of another question: it goes with the source or dealer that it was given for");
      case "malformed":
        return badCursor("is none that was given out");
    }
  }

  async #probe(place: Place, filter: OrderFilter): Promise<Place | Refusal> {
    const opened = await this.#gate.run(() => this.#open(place));
    if (opened === undefined) return this.#tooOld(filter);
    await opened.close();
    return place;
  }

  async #tooOld(filter: OrderFilter): Promise<Refusal> {
    const oldest = this.cursorAt(beginOf(await this.#options.history.oldest()), filter);
    const message = "What comes after this cursor is no longer kept; oldest_cursor is where what is kept begins.";
    return refusal("CURSOR_TOO_OLD", message, { metadata: { oldest_cursor: oldest } });
  }

  #scope(filter: OrderFilter): CursorScope {
    const { system } = this.#options;
    return { epoch: system.epoch, nonce: system.nonce(system.epoch) ?? "", filter: filter.key };
  }
}

function beginOf({ block, segment, offset }: BlockStart): Place {
  return { block, segment, offset, taken: 0 };
}

function badCursor(why: string): Refusal {
  return refusal("INVALID_FIELD", `cursor ${why}.`, { fields: ["cursor"], metadata: { field: "cursor" } });
}
