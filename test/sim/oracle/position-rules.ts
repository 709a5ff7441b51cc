/**
 * Positions (P10): what a source says that it has of a stock, true at one of its sequences, against what we had then. Events since are
 * no drift. What differs is decided about at the end of the run, by what is there by then.
 */
import type { Position } from "../../../src/domain/drift.js";
import { isSettling, laterThan } from "./erp-rules.js";
import { type Done, type ModelState, type ModelStock, newStock, stockKey } from "./model-state.js";
import { effectivePolicy } from "./policy-rules.js";
import { refused } from "./refused.js";
import type { Expected, Request, RunCounts } from "./request.js";
import { known, sourceNamed } from "./sequence-rules.js";
import { excess, refreshRisk } from "./stock-rules.js";

const NONE: RunCounts = { compared: 0, drifted: 0, healed: 0, deferred: 0, incomparable: 0, missingHere: 0 };

type Told = Extract<Request, { kind: "positions" }>;
type Ended = Extract<Request, { kind: "positionsEnd" }>;
type At = Pick<Position, "warehouseId" | "sku" | "asOfSequence">;

/** What we had of a stock at a sequence of its source, and whether that was settled otherwise since. */
export function figuresThen(state: ModelState, source: string, { warehouseId, sku, asOfSequence }: At) {
  const stock = state.stocks.get(stockKey(warehouseId, sku));
  const since = stock === undefined ? [] : laterThan(stock, { source, sequence: asOfSequence });
  const sum = (figure: "onHand" | "unavailable") => since.reduce((total, done) => total + done[figure], 0);
  return {
    onHand: (stock?.onHand ?? 0) - sum("onHand"),
    unavailable: (stock?.unavailable ?? 0) - sum("unavailable"),
    isSettledSince: since.some(isSettling),
  };
}

export function tellPositions(state: ModelState, { source: name, runId, positions }: Told): Expected {
  if ((state.sources.get(name)?.place ?? 0) === 0) return refused("SOURCE_NOT_FOUND");
  let run = state.runs.get(runId) ?? { counts: NONE, kept: [] };
  for (const position of positions) {
    const verdict = judge(state, name, position);
    run =
      verdict === "drifts"
        ? { ...run, kept: [...run.kept, position] }
        : { ...run, counts: add(run.counts, COUNTS[verdict]) };
  }
  state.runs.set(runId, run);
  return { kind: "answered", answer: { kind: "positions" } };
}

type Verdict = "deferred" | "incomparable" | "agrees" | "missing" | "drifts";

const COUNTS: Readonly<Record<Exclude<Verdict, "drifts">, Partial<RunCounts>>> = {
  deferred: { deferred: 1 },
  incomparable: { incomparable: 1 },
  agrees: { compared: 1 },
  missing: { compared: 1, missingHere: 1 },
};

function judge(state: ModelState, name: string, position: Position): Verdict {
  const { warehouseId, sku, asOfSequence, onHand, unavailable } = position;
  if (asOfSequence > sourceNamed(state, name).applied) return "deferred";
  const stock = state.stocks.get(stockKey(warehouseId, sku));
  if (!stock?.seen) return onHand === 0 && unavailable === 0 ? "missing" : "drifts";
  if (stock.source !== name || asOfSequence < stock.sourceFrom) return "incomparable";
  const ours = figuresThen(state, name, position);
  const differs = isBeyond(state, warehouseId, ours.onHand, onHand);
  return differs || isBeyond(state, warehouseId, ours.unavailable, unavailable) ? "drifts" : "agrees";
}

/** By more than both thresholds; the percentage is of the source's figure. */
function isBeyond(state: ModelState, warehouseId: string, ours: number, theirs: number): boolean {
  const policy = effectivePolicy(state, { warehouseId, sku: "", dealerId: "" });
  const difference = Math.abs(ours - theirs);
  const isMore = BigInt(difference) * 100n > BigInt(Math.abs(theirs)) * BigInt(policy.driftThresholdPercent);
  return difference > policy.driftThresholdUnits && isMore;
}

export function endPositions(state: ModelState, nowMs: number, { source, runId }: Ended): Expected {
  const run = state.runs.get(runId) ?? { counts: NONE, kept: [] };
  let { counts } = run;
  for (const position of run.kept) counts = add(counts, settle(state, nowMs, { source, runId, position }));
  state.runs.delete(runId);
  state.effects += 1;
  return { kind: "answered", answer: { kind: "drift", counts } };
}

type Found = { readonly source: string; readonly runId: string; readonly position: Position };

function settle(state: ModelState, nowMs: number, found: Found): Partial<RunCounts> {
  const { source, position } = found;
  const { warehouseId, sku } = position;
  state.warehouses.add(warehouseId);
  const verdict = judge(state, source, position);
  if (verdict !== "drifts") return COUNTS[verdict];
  const isHere = state.stocks.get(stockKey(warehouseId, sku))?.seen === true;
  const counts = { ...COUNTS[isHere ? "agrees" : "missing"], drifted: 1 };
  const { driftAction } = effectivePolicy(state, { warehouseId, sku: "", dealerId: "" });
  if (figuresThen(state, source, position).isSettledSince) return counts;
  if (driftAction === "HEAL" && heal(state, nowMs, found)) return { ...counts, healed: 1 };
  // What waits for a person waits at a stock, though nobody sees it yet.
  const key = stockKey(warehouseId, sku);
  if (!state.stocks.has(key)) state.stocks.set(key, newStock(warehouseId, sku));
  return counts;
}

/** Our figures of now move by the difference of then, unless that is too much. */
function heal(state: ModelState, nowMs: number, { source, runId, position }: Found): boolean {
  const { warehouseId, sku, asOfSequence } = position;
  const key = stockKey(warehouseId, sku);
  const stock: ModelStock = state.stocks.get(key) ?? newStock(warehouseId, sku);
  const ours = stock.seen ? figuresThen(state, source, position) : { onHand: 0, unavailable: 0 };
  const onHand = position.onHand - ours.onHand;
  const unavailable = position.unavailable - ours.unavailable;
  if (stock.unavailable + unavailable < 0) return false;
  const event = {
    source,
    sequence: asOfSequence,
    eventId: runId,
    occurredAtMs: nowMs,
    body: { kind: "StockAdjusted", warehouseId, sku, delta: onHand, reason: "drift healed", reference: runId },
  } as const;
  const none = { allocated: 0, consumed: [], exception: 0 };
  const done: Done = { event, onHand, unavailable, ...none, isLate: true, isHealing: true };
  stock.onHand += onHand;
  stock.unavailable += unavailable;
  (stock as { history: ModelStock["history"] }).history = [...stock.history, done];
  stock.lastEvents.unshift(event);
  stock.seen = true;
  if (stock.source === "") stock.source = source;
  known(state, sourceNamed(state, source));
  state.stocks.set(key, stock);
  refreshRisk(state, [stock], { nowMs, exact: true });
  stock.excessAllowed = Math.max(0, excess(state, stock));
  return true;
}

function add(a: RunCounts, b: Partial<RunCounts>): RunCounts {
  const sum = (name: keyof RunCounts) => a[name] + (b[name] ?? 0);
  return {
    compared: sum("compared"),
    drifted: sum("drifted"),
    healed: sum("healed"),
    deferred: sum("deferred"),
    incomparable: sum("incomparable"),
    missingHere: sum("missingHere"),
  };
}
