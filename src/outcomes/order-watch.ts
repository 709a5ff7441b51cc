/**
 * One consumer's way through the outcomes: from the journal while it is behind, from the ring once it has caught up.
 * It moves only when it is asked, so whoever reads slowly costs the memory of one read and no more.
 */
import type { Timer } from "../actor/clock.js";
import type { OrderMessage, OrderWatch } from "../actor/service.js";
import type { Refusal } from "../domain/refusal.js";
import { LIMITS } from "../limits.js";
import type { Place } from "./order-cursor.js";
import type { OrderFeed, ReadPart } from "./order-feed.js";
import type { OrderFilter } from "./order-filter.js";
import type { ToldOutcome } from "./told-outcome.js";

export class JournalOrderWatch implements OrderWatch {
  readonly #feed: OrderFeed;
  readonly #filter: OrderFilter;
  /** Everything up to here is dealt with: told, or not for this consumer. */
  #place: Place;
  /** Of the last message; undefined before the first. */
  #toldAt: Place | undefined;
  /** What a read of the journal has brought and is not told yet. */
  #part: ReadPart | undefined;
  #partAt = 0;
  /** Number in the ring of what comes next; undefined while it is behind the ring. */
  #number: number | undefined;
  #isOver = false;
  #ending: Refusal | undefined;
  #wakeUp: (() => void) | undefined;
  #timer: Timer | undefined;
  #isIdle = false;

  constructor(feed: OrderFeed, filter: OrderFilter, place: Place) {
    this.#feed = feed;
    this.#filter = filter;
    this.#place = place;
  }

  async next(): Promise<OrderMessage | Refusal | undefined> {
    while (!this.#isOver) {
      const told = this.#fromPart() ?? this.#fromRing();
      const event = told && this.#feed.resolve(told);
      if (told !== undefined && event !== undefined) {
        this.#place = told.place;
        return this.#message(event);
      }
      if (this.#isOver) break;
      if (this.#number === undefined) await this.#readOn();
      else if (this.#isIdle && this.#hasMoved()) return this.#message(undefined);
      else await this.#wait();
    }
    return this.#ending;
  }

  close(): void {
    this.#finish(undefined);
  }

  end(ending: Refusal): void {
    this.#finish(ending);
  }

  /** There is something new in the ring. One that waits stays asleep where nothing of it is its own. */
  wake(): void {
    if (this.#wakeUp !== undefined && this.#nextOwn() !== undefined) this.#wakeUp();
  }

  #message(event: OrderMessage["event"]): OrderMessage {
    this.#toldAt = this.#place;
    this.#isIdle = false;
    return { event, cursor: this.#feed.cursorAt(this.#place, this.#filter) };
  }

  #fromPart(): ToldOutcome | undefined {
    if (this.#part === undefined) return undefined;
    const told = this.#part.outcomes[this.#partAt];
    this.#partAt += 1;
    if (told !== undefined) return told;
    this.#place = this.#part.place;
    this.#part = undefined;
    return undefined;
  }

  #fromRing(): ToldOutcome | undefined {
    const told = this.#nextOwn();
    if (told !== undefined) this.#number! += 1;
    return told;
  }

  /** The next outcome in the ring that is for this consumer; passes over those before it that are not. */
  #nextOwn(): ToldOutcome | undefined {
    const { ring } = this.#feed;
    if (this.#number === undefined || !ring.holds(this.#number)) this.#number = ring.numberAfter(this.#place);
    if (this.#number === undefined) return undefined;
    for (; this.#number < ring.end; this.#number++) {
      const told = ring.at(this.#number)!;
      if (this.#filter.takes(told)) return told;
      this.#place = told.place;
    }
    this.#place = this.#feed.headPlace;
    return undefined;
  }

  async #readOn(): Promise<void> {
    const part = await this.#feed.readOn(this.#place, this.#filter);
    if ("reason" in part) this.#finish(part);
    else {
      this.#part = part;
      this.#partAt = 0;
    }
  }

  #hasMoved(): boolean {
    return this.#toldAt === undefined || this.#toldAt.block !== this.#place.block;
  }

  /** Until something of its own is in the ring, it is over, or a while has passed. */
  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = () => {
        this.#timer?.cancel();
        this.#timer = undefined;
        this.#wakeUp = undefined;
        resolve();
      };
      this.#wakeUp = wakeUp;
      const idleMs = this.#toldAt === undefined ? LIMITS.orderFirstCursorMs : LIMITS.orderIdleMs;
      this.#timer = this.#feed.timers.after(idleMs, () => {
        this.#isIdle = true;
        wakeUp();
      });
    });
  }

  #finish(ending: Refusal | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ending = ending;
    this.#part = undefined;
    this.#feed.left(this);
    this.#wakeUp?.();
  }
}
