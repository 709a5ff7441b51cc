/**
 * One consumer's way through the outcomes: from the journal while it is behind, from the ring once it has caught up.
 * It moves only when it is asked, so whoever reads slowly costs the memory of one read, or numbers of what the ring holds, and no more.
 * Once it has caught up the feed offers it what is its own: what is others' costs it nothing.
 */
import type { Timer } from "../actor/clock.js";
import type { OrderMessage, OrderWatch } from "../actor/service.js";
import type { Refusal } from "../domain/refusal.js";
import { LIMITS } from "../limits.js";
import type { Place } from "./order-cursor.js";
import type { OrderFeed, ReadPart } from "./order-feed.js";
import type { OrderFilter } from "./order-filter.js";
import type { ToldOutcome } from "./told-outcome.js";

/** Numbers of what is told that are kept at most, unless as many wait. */
const OWN_TOLD_MAX = 256;

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
  /** Numbers in the ring of its own that are not told yet, from `#ownAt` on; undefined while it is behind the ring. */
  #own: number[] | undefined;
  #ownAt = 0;
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
      if (this.#own === undefined) await this.#readOn();
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

  /** Of a watch by dealer, he; else undefined. */
  get dealerId(): string | undefined {
    return this.#filter.dealerId;
  }

  takes(told: ToldOutcome): boolean {
    return this.#feed.takes(told, this.#filter);
  }

  /** One of its own is in the ring under this number. It hears of all of them in order, and is woken once the block is told. */
  offer(told: ToldOutcome, number: number): void {
    if (this.#own === undefined) return;
    const next = this.#own[this.#ownAt];
    if (next === undefined) this.#passTo({ ...told.place, taken: told.place.taken - 1 });
    else if (!this.#feed.ring.holds(next)) {
      this.#fallBehind();
      return;
    }
    this.#own.push(number);
  }

  /** There is something new for it. */
  wake(): void {
    this.#wakeUp?.();
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
    const { ring, headPlace } = this.#feed;
    this.#own ??= this.#catchUp();
    if (this.#own === undefined) return undefined;
    const number = this.#own[this.#ownAt];
    if (number === undefined) {
      this.#passTo(headPlace);
      return undefined;
    }
    const told = ring.at(number);
    if (told === undefined) this.#fallBehind();
    else this.#step();
    return told;
  }

  /** Past the next of its own. What is told is let go of now and then, so that each number is moved once. */
  #step(): void {
    this.#ownAt += 1;
    if (this.#ownAt < OWN_TOLD_MAX || this.#ownAt * 2 < this.#own!.length) return;
    this.#own!.splice(0, this.#ownAt);
    this.#ownAt = 0;
  }

  /** All of its own that the ring holds; undefined where the ring does not reach back to its place. */
  #catchUp(): number[] | undefined {
    const { ring } = this.#feed;
    const first = ring.numberAfter(this.#place);
    if (first === undefined) return undefined;
    const own: number[] = [];
    for (let number = first; number < ring.end; number++) if (this.takes(ring.at(number)!)) own.push(number);
    this.#ownAt = 0;
    return own;
  }

  /** What the ring has of its own is not known any more: it goes on from its place. */
  #fallBehind(): void {
    this.#own = undefined;
  }

  /** All of its own has been told, and nothing up to here is its own. */
  #passTo(place: Place): void {
    this.#place = place;
    this.#own = [];
    this.#ownAt = 0;
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
