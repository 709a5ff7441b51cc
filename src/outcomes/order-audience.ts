/**
 * Who watches orders now, found by whose an outcome is: it costs each watch by dealer whose it is, and every watch by source, but
 * nothing for the dealers whose it is not, however many watch.
 */
import type { JournalOrderWatch } from "./order-watch.js";
import type { ToldOutcome } from "./told-outcome.js";

export class OrderAudience {
  readonly #byDealer = new Map<string, Set<JournalOrderWatch>>();
  readonly #others = new Set<JournalOrderWatch>();
  /** Watches to be woken once the block is told. */
  readonly #offered = new Set<JournalOrderWatch>();

  get isEmpty(): boolean {
    return this.#byDealer.size === 0 && this.#others.size === 0;
  }

  add(watch: JournalOrderWatch): void {
    const { dealerId } = watch;
    if (dealerId === undefined) {
      this.#others.add(watch);
      return;
    }
    const watches = this.#byDealer.get(dealerId);
    if (watches === undefined) this.#byDealer.set(dealerId, new Set([watch]));
    else watches.add(watch);
  }

  delete(watch: JournalOrderWatch): void {
    const { dealerId } = watch;
    this.#offered.delete(watch);
    this.#others.delete(watch);
    const watches = dealerId === undefined ? undefined : this.#byDealer.get(dealerId);
    if (watches?.delete(watch) && watches.size === 0) this.#byDealer.delete(dealerId!);
  }

  /** Offers an outcome, which the ring has under this number, to those whose it is. Throws where it cannot be found whose it is. */
  offer(told: ToldOutcome, number: number): void {
    for (const watch of this.#others) if (watch.takes(told)) this.#offer(watch, told, number);
    const own = this.#byDealer.size === 0 ? undefined : this.#byDealer.get(told.dealerId);
    for (const watch of own ?? []) this.#offer(watch, told, number);
  }

  /** Wakes those who were offered something since the last call. */
  wake(): void {
    for (const watch of this.#offered) watch.wake();
    this.#offered.clear();
  }

  all(): readonly JournalOrderWatch[] {
    return [...this.#others, ...[...this.#byDealer.values()].flatMap((watches) => [...watches])];
  }

  #offer(watch: JournalOrderWatch, told: ToldOutcome, number: number): void {
    watch.offer(told, number);
    this.#offered.add(watch);
  }
}
