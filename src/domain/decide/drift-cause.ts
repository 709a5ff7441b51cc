/**
 * Why a source's figure differs from ours, as far as our own records tell: what we could not take, passed over, could not match, or what
 * somebody changed by hand. Only what came after the stock's last count or healing can have done it. It is a likely cause, no proof.
 */
import type { DriftCause } from "../drift.js";
import { walkMovements } from "../movement.js";
import type { PartitionState, StoredException } from "../partition-state.js";
import type { Source } from "../source.js";
import type { Stock } from "../stock.js";

/** Where a cause is looked for. */
export interface CauseSearch {
  readonly source: Source;
  readonly sku: string;
  /** Undefined for a stock that we do not have. */
  readonly stock: Stock | undefined;
  /** Of the position. */
  readonly asOfSequence: number;
  /** The event_id of an open dead letter of a stock, with a sequence after the first and up to the second; undefined without one. */
  readonly deadLetterOf: (sku: string, after: number, upTo: number) => string | undefined;
}

export interface NamedCause {
  readonly cause: DriftCause;
  /** What it was found by: an event_id, a range of sequences, an actor. */
  readonly causeDetail: string;
}

/** How many of each are looked at, newest first, so that a stock with a long history takes no longer than others. */
const MOVEMENTS_MAX = 1_000;
const EXCEPTIONS_MAX = 50;
const DISCREPANCIES_MAX = 500;

/** The surest first: an event of this very stock, then one of its source, then what only touched the stock. */
export function causeOf(state: PartitionState, search: CauseSearch): NamedCause {
  const { source, stock, sku, asOfSequence } = search;
  const settled = stock === undefined ? NEVER_SETTLED : lastSettled(state, stock, asOfSequence);
  const after = Math.max(settled.sequence, (stock?.sourceFrom ?? 0) - 1);
  const letter = search.deadLetterOf(sku, after, asOfSequence);
  if (letter !== undefined) return { cause: "DEAD_LETTER", causeDetail: letter };
  const gap = source.skipped.runs.findLast(({ first, last }) => first <= asOfSequence && last > after);
  if (gap !== undefined) return { cause: "SKIPPED_GAP", causeDetail: `${gap.first}-${gap.last}` };
  if (stock !== undefined) {
    const dispatch = unmatchedDispatch(state, stock, { source: source.name, after, upTo: asOfSequence });
    if (dispatch !== undefined) return { cause: "UNMATCHED_DISPATCH", causeDetail: dispatch.event.eventId };
    const byHand = changedByHand(state, stock, settled);
    if (byHand !== undefined) return { cause: "MANUAL_CHANGE", causeDetail: byHand };
  }
  return { cause: "UNKNOWN", causeDetail: "" };
}

/** When a stock's figures were last known to be right. */
interface Settled {
  readonly sequence: number;
  /** Of the run that healed it; empty where it was counted, or never settled. */
  readonly healedBy: string;
}

const NEVER_SETTLED: Settled = { sequence: 0, healedBy: "" };

function lastSettled(state: PartitionState, stock: Stock, asOfSequence: number): Settled {
  let settled = NEVER_SETTLED;
  let left = MOVEMENTS_MAX;
  walkMovements(state, stock, ({ kind, sequence, source, eventId }) => {
    if (source !== stock.source) return false;
    const isSettling = (kind === "counted" || kind === "healed") && sequence <= asOfSequence;
    if (isSettling) settled = { sequence, healedBy: kind === "healed" ? eventId : "" };
    left -= 1;
    return !isSettling && left > 0;
  });
  return settled;
}

function unmatchedDispatch(
  state: PartitionState,
  stock: Stock,
  within: { readonly source: string; readonly after: number; readonly upTo: number },
): StoredException | undefined {
  let number = stock.newestException;
  for (let left = EXCEPTIONS_MAX; number !== 0 && left > 0; left--) {
    const exception = state.exceptions.get(number)!;
    const { source, sequence } = exception.event;
    const isWithin = source === within.source && sequence > within.after && sequence <= within.upTo;
    if (isWithin && exception.attached < exception.quantity) return exception;
    number = exception.previousOfStock;
  }
  return undefined;
}

/** Who healed the stock last, where a person did; or that its source of record was changed, and nothing settled it since. */
function changedByHand(state: PartitionState, stock: Stock, { sequence, healedBy }: Settled): string | undefined {
  if (stock.sourceFrom > sequence) return `moved to ${stock.source} at ${stock.sourceFrom}`;
  if (healedBy === "") return undefined;
  const { discrepancies } = state;
  const oldest = Math.max(1, discrepancies.count - DISCREPANCIES_MAX);
  for (let number = discrepancies.count; number >= oldest; number--) {
    const { runId, sku, state: decided, decision } = discrepancies.get(number)!;
    if (runId !== healedBy || sku !== stock.sku || decided !== "HEALED") continue;
    return decision === undefined ? undefined : decision.actor || healedBy;
  }
  return undefined;
}
