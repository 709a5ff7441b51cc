/**
 * The remembered answers of a partition (P5, I4): appended in the order of time, found by (dealer, request_id),
 * let go when their retention is over.
 */
import type { RequestAnswered } from "../domain/event.js";
import { hashPair } from "../domain/hash.js";
import type { AnswerTable } from "../domain/partition-state.js";
import type { AppendTable } from "./append-table.js";
import type { NumberedAnswer } from "./codecs/partition-codecs.js";
import type { KeyIndex } from "./key-index.js";
import { TABLES } from "./tables.js";

export class AnswerStore implements AnswerTable {
  readonly #table: AppendTable<NumberedAnswer>;
  readonly #index: KeyIndex;
  readonly #retentionMs: () => number;
  readonly #count: { kept: number };
  readonly #seed: number;
  #first: number;

  constructor(
    table: AppendTable<NumberedAnswer>,
    index: KeyIndex,
    first: number,
    settings: {
      readonly retentionMs: () => number;
      readonly answerCount: { kept: number };
      readonly hashSeed: () => number;
    },
  ) {
    this.#table = table;
    this.#index = index;
    this.#first = first;
    this.#retentionMs = settings.retentionMs;
    this.#count = settings.answerCount;
    this.#seed = settings.hashSeed();
    this.#count.kept += table.count - first + 1;
  }

  /** Answers ever given. */
  get count(): number {
    return this.#table.count;
  }

  /** Number of the oldest one that is still kept. */
  get first(): number {
    return this.#first;
  }

  find(dealerId: string, requestId: string, nowMs: number): RequestAnswered | undefined {
    let found: RequestAnswered | undefined;
    this.#index.find(hashPair(this.#seed, dealerId, requestId), (candidate) => {
      const { answer } = this.#table.get(candidate)!;
      if (answer.requestId !== requestId || answer.dealerId !== dealerId) return false;
      found = answer;
      return true;
    });
    return found === undefined || found.answeredAtMs + this.#retentionMs() <= nowMs ? undefined : found;
  }

  add(answer: RequestAnswered): void {
    this.#index.add(hashPair(this.#seed, answer.dealerId, answer.requestId));
    this.#table.add({ number: this.#table.count + 1, answer });
    this.#count.kept += 1;
  }

  /** Whether answers can be let go. */
  hasExpired(nowMs: number): boolean {
    return this.#firstKept(nowMs) > this.#first;
  }

  /** Lets go of the answers whose retention is over; called when a checkpoint begins. */
  dropExpired(nowMs: number): void {
    const first = this.#firstKept(nowMs);
    if (first === this.#first) return;
    this.#count.kept -= first - this.#first;
    this.#first = first;
    this.#table.dropBelow(first);
    this.#index.dropBelow(first);
  }

  #firstKept(nowMs: number): number {
    const { pageItems } = TABLES.answers;
    const answeredUntilMs = nowMs - this.#retentionMs();
    const isOver = (number: number) => this.#table.get(number)!.answer.answeredAtMs <= answeredUntilMs;
    let first = this.#first;
    // By whole pages as far as that goes: the answers are in the order of time.
    for (;;) {
      const pageEnd = (Math.floor((first - 1) / pageItems) + 1) * pageItems;
      if (pageEnd >= this.#table.count || !isOver(pageEnd)) break;
      first = pageEnd + 1;
    }
    while (first <= this.#table.count && isOver(first)) first += 1;
    return first;
  }
}
