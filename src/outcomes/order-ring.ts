/**
 * The newest outcomes in memory, for consumers that have caught up. It holds every outcome after `#from`, counted by a number of its own;
 * what falls out is read from the journal again. Bounded by outcomes and by their lines.
 */
import type { BlockPosition } from "../journal/journal.js";
import { ALL_OF_BLOCK, type Place } from "./order-cursor.js";
import type { ToldOutcome } from "./told-outcome.js";

export class OrderRing {
  readonly #outcomesMax: number;
  readonly #costMax: number;
  #outcomes: ToldOutcome[] = [];
  /** Number of the first that is held. */
  #first = 0;
  #cost = 0;
  /** Every outcome of the blocks after this one is held. */
  #from = Number.POSITIVE_INFINITY;

  constructor(bounds: { readonly outcomesMax: number; readonly costMax: number }) {
    this.#outcomesMax = bounds.outcomesMax;
    this.#costMax = bounds.costMax;
  }

  /** The number that comes next. */
  get end(): number {
    return this.#first + this.#outcomes.length;
  }

  /** Begins anew: what comes after `head` will be held. */
  begin(head: Pick<BlockPosition, "block">): void {
    this.clear();
    this.#from = head.block;
  }

  clear(): void {
    this.#first = this.end;
    this.#outcomes = [];
    this.#cost = 0;
    this.#from = Number.POSITIVE_INFINITY;
  }

  add(told: ToldOutcome): void {
    this.#outcomes.push(told);
    this.#cost += told.cost;
    if (this.#outcomes.length > this.#outcomesMax || this.#cost > this.#costMax) this.#drop();
  }

  /** The outcome of a number; undefined where it is not held any more, or not yet. */
  at(number: number): ToldOutcome | undefined {
    return this.#outcomes[number - this.#first];
  }

  /** Whether this one and all after it are held. */
  holds(number: number): boolean {
    return number >= this.#first;
  }

  /** The number of the first outcome after a place; undefined where some after it may be missing. */
  numberAfter({ block, taken }: Place): number | undefined {
    if (block < this.#from || (block === this.#from && taken !== ALL_OF_BLOCK)) return undefined;
    let low = 0;
    let high = this.#outcomes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#outcomes[middle]!.place;
      if (at.block < block || (at.block === block && at.taken <= taken)) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }

  /** Lets go of the older half, so that each is moved once. */
  #drop(): void {
    const dropped = this.#outcomes.splice(0, Math.ceil(this.#outcomes.length / 2));
    for (const told of dropped) this.#cost -= told.cost;
    this.#first += dropped.length;
    this.#from = dropped.at(-1)!.place.block;
  }
}
