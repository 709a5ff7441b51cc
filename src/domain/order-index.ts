import { hashKey } from "./hash.js";

/** Which open reservations of a partition may carry an order_id. Keeps hashes only: callers compare the order_id itself. */
export class OrderIndex {
  readonly #numbers = new Map<number, number | number[]>();

  add(orderId: string, reservation: number): void {
    const key = slotOf(orderId);
    const entry = this.#numbers.get(key);
    if (entry === undefined) this.#numbers.set(key, reservation);
    else if (typeof entry === "number") this.#numbers.set(key, [entry, reservation]);
    else entry.push(reservation);
  }

  delete(orderId: string, reservation: number): void {
    const key = slotOf(orderId);
    const entry = this.#numbers.get(key);
    if (entry === undefined) return;
    if (typeof entry === "number") {
      if (entry === reservation) this.#numbers.delete(key);
      return;
    }
    const rest = entry.filter((number) => number !== reservation);
    if (rest.length === 1) this.#numbers.set(key, rest[0]!);
    else this.#numbers.set(key, rest);
  }

  /** Numbers of open reservations whose order_id may be this one. */
  candidates(orderId: string): readonly number[] {
    const entry = this.#numbers.get(slotOf(orderId));
    return entry === undefined ? [] : typeof entry === "number" ? [entry] : entry;
  }
}

/** 30 bits of the hash: a small integer, which a Map finds without boxing. */
function slotOf(orderId: string): number {
  return hashKey(orderId) >>> 2;
}
