/**
 * What operations people ask about the ERP side, and the answers: dead letters, dispatches that matched nothing, orders at risk, sources.
 * Their fields are checked for form before; the rest is decided in the turn. Part of command.ts, apart from it for its length.
 */
import type { Attribution } from "./command.js";
import type { DeadLetter } from "./system-state.js";

export type ErpOperation = ListDeadLetters | ReplayDeadLetter | DropDeadLetter;

interface Paged {
  /** 1 to 1,000. */
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface ListDeadLetters extends Paged {
  readonly kind: "ListDeadLetters";
  /** Empty means every source. */
  readonly source: string;
  readonly includeResolved: boolean;
}

export interface ReplayDeadLetter {
  readonly kind: "ReplayDeadLetter";
  readonly number: number;
  readonly attribution: Attribution;
}

export interface DropDeadLetter {
  readonly kind: "DropDeadLetter";
  readonly number: number;
  readonly attribution: Attribution;
}

/** What each is answered with; valid only while the answer is rendered. */
export interface ErpOperationAnswers {
  ListDeadLetters: { readonly letters: readonly DeadLetter[]; readonly nextPageToken: string };
  ReplayDeadLetter: DeadLetter;
  DropDeadLetter: DeadLetter;
}
