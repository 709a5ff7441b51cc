/**
 * What happens to events between the ERP's books and the connection: they lag, get lost, come twice or out of order. It keeps what
 * is on its way and is told the time; it sends nothing itself. The same seed, settings and calls give the same faults.
 *
 * 1. An event's fate is drawn once, when it departs. After a break its connection goes on with the same fate: what is lost stays lost.
 * 2. Reordering swaps events within a window of neighbours and delays none beyond it; where nothing follows, the window closes itself.
 */
import type { SeededRandom } from "../../test/journal/seeded-random.js";

export interface LinkFaults {
  readonly lagMs: number;
  /** Shares from 0 to 1. */
  readonly lose: number;
  readonly repeat: number;
  /** Events that come in random order among themselves; 0 or 1 for none. */
  readonly reorder: number;
}

export const NO_FAULTS: LinkFaults = { lagMs: 0, lose: 0, repeat: 0, reorder: 0 };

/** How long an open window of reordering waits for more events. */
const WINDOW_WAIT_MS = 500;

interface UnderWay<Event> {
  readonly event: Event;
  readonly arrivesAtMs: number;
  readonly isLost: boolean;
}

export class FaultyLink<Event extends { readonly sequence: number }> {
  readonly #random: SeededRandom;
  readonly #underWay: UnderWay<Event>[] = [];
  readonly #window: Event[] = [];
  #windowSinceMs = 0;
  readonly #lost = new Set<number>();
  /** The newest sequence that was sent off, lost ones included. */
  #departed = 0;
  #passed = 0;
  faults: LinkFaults = NO_FAULTS;
  repeated = 0;
  reordered = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get lost(): number {
    return this.#lost.size;
  }

  /** The newest sequence that arrived, or would have if it had not got lost: what a heartbeat may tell. */
  get passed(): number {
    return this.#passed;
  }

  /** Nothing is on its way. */
  get isEmpty(): boolean {
    return this.#underWay.length === 0 && this.#window.length === 0;
  }

  /** Sends an event off; its fate is drawn now, unless it was before the connection broke. */
  depart(event: Event, nowMs: number): void {
    const isFirstTime = event.sequence > this.#departed;
    if (isFirstTime) {
      this.#departed = event.sequence;
      if (this.#random.chance(this.faults.lose)) this.#lost.add(event.sequence);
    }
    const isLost = this.#lost.has(event.sequence);
    const underWay = { event, arrivesAtMs: nowMs + this.faults.lagMs, isLost };
    this.#underWay.push(underWay);
    if (isLost || !isFirstTime || !this.#random.chance(this.faults.repeat)) return;
    this.#underWay.push(underWay);
    this.repeated += 1;
  }

  /** What arrives by now, in the order in which it arrives. */
  arrivals(nowMs: number): Event[] {
    const arrived: Event[] = [];
    while (this.#underWay[0] !== undefined && this.#underWay[0].arrivesAtMs <= nowMs) {
      const { event, isLost } = this.#underWay.shift()!;
      this.#passed = Math.max(this.#passed, event.sequence);
      if (isLost) continue;
      if (this.faults.reorder <= 1 && this.#window.length === 0) {
        arrived.push(event);
        continue;
      }
      if (this.#window.length === 0) this.#windowSinceMs = nowMs;
      this.#window.push(event);
      if (this.#window.length >= this.faults.reorder) arrived.push(...this.#shuffled());
    }
    const isDue = nowMs - this.#windowSinceMs >= WINDOW_WAIT_MS;
    return isDue ? [...arrived, ...this.#shuffled()] : arrived;
  }

  /** Everything that is on its way, at once and in order: the faults are over. */
  drain(): Event[] {
    const left = this.#underWay.splice(0);
    this.#passed = Math.max(this.#passed, left.at(-1)?.event.sequence ?? 0);
    return [...this.#window.splice(0), ...left.filter(({ isLost }) => !isLost).map(({ event }) => event)];
  }

  /** The connection broke: what was on its way is not lost, but departs again once there is another. */
  cut(): void {
    this.#window.length = 0;
    this.#underWay.length = 0;
  }

  #shuffled(): Event[] {
    const events = this.#window.splice(0);
    const inOrder = [...events];
    for (let index = events.length - 1; index > 0; index--) {
      const other = this.#random.below(index + 1);
      [events[index], events[other]] = [events[other]!, events[index]!];
    }
    this.reordered += events.filter((event, index) => event !== inOrder[index]).length;
    return events;
  }
}
