/**
 * The only time in a simulated world: a clock that moves when the world says so, and what is to happen at which moment.
 * Nothing real is waited for. Between two events every promise that can go on does (`drain`), so what happens next
 * depends on the seed alone.
 */
import type { Clock } from "../../src/actor/clock.js";

/** The wall clock at the start of every world. */
const EPOCH_MS = 1_800_000_000_000;

interface Due {
  readonly atUs: number;
  /** Events of one moment happen in the order in which they were planned. */
  readonly order: number;
  readonly run: () => void;
}

/** Runs every continuation that is ready, and those that they make ready, before it resolves. No timer, no I/O. */
export function drain(): Promise<void> {
  // The queue of ticks is looked at again only when no continuation is left.
  return new Promise((resolve) => process.nextTick(resolve));
}

export class VirtualTime implements Clock {
  #nowUs: number;
  #wallOffsetMs: number;
  #planned = 0;
  #events = 0;
  /** A binary heap, the next event first. */
  readonly #heap: Due[] = [];

  constructor(startUs = 0, wallErrorMs = 0) {
    this.#nowUs = startUs;
    this.#wallOffsetMs = EPOCH_MS + wallErrorMs;
  }

  /** Microseconds since the world began; whole. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  wallMs(): number {
    return this.monotonicMs() + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#nowUs / 1000;
  }

  /** The wall clock jumps; nothing else does. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** By how much the wall clock is off. */
  get wallErrorMs(): number {
    return this.#wallOffsetMs - EPOCH_MS;
  }

  /** Plans an event, now at the earliest. */
  in(delayUs: number, run: () => void): void {
    this.#planned += 1;
    this.#push({ atUs: this.#nowUs + Math.max(0, Math.ceil(delayUs)), order: this.#planned, run });
  }

  /** Time passes and nothing happens: everything that falls due meanwhile is late. */
  stall(durationUs: number): void {
    this.#nowUs += durationUs;
  }

  /** Lets everything happen that falls due within a span, in order. */
  async advance(byUs: number): Promise<void> {
    const untilUs = this.#nowUs + byUs;
    while (this.#heap.length > 0 && this.#heap[0]!.atUs <= Math.max(untilUs, this.#nowUs)) await this.#next();
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  /** Lets events happen until one makes it so; false when `withinUs` has passed before. */
  async until(isDone: () => boolean, withinUs: number): Promise<boolean> {
    const untilUs = this.#nowUs + withinUs;
    await drain();
    while (!isDone()) {
      if (this.#heap.length === 0 || this.#heap[0]!.atUs > untilUs) return false;
      await this.#next();
    }
    return true;
  }

  async #next(): Promise<void> {
    const due = this.#pop();
    this.#nowUs = Math.max(this.#nowUs, due.atUs);
    this.#events += 1;
    due.run();
    await drain();
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, due)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): Due {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order);
}
