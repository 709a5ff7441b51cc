/**
 * What a pusher has to send, what is sent and not answered, and what was answered lately. It sends nothing itself.
 *
 * 1. An event is in one of three places: waiting, sent, or remembered; `returnSent` moves what a broken stream left unanswered
 *    back to the front of the waiting ones, in the order in which it was sent.
 * 2. Answers are taken in the order of the sends, heartbeats included; one that does not fit is the server's failure.
 * 3. What is remembered is bounded: the newest `rememberedMax` events, kept for a server that lost what it had acknowledged,
 *    such as one that was restored from a backup.
 */
import { status } from "@grpc/grpc-js";
import type { ErpEvent } from "../gen/holdfast/v1/erp_event_pb.js";
import type { SequenceRange, StreamEventsResponse } from "../gen/holdfast/v1/erp_service_pb.js";
import { HoldfastError } from "./holdfast-error.js";

export interface PendingEvent {
  readonly event: ErpEvent;
  /** Called with the answer. Events that are sent again only because the server misses them have nobody who waits. */
  readonly settle?: ((answer: StreamEventsResponse) => void) | undefined;
  readonly reject?: ((failure: unknown) => void) | undefined;
}

/** First and last missing sequence, both included. */
export type MissingRange = Pick<SequenceRange, "first" | "last">;

/** Sequences looked at for one report of what is missing; the rest is reported again once these are there. */
const MISSING_MAX = 1_000;

export class EventBacklog {
  readonly #rememberedMax: number;
  readonly #waiting: PendingEvent[] = [];
  readonly #sent: PendingEvent[] = [];
  readonly #pending = new Map<bigint, number>();
  readonly #remembered = new Map<bigint, ErpEvent>();
  #newestSent = 0n;

  constructor(rememberedMax: number) {
    this.#rememberedMax = rememberedMax;
  }

  /** The newest sequence that ever went out. */
  get newestSent(): bigint {
    return this.#newestSent;
  }

  /** Nothing waits and nothing is unanswered. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#sent.length === 0;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(pending: PendingEvent): void {
    this.#waiting.push(pending);
    this.#count(pending, 1);
  }

  /** The next event to send; it counts as sent. */
  take(): ErpEvent | undefined {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    this.#sent.push(next);
    const { event } = next;
    if (event.sequence > this.#newestSent) this.#newestSent = event.sequence;
    return event;
  }

  /** A heartbeat is answered in its place and never sent again. */
  sendHeartbeat(event: ErpEvent): void {
    this.#sent.push({ event });
  }

  /** What this is the answer to. Throws INTERNAL when it is none that is due. */
  answered(answer: StreamEventsResponse): PendingEvent {
    const oldest = this.#sent[0];
    if (oldest === undefined || oldest.event.sequence !== answer.sequence) throw outOfOrder(oldest?.event, answer);
    this.#sent.shift();
    if (isHeartbeat(oldest.event)) return oldest;
    this.#count(oldest, -1);
    this.#remember(oldest.event);
    return oldest;
  }

  /** Puts what is sent and unanswered back, to be sent first. */
  returnSent(): void {
    this.#waiting.unshift(...this.#sent.splice(0).filter(({ event }) => !isHeartbeat(event)));
  }

  /**
   * Sends again, and first, what is missing and still remembered. Gives back the ranges that are not here at all, neither
   * remembered nor on their way; `isKnown` says which of them need not be told.
   */
  sendAgain(missing: readonly MissingRange[], isKnown: (sequence: bigint) => boolean): MissingRange[] {
    const found: PendingEvent[] = [];
    const lost: { first: bigint; last: bigint }[] = [];
    for (const sequence of sequencesOf(missing)) {
      if (this.#pending.has(sequence)) continue;
      const event = this.#remembered.get(sequence);
      if (event !== undefined) found.push({ event });
      else if (!isKnown(sequence)) {
        const range = lost.at(-1);
        if (range?.last === sequence - 1n) range.last = sequence;
        else lost.push({ first: sequence, last: sequence });
      }
    }
    this.addFirst(found);
    return lost;
  }

  /** Events that go before everything that waits. */
  addFirst(pending: readonly PendingEvent[]): void {
    this.#waiting.unshift(...pending);
    for (const each of pending) this.#count(each, 1);
  }

  /** Gives up on everything: whoever waits for an answer is told. */
  rejectAll(failure: unknown): void {
    for (const { reject } of [...this.#sent.splice(0), ...this.#waiting.splice(0)]) reject?.(failure);
    this.#pending.clear();
  }

  #count({ event: { sequence } }: PendingEvent, change: 1 | -1): void {
    const count = (this.#pending.get(sequence) ?? 0) + change;
    if (count === 0) this.#pending.delete(sequence);
    else this.#pending.set(sequence, count);
  }

  #remember(event: ErpEvent): void {
    this.#remembered.delete(event.sequence);
    this.#remembered.set(event.sequence, event);
    if (this.#remembered.size <= this.#rememberedMax) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

function isHeartbeat({ body }: ErpEvent): boolean {
  return body.case === "sourceHeartbeat";
}

function* sequencesOf(ranges: readonly MissingRange[]): Generator<bigint> {
  let left = MISSING_MAX;
  for (const { first, last } of ranges) {
    for (let sequence = first; sequence <= last; sequence++) {
      if (left === 0) return;
      left -= 1;
      yield sequence;
    }
  }
}

function outOfOrder(expected: ErpEvent | undefined, answer: StreamEventsResponse): HoldfastError {
  const awaited = expected === undefined ? "no answer was due" : `the answer to ${expected.sequence} was due`;
  const message = `the server answered event ${answer.sequence} where ${awaited}`;
  return new HoldfastError({ code: status.INTERNAL, message });
}
