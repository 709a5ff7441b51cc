/** Freshness: LIVE until a source is silent for `laggingAfterMs` or misses an event, then LAGGING; as the worst source of the warehouse. */
import type { ModelSource, ModelState, ShownFreshness } from "./model-state.js";
import type { FreshnessPicture } from "./request.js";

/** More messages than this between two settled moments, and the middle ones are forgotten. */
const SHOWN_MAX = 500;

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

/** A message of the source changes what is shown, now or once it is durable. */
export function show(source: ModelSource): void {
  source.shown = [...source.shown.slice(0, SHOWN_MAX), latest(source)];
  source.maybeForgotten = false;
}

/** All decisions so far are durable and answered: only the newest is shown. */
export function settleFreshness(source: ModelSource): void {
  if (!source.maybeForgotten) source.shown = source.shown.slice(-1);
}

/** A crash: heartbeats and the times of what was not journalled may be forgotten; the gaps that heartbeats showed are. */
export function forgetUnjournalled(source: ModelSource): void {
  source.toldLast = 0;
  const now = latest(source);
  source.shown = [{ ...now, saidAtMs: source.journalledAtMs }, now];
  source.maybeForgotten = true;
}

function latest(source: ModelSource): ShownFreshness {
  return { saidAtMs: source.saidAtMs, hasGap: gaps(source).length > 0, warehouses: source.warehouses };
}

export function freshnessOfSource(state: ModelState, source: ModelSource, nowMs: number): FreshnessPicture {
  return freshnessOf(state, nowMs, source.shown);
}

/** As the worst of its sources, those that had an event of a stock applied there; LIVE while there is none. */
export function freshness(state: ModelState, warehouseId: string, nowMs: number): FreshnessPicture {
  const sources = [...state.sources.values()].filter((source) => source.warehouses.has(warehouseId));
  const each = sources.map((source) => {
    const picture = freshnessOf(
      state,
      nowMs,
      source.shown.filter((shown) => shown.warehouses.has(warehouseId)),
    );
    const maybeNone = source.shown.some((shown) => !shown.warehouses.has(warehouseId));
    return maybeNone ? { ...picture, states: [...picture.states, "LIVE"], asOfMinMs: 0 } : picture;
  });
  if (each.length === 0) return { atMs: nowMs, states: ["LIVE"], asOfMinMs: 0, asOfMaxMs: 0 };
  const surelyLagging = each.some((one) => !one.states.includes("LIVE"));
  const maybeLagging = each.some((one) => one.states.includes("LAGGING"));
  return {
    atMs: nowMs,
    states: [...(surelyLagging ? [] : ["LIVE"]), ...(maybeLagging ? ["LAGGING"] : [])],
    asOfMinMs: Math.min(...each.map((one) => one.asOfMinMs)),
    asOfMaxMs: Math.max(...each.map((one) => one.asOfMaxMs)),
  };
}

function freshnessOf(state: ModelState, nowMs: number, shown: readonly ShownFreshness[]): FreshnessPicture {
  const { laggingAfterMs } = state.settings.sourceThresholds;
  const states = new Set<string>();
  for (const { saidAtMs, hasGap } of shown) {
    const ageMs = nowMs - saidAtMs;
    if (hasGap || ageMs >= laggingAfterMs) states.add("LAGGING");
    if (!hasGap && ageMs <= laggingAfterMs) states.add("LIVE");
  }
  const times = shown.map((one) => one.saidAtMs);
  return { atMs: nowMs, states: [...states], asOfMinMs: Math.min(...times), asOfMaxMs: Math.max(...times) };
}
