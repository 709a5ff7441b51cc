/** What a source's link means (docs/outages.md, How a source is judged): there, away, catching up, or back with orders to confirm. */
import type { LinkThresholds } from "../../../src/domain/source.js";
import type { Link, ModelSource, ModelState, Shown } from "./model-state.js";

const DAY_MS = 24 * 3_600_000;
/** More messages than this in one turn, and the first ones are forgotten. */
const SHOWN_MAX = 500;

/** What is put, else what is configured; late is never later than away. */
export function thresholdsOf(state: ModelState, source: ModelSource): LinkThresholds {
  const all = { ...state.settings.sourceThresholds, ...source.thresholds };
  return { ...all, laggingAfterMs: Math.min(all.laggingAfterMs, all.staleAfterMs) };
}

/** Warehouses of its stocks, and those that it was put for. */
export function feeds(state: ModelState, source: ModelSource): ReadonlySet<string> {
  const warehouses = new Set(source.warehouseIds);
  for (const stock of state.stocks.values()) if (stock.source === source.name) warehouses.add(stock.warehouseId);
  return warehouses;
}

/** The sequences that are missing: known to exist, neither applied nor waiting. */
export function gaps(source: ModelSource): { first: number; last: number }[] {
  const known = [...source.buffered.keys()].sort((one, other) => one - other);
  const ranges: { first: number; last: number }[] = [];
  let next = source.applied + 1;
  for (const sequence of [...known, source.toldLast + 1]) {
    if (sequence > next) ranges.push({ first: next, last: sequence - 1 });
    next = Math.max(next, sequence + 1);
  }
  return ranges;
}

/** Since when the event after the first gap waits, or nothing comes of what a heartbeat named; 0 while nothing is missing. */
export function gapSinceMs(source: ModelSource): number {
  if (source.buffered.size > 0) return source.bufferedAtMs.get(Math.min(...source.buffered.keys()))!;
  return source.toldLast > source.applied ? Math.max(source.toldGapSinceMs, source.journalledAtMs) : 0;
}

/** It said something, of what happened at `occurredAtMs` by its clock; 0 where it did not say when. */
export function saidEvent(source: ModelSource, nowMs: number, occurredAtMs: number): void {
  source.saidAtMs = nowMs;
  const latencyMs = occurredAtMs === 0 ? 0 : Math.max(0, nowMs - occurredAtMs);
  source.latencyMs = latencyMs > DAY_MS ? 0 : latencyMs;
}

export function saidHeartbeat(source: ModelSource, nowMs: number, lastSequence: number): void {
  const wasBehind = source.toldLast > source.applied;
  source.saidAtMs = nowMs;
  source.heartbeatAtMs = nowMs;
  source.toldLast = Math.max(source.toldLast, lastSequence);
  if (source.toldLast <= source.applied) source.latencyMs = 0;
  else if (!wasBehind) source.toldGapSinceMs = nowMs;
}

/** How it stands now, apart from the time that passes. */
export function stands(state: ModelState, source: ModelSource): Shown {
  const { saidAtMs, latencyMs, link } = source;
  const { laggingAfterMs } = thresholdsOf(state, source);
  return { saidAtMs, hasGap: gaps(source).length > 0, latencyMs, laggingAfterMs, link, feeds: feeds(state, source) };
}

export function isCurrent({ saidAtMs, hasGap, latencyMs, laggingAfterMs }: Shown, nowMs: number): boolean {
  return nowMs - saidAtMs <= laggingAfterMs && !hasGap && latencyMs <= laggingAfterMs;
}

/** It did something that shows; what the service looks at may be of before or after. */
export function show(state: ModelState, source: ModelSource): void {
  source.shown = [...source.shown.slice(-SHOWN_MAX), stands(state, source)];
}

/** One look at it, at the beginning of a turn. True when it was lost by that, or is back. */
export function look(state: ModelState, source: ModelSource, nowMs: number): boolean {
  const before = source.link;
  source.link = nextLink(state, source, nowMs);
  // Whoever asks in the turn in which the last order is confirmed may hear of either.
  const wasReconciling = before === "RECONCILING" ? [{ ...stands(state, source), link: before }] : [];
  source.shown = [...wasReconciling, stands(state, source)];
  const isLost = isAway(source.link);
  if (isLost === isAway(before)) return false;
  source.lostAtMs = isLost ? nowMs : 0;
  return true;
}

function isAway(link: Link): boolean {
  return link === "AWAY" || link === "CATCHING_UP";
}

function nextLink(state: ModelState, source: ModelSource, nowMs: number): Link {
  const { staleAfterMs, laggingAfterMs } = thresholdsOf(state, source);
  // While this process did not listen, it could not speak.
  const silentMs = nowMs - Math.max(source.saidAtMs, state.startedAtMs);
  const isBack = source.link === "AWAY" && nowMs - source.saidAtMs <= laggingAfterMs;
  if (source.link === "AWAY" ? !isBack : silentMs > staleAfterMs) return "AWAY";
  // Its orders were confirmed in the turn in which it was back.
  if (source.link === "THERE" || source.link === "RECONCILING") return "THERE";
  const mayHaveMore = source.heartbeatAtMs > 0 && source.heartbeatAtMs < source.lostAtMs;
  return isCurrent(stands(state, source), nowMs) && !mayHaveMore ? "RECONCILING" : "CATCHING_UP";
}

/** All decisions so far are durable and answered: only the newest is shown. */
export function settle(source: ModelSource): void {
  source.shown = source.shown.slice(-1);
}

/** The process has ended, and with it what was not journalled. */
export function forgetUnjournalled(state: ModelState, source: ModelSource): void {
  source.saidAtMs = source.journalledAtMs;
  source.toldLast = 0;
  source.heartbeatAtMs = 0;
  source.toldGapSinceMs = 0;
  source.latencyMs = 0;
  const fed = feeds(state, source);
  const hasOrders = [...state.reservations.values()].some((one) => one.provisional && fed.has(one.warehouseId));
  source.link = source.lostAtMs > 0 ? "AWAY" : hasOrders ? "RECONCILING" : "THERE";
  source.shown = [stands(state, source)];
}
