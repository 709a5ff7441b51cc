/**
 * Compares a source's position of a stock with ours at the same sequence, and decides what is done about a difference. In-flight events
 * are no drift: what came after the position is taken off our figure first. What was true before a count or a healing is compared, and
 * never acted on: it says nothing of now. What a source did not tell is never healed by itself.
 */
import { addCounts, DRIFT_CAUSES, type DriftCounts, isDrift, NO_DRIFT, type Position } from "../drift.js";
import type { DriftFound, DriftResolved, PartitionEvent, StockHealed } from "../event.js";
import { type FiguresAt, figuresAt, hadNothingSince, walkMovements } from "../movement.js";
import type { PartitionState } from "../partition-state.js";
import type { EffectivePolicy } from "../policy.js";
import { QUANTITY_MAX } from "../quantity.js";
import type { Source } from "../source.js";
import type { Stock } from "../stock.js";
import { type CauseSearch, causeOf } from "./drift-cause.js";

/** What a comparison needs beside the partition. */
export interface DriftContext {
  readonly runId: string;
  readonly source: Source;
  readonly policy: EffectivePolicy;
  /** Whether this run has healed a stock already, by its number. */
  readonly wasHealed: (stock: number) => boolean;
  readonly deadLetterOf: CauseSearch["deadLetterOf"];
}

/** What comparing came to. */
export type Verdict =
  /** The source has told more than we have applied: it is compared once we have. */
  | { readonly kind: "deferred" }
  /** Older than our history, or of a stock that has another source of record. */
  | { readonly kind: "incomparable" }
  /** Alike, or within the policy's thresholds. `outdates` is the number of the stock's open discrepancy, where that is no more. */
  | { readonly kind: "agrees"; readonly missing: Missing | undefined; readonly outdates: number | undefined }
  | { readonly kind: "drifts"; readonly drift: Drift };

/** Which side does not have the stock. */
export type Missing = "here" | "there";

export interface Drift {
  /** Undefined for one that we do not have under any number. */
  readonly stock: Stock | undefined;
  readonly ours: FiguresAt;
  readonly theirs: Omit<Position, "warehouseId">;
  readonly missing: Missing | undefined;
}

export interface Comparison {
  readonly counts: Partial<DriftCounts>;
  readonly events: readonly PartitionEvent[];
}

const NOTHING_HERE: FiguresAt = { onHand: 0, unavailable: 0, isSuperseded: false, isHealed: false };
const INCOMPARABLE: Verdict = { kind: "incomparable" };

export function judgePosition(state: PartitionState, position: Position, { source, policy }: DriftContext): Verdict {
  if (position.asOfSequence > source.applied) return { kind: "deferred" };
  const stock = state.stocks.glance(position.sku);
  if (stock === undefined || !stock.opened) {
    if (isNothing(position)) {
      return { kind: "agrees", missing: "here", outdates: outdatedBy(state, stock, position, source) };
    }
    return { kind: "drifts", drift: { stock, ours: NOTHING_HERE, theirs: position, missing: "here" } };
  }
  const ours = ownFigures(state, stock, source, position.asOfSequence);
  if (ours === undefined) return INCOMPARABLE;
  if (!differs(ours, position, policy)) {
    const outdates = ours.isSuperseded ? undefined : outdatedBy(state, stock, position, source);
    return { kind: "agrees", missing: undefined, outdates };
  }
  return { kind: "drifts", drift: { stock, ours, theirs: position, missing: undefined } };
}

/** Between which sequences a full run's positions were true. */
export interface RunSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * A stock that a full run of its source did not tell counts as 0 there. Events that were on their way while the run was taken are no
 * drift: it is missing only if we had some of it at every moment since the first sequence that the run told; else there is nothing to
 * say, as many sources do not tell what they have nothing of. The last sequence has to be applied.
 */
export function judgeMissing(
  state: PartitionState,
  stock: Stock,
  { first, last }: RunSpan,
  { source, policy }: DriftContext,
): Verdict | undefined {
  const ours = ownFigures(state, stock, source, last);
  const hadNothing = hadNothingSince(state, stock, source.name, first);
  if (ours === undefined || hadNothing === undefined || first < stock.sourceFrom) return INCOMPARABLE;
  if (hadNothing) return undefined;
  const theirs = { sku: stock.sku, onHand: 0, unavailable: 0, asOfSequence: last };
  if (!differs(ours, theirs, policy)) return { kind: "agrees", missing: "there", outdates: undefined };
  return { kind: "drifts", drift: { stock, ours, theirs, missing: "there" } };
}

/** The open discrepancy of a stock whose figures agree by now; what is in quarantine is a person's to end. */
function outdatedBy(
  state: PartitionState,
  stock: Stock | undefined,
  { asOfSequence }: Position,
  source: Source,
): number | undefined {
  if (stock === undefined || stock.waitingDiscrepancy === 0 || stock.isQuarantined) return undefined;
  const found = state.discrepancies.get(stock.waitingDiscrepancy)!;
  return found.source !== source.name || found.asOfSequence <= asOfSequence ? found.number : undefined;
}

/** Our figures at a sequence of the stock's source; undefined where that source has no word, or had none then, or we forgot. */
function ownFigures(state: PartitionState, stock: Stock, source: Source, sequence: number): FiguresAt | undefined {
  if (stock.source !== source.name || sequence < stock.sourceFrom) return undefined;
  return figuresAt(state, stock, source.name, sequence);
}

function isNothing({ onHand, unavailable }: Pick<FiguresAt, "onHand" | "unavailable">): boolean {
  return onHand === 0 && unavailable === 0;
}

type Figures = Pick<Position, "onHand" | "unavailable">;

function differs(ours: Figures, theirs: Figures, policy: EffectivePolicy): boolean {
  return isDrift(ours.onHand, theirs.onHand, policy) || isDrift(ours.unavailable, theirs.unavailable, policy);
}

/** What is done about a verdict, and how it counts. */
export function decideVerdict(state: PartitionState, verdict: Verdict, context: DriftContext): Comparison {
  if (verdict.kind === "drifts") return decideDrift(state, verdict.drift, context);
  const outdated = verdict.kind === "agrees" ? verdict.outdates : undefined;
  return { counts: harmlessCounts(verdict), events: superseded(outdated, context, "found no difference") };
}

/** A discrepancy whose place another comparison takes. */
function superseded(number: number | undefined, { runId }: DriftContext, what: string): readonly DriftResolved[] {
  if (number === undefined || number === 0) return [];
  return [
    {
      kind: "DriftResolved",
      number,
      state: "SUPERSEDED",
      attribution: { ...BY_POLICY, reason: `run ${runId} ${what}` },
    },
  ];
}

/** How a verdict counts about which nothing is to be decided. */
export function harmlessCounts(verdict: Exclude<Verdict, { kind: "drifts" }>): Partial<DriftCounts> {
  return verdict.kind === "agrees" ? countsOf(verdict.missing) : ONE_OF[verdict.kind];
}

const ONE_OF = { deferred: { deferred: 1 }, incomparable: { incomparable: 1 }, compared: { compared: 1 } } as const;

/** A stock that was not told was not compared with anything. */
function countsOf(missing: Missing | undefined): Partial<DriftCounts> {
  if (missing === undefined) return ONE_OF.compared;
  return missing === "here" ? { compared: 1, missingHere: 1 } : { missingThere: 1 };
}

const BY_POLICY = { actor: "holdfast", reason: "drift_action" };

function decideDrift(state: PartitionState, drift: Drift, context: DriftContext): Comparison {
  const { stock, ours, theirs, missing } = drift;
  const { source, runId, policy, deadLetterOf } = context;
  const { sku, asOfSequence } = theirs;
  const named = causeOf(state, { source, sku, stock, asOfSequence, deadLetterOf });
  const found: Omit<DriftFound, "state" | "stock"> = {
    kind: "DriftFound",
    runId,
    source: source.name,
    sku,
    asOfSequence,
    ourOnHand: ours.onHand,
    theirOnHand: theirs.onHand,
    ourUnavailable: ours.unavailable,
    theirUnavailable: theirs.unavailable,
    ...named,
    isMissingThere: missing === "there",
  };
  const counts = addCounts(addCounts(NO_DRIFT, countsOf(missing)), {
    drifted: 1,
    causes: DRIFT_CAUSES.map((name) => +(name === named.cause)),
  });
  // A count or a healing has settled it since: it was drift, and waits for nobody.
  if (ours.isSuperseded) return { counts, events: [{ ...found, state: "DISMISSED", stock: 0 }] };
  const replaced = superseded(stock?.waitingDiscrepancy, context, "found it anew");
  if (policy.driftAction === "HEAL" && missing !== "there" && !(stock && context.wasHealed(stock.number))) {
    const healing = heal(state, stock, { ...found, attribution: BY_POLICY });
    if (healing !== undefined) {
      // A quarantine is a person's to end, by what was found when it began.
      const settled = stock?.isQuarantined ? [] : replaced;
      const events = [{ ...found, state: "HEALED", stock: 0 } as const, ...healing, ...settled];
      return { counts: addCounts(counts, { healed: 1 }), events };
    }
  }
  const number = stock?.number ?? state.stocks.count + 1;
  const opened: readonly PartitionEvent[] = stock === undefined ? [{ kind: "StockOpened", stock: number, sku }] : [];
  const waits = (how: "OPEN" | "QUARANTINED") => [...opened, { ...found, state: how, stock: number }, ...replaced];
  // Of a stock that we do not have nothing can be ordered anyway.
  if (policy.driftAction !== "QUARANTINE" || !stock?.opened) {
    return { counts, events: waits(stock?.isQuarantined ? "QUARANTINED" : "OPEN") };
  }
  const events: PartitionEvent[] = waits("QUARANTINED");
  if (!stock.isQuarantined) {
    events.push({ kind: "QuarantineSet", stock: stock.number, isOn: true, attribution: BY_POLICY });
  }
  return { counts: addCounts(counts, { quarantined: 1 }), events };
}

/** Movements that are looked through for a healing by the same run, reported once more. */
const HEALINGS_LOOKED_AT = 1_000;

/** What was found, and at whose word it is healed. */
export type Healing = Pick<
  DriftFound,
  "runId" | "source" | "sku" | "asOfSequence" | "ourOnHand" | "theirOnHand" | "ourUnavailable" | "theirUnavailable"
> & { readonly attribution: StockHealed["attribution"] };

/** The correction of a stock by a difference that was found, at most once for each run; undefined where it cannot be made. */
export function heal(
  state: PartitionState,
  stock: Stock | undefined,
  found: Healing,
): readonly PartitionEvent[] | undefined {
  const { runId, source, asOfSequence, attribution, sku } = found;
  const onHandDelta = found.theirOnHand - found.ourOnHand;
  const unavailableDelta = found.theirUnavailable - found.ourUnavailable;
  const onHand = (stock?.onHand ?? 0) + onHandDelta;
  const unavailable = (stock?.unavailable ?? 0) + unavailableDelta;
  if (Math.abs(onHand) > QUANTITY_MAX || unavailable < 0 || unavailable > QUANTITY_MAX) return undefined;
  if (stock !== undefined && wasHealedBy(state, stock, runId)) return undefined;
  const number = stock?.number ?? state.stocks.count + 1;
  const healed: StockHealed = {
    kind: "StockHealed",
    stock: number,
    source,
    asOfSequence,
    onHandDelta,
    unavailableDelta,
    runId,
    attribution,
  };
  return stock === undefined ? [{ kind: "StockOpened", stock: number, sku }, healed] : [healed];
}

function wasHealedBy(state: PartitionState, stock: Stock, runId: string): boolean {
  let found = false;
  let left = HEALINGS_LOOKED_AT;
  walkMovements(state, stock, ({ kind, eventId }) => {
    found = kind === "healed" && eventId === runId;
    left -= 1;
    return !found && left > 0;
  });
  return found;
}
