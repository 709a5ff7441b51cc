import { hashKey } from "./hash.js";

/** Which open reservations of a partition may carry an order_id. Keeps hashes only: callers compare the order_id itself. */
export class OrderIndex {
  readonly #seed: number;
  /** Most orders have one reservation: a set is made for the second. */
  readonly #numbers = new Map<number, number | Set<number>>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(orderId: string, reservation: number): void {
    const key = this.#keyOf(orderId);
    const entry = this.#numbers.get(key);
    if (entry === undefined) this.#numbers.set(key, reservation);
    else if (typeof entry === "number") this.#numbers.set(key, new Set([entry, reservation]));
    else entry.add(reservation);
  }

  delete(orderId: string, reservation: number): void {
    const key = this.#keyOf(orderId);
    const entry = this.#numbers.get(key);
    if (entry === reservation) this.#numbers.delete(key);
    else if (typeof entry === "object") {
      entry.delete(reservation);
      if (entry.size === 0) this.#numbers.delete(key);
    }
  }

  /** Numbers of open reservations whose order_id may be this one, in the order in which they were added. */
  candidates(orderId: string): readonly number[] {
    const entry = this.#numbers.get(this.#keyOf(orderId));
    if (entry === undefined) return [];
    return typeof entry === "number" ? [entry] : [...entry];
  }

  /** 30 bits of the hash: a small integer, which a Map finds without boxing. */
  #keyOf(orderId: string): number {
    return hashKey(this.#seed, orderId) >>> 2;
  }
}
