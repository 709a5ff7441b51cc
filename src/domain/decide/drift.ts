/**
 * Compares a source's position of a stock with ours at the same sequence, and decides what is done about a difference. In-flight events
 * are no drift: what came after the position is taken off our figure first. A full run's missing stock is never healed by itself.
 */
import { addCounts, DRIFT_CAUSES, type DriftCounts, isDrift, NO_DRIFT, type Position } from "../drift.js";
import type { DriftFound, PartitionEvent, StockHealed } from "../event.js";
import { type FiguresAt, figuresAt, walkMovements } from "../movement.js";
import type { PartitionState } from "../partition-state.js";
import type { EffectivePolicy } from "../policy.js";
import { QUANTITY_MAX } from "../quantity.js";
import type { Source } from "../source.js";
import type { Stock } from "../stock.js";

/** What a comparison needs beside the partition. */
export interface DriftContext {
  readonly runId: string;
  readonly source: Source;
  readonly policy: EffectivePolicy;
  /** The event_id of an open dead letter of this stock; undefined without one. */
  readonly deadLetterOf: (sku: string) => string | undefined;
}

export interface Comparison {
  readonly counts: Partial<DriftCounts>;
  readonly events: readonly PartitionEvent[];
  /** The source has told more than we have applied: it is compared once we have. */
  readonly isDeferred: boolean;
}

export function comparePosition(state: PartitionState, position: Position, context: DriftContext): Comparison {
  const { source } = context;
  if (position.asOfSequence > source.applied) return { counts: { deferred: 1 }, events: [], isDeferred: true };
  const stock = state.stocks.find(position.sku);
  if (stock === undefined || !stock.opened) return missingHere(state, position, stock, context);
  if (stock.source !== source.name || position.asOfSequence < stock.sourceFrom) return incomparable();
  const ours = figuresAt(state, stock, source.name, position.asOfSequence);
  // What was true before a count or a healing says nothing of the figures since.
  if (ours === undefined || ours.isSuperseded) return incomparable();
  return compare(state, { stock, ours, theirs: position, isMissingThere: false }, context);
}

/** A stock that a full run of its source did not tell: it counts as 0 there. */
export function compareMissing(state: PartitionState, stock: Stock, context: DriftContext): Comparison {
  if (stock.onHand === 0 && stock.unavailable === 0) return { counts: {}, events: [], isDeferred: false };
  const theirs = { sku: stock.sku, onHand: 0, unavailable: 0, asOfSequence: context.source.applied };
  const ours = { onHand: stock.onHand, unavailable: stock.unavailable, isSuperseded: false };
  const compared = compare(state, { stock, ours, theirs, isMissingThere: true }, context);
  return { ...compared, counts: { ...compared.counts, compared: 0, missingThere: 1 } };
}

function incomparable(): Comparison {
  return { counts: { incomparable: 1 }, events: [], isDeferred: false };
}

interface Sides {
  readonly stock: Stock;
  readonly ours: FiguresAt;
  readonly theirs: Omit<Position, "warehouseId">;
  readonly isMissingThere: boolean;
}

function compare(state: PartitionState, sides: Sides, context: DriftContext): Comparison {
  const { ours, theirs, stock, isMissingThere } = sides;
  const { policy, source, runId } = context;
  const drifts = isDrift(ours.onHand, theirs.onHand, policy) || isDrift(ours.unavailable, theirs.unavailable, policy);
  if (!drifts) return { counts: { compared: 1 }, events: [], isDeferred: false };
  const { cause, causeDetail } = causeOf(state, stock, theirs.asOfSequence, context);
  const counts = addCounts(NO_DRIFT, {
    compared: 1,
    drifted: 1,
    causes: DRIFT_CAUSES.map((name) => +(name === cause)),
  });
  const found: Omit<DriftFound, "state"> = {
    kind: "DriftFound",
    runId,
    source: source.name,
    sku: stock.sku,
    asOfSequence: theirs.asOfSequence,
    ourOnHand: ours.onHand,
    theirOnHand: theirs.onHand,
    ourUnavailable: ours.unavailable,
    theirUnavailable: theirs.unavailable,
    cause,
    causeDetail,
    isMissingThere,
  };
  const healed =
    policy.driftAction === "HEAL" && !isMissingThere
      ? heal(state, stock, { ...found, attribution: BY_POLICY })
      : undefined;
  if (healed !== undefined) {
    const events: PartitionEvent[] = [{ ...found, state: "HEALED" }, healed];
    return { counts: addCounts(counts, { healed: 1 }), events, isDeferred: false };
  }
  if (policy.driftAction !== "QUARANTINE") return { counts, events: [{ ...found, state: "OPEN" }], isDeferred: false };
  const events: PartitionEvent[] = [{ ...found, state: "QUARANTINED" }];
  if (!stock.isQuarantined)
    events.push({ kind: "QuarantineSet", stock: stock.number, isOn: true, attribution: BY_POLICY });
  return { counts: addCounts(counts, { quarantined: 1 }), events, isDeferred: false };
}

const BY_POLICY = { actor: "holdfast", reason: "drift_action" };

/** A stock that the source has and we do not. */
function missingHere(
  state: PartitionState,
  position: Position,
  stock: Stock | undefined,
  context: DriftContext,
): Comparison {
  if (position.onHand === 0 && position.unavailable === 0) {
    return { counts: { compared: 1, missingHere: 1 }, events: [], isDeferred: false };
  }
  const number = stock?.number ?? state.stocks.count + 1;
  const opened: PartitionEvent[] =
    stock === undefined ? [{ kind: "StockOpened", stock: number, sku: position.sku }] : [];
  const found: Omit<DriftFound, "state"> = {
    kind: "DriftFound",
    runId: context.runId,
    source: context.source.name,
    sku: position.sku,
    asOfSequence: position.asOfSequence,
    ourOnHand: 0,
    theirOnHand: position.onHand,
    ourUnavailable: 0,
    theirUnavailable: position.unavailable,
    ...causeHere(position, context),
    isMissingThere: false,
  };
  const isHealed = context.policy.driftAction === "HEAL";
  const counts = addCounts(NO_DRIFT, {
    compared: 1,
    drifted: 1,
    missingHere: 1,
    healed: isHealed ? 1 : 0,
    causes: DRIFT_CAUSES.map((name) => +(name === found.cause)),
  });
  if (!isHealed) return { counts, events: [{ ...found, state: "OPEN" }], isDeferred: false };
  const healed: StockHealed = {
    kind: "StockHealed",
    stock: number,
    source: context.source.name,
    asOfSequence: position.asOfSequence,
    onHandDelta: position.onHand,
    unavailableDelta: position.unavailable,
    runId: context.runId,
    attribution: BY_POLICY,
  };
  return { counts, events: [...opened, { ...found, state: "HEALED" }, healed], isDeferred: false };
}

/** The correction of a stock by a difference that was found, at most once for each run; undefined where it cannot be made. */
export function heal(
  state: PartitionState,
  stock: Stock,
  found: Pick<
    DriftFound,
    "runId" | "source" | "asOfSequence" | "ourOnHand" | "theirOnHand" | "ourUnavailable" | "theirUnavailable"
  > & { readonly attribution: StockHealed["attribution"] },
): StockHealed | undefined {
  const { runId, source, asOfSequence, attribution } = found;
  const onHandDelta = found.theirOnHand - found.ourOnHand;
  const unavailableDelta = found.theirUnavailable - found.ourUnavailable;
  const onHand = stock.onHand + onHandDelta;
  const unavailable = stock.unavailable + unavailableDelta;
  if (Math.abs(onHand) > QUANTITY_MAX || unavailable < 0 || unavailable > QUANTITY_MAX) return undefined;
  let wasHealed = false;
  walkMovements(state, stock, (movement) => {
    wasHealed = movement.kind === "healed" && movement.eventId === runId;
    return !wasHealed && movement.sequence > asOfSequence;
  });
  if (wasHealed) return undefined;
  return {
    kind: "StockHealed",
    stock: stock.number,
    source,
    asOfSequence,
    onHandDelta,
    unavailableDelta,
    runId,
    attribution,
  };
}

type Cause = Pick<DriftFound, "cause" | "causeDetail">;

/** Movements that are looked at for a change by hand. */
const CAUSE_MOVEMENTS_MAX = 50;

/** The likely cause, where our records name one: the surest first. */
function causeOf(state: PartitionState, stock: Stock, asOfSequence: number, context: DriftContext): Cause {
  const letter = context.deadLetterOf(stock.sku);
  if (letter !== undefined) return { cause: "DEAD_LETTER", causeDetail: letter };
  const exception = stock.newestException === 0 ? undefined : state.exceptions.get(stock.newestException);
  if (exception !== undefined && exception.attached < exception.quantity) {
    return { cause: "UNMATCHED_DISPATCH", causeDetail: exception.event.eventId };
  }
  const skipped = context.source.skipped.runs.filter(({ first }) => first <= asOfSequence).at(-1);
  if (skipped !== undefined) return { cause: "SKIPPED_GAP", causeDetail: `${skipped.first}-${skipped.last}` };
  let left = CAUSE_MOVEMENTS_MAX;
  let byHand = "";
  walkMovements(state, stock, (movement) => {
    if (movement.kind === "healed") byHand = movement.eventId;
    left -= 1;
    return byHand === "" && left > 0;
  });
  if (byHand !== "") return { cause: "MANUAL_CHANGE", causeDetail: `corrected by ${byHand}` };
  return { cause: "UNKNOWN", causeDetail: "" };
}

function causeHere({ sku, asOfSequence }: Position, { source, deadLetterOf }: DriftContext): Cause {
  const letter = deadLetterOf(sku);
  if (letter !== undefined) return { cause: "DEAD_LETTER", causeDetail: letter };
  const skipped = source.skipped.runs.filter(({ first }) => first <= asOfSequence).at(-1);
  if (skipped !== undefined) return { cause: "SKIPPED_GAP", causeDetail: `${skipped.first}-${skipped.last}` };
  return { cause: "UNKNOWN", causeDetail: "" };
}
