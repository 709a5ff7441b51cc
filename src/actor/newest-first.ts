/** A page of a chain of items, newest first: a bounded look, a bounded number of items, a bounded number of bytes. */
import { type IncomingErpEvent, isFaulty } from "../domain/erp-event.js";
import { LIMITS } from "../limits.js";

export interface Chain<T> {
  /** Number of the item to begin with; 0 for none. */
  readonly from: number;
  readonly pageSize: number;
  read(number: number): T | undefined;
  /** Number of the item after this one; 0 at the end. */
  next(item: T): number;
  wants(item: T): boolean;
  /** At most so many bytes in an answer. */
  bytesOf(item: T): number;
}

/** The page, and the number at which the next one begins; 0 after the last. A page may be short and still have a next one. */
export function newestFirst<T>(chain: Chain<T>): { readonly items: readonly T[]; readonly next: number } {
  const items: T[] = [];
  let bytes = 0;
  let looks = 0;
  let number = chain.from;
  while (number !== 0) {
    if (items.length === chain.pageSize || looks === LIMITS.listScanMax || bytes >= LIMITS.pageBytesMax) break;
    const item = chain.read(number);
    if (item === undefined) return { items, next: 0 };
    looks += 1;
    if (chain.wants(item)) {
      items.push(item);
      bytes += chain.bytesOf(item);
    }
    number = chain.next(item);
  }
  return { items, next: number };
}

/** Numbers and the framing of all fields. */
const EVENT_FRAMING_BYTES = 200;

/** The most bytes that an event takes in an answer: a UTF-16 unit is at most three bytes of UTF-8. */
export function eventBytes(event: IncomingErpEvent): number {
  const named = EVENT_FRAMING_BYTES + (event.source.length + event.eventId.length) * 3;
  if (isFaulty(event)) return named + event.raw.length;
  return Object.values(event.body).reduce<number>(
    (sum, value) => (typeof value === "string" ? sum + value.length * 3 : sum),
    named,
  );
}
