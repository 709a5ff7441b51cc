/** Freshness: LIVE until a source is silent for `laggingAfterMs` or misses an event, then LAGGING; as the worst source of the warehouse. */
import type { ModelSource, ModelState } from "./model-state.js";
import type { FreshnessPicture } from "./request.js";

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

export function freshnessOfSource(state: ModelState, source: ModelSource, nowMs: number): FreshnessPicture {
  const asOfMinMs = source.heartbeatsLost ? source.journalledAtMs : source.saidAtMs;
  const states = new Set<string>();
  for (const asOfMs of [asOfMinMs, source.saidAtMs]) {
    const ageMs = nowMs - asOfMs;
    if (gaps(source).length > 0 || ageMs >= state.settings.laggingAfterMs) states.add("LAGGING");
    if (gaps(source).length === 0 && ageMs <= state.settings.laggingAfterMs) states.add("LIVE");
    if (source.heartbeatsLost && gaps({ ...source, toldLast: 0 }).length === 0) states.add("LIVE");
  }
  return { atMs: nowMs, states: [...states], asOfMinMs, asOfMaxMs: source.saidAtMs };
}

/** The sources of a warehouse are those that had an event applied there. */
export function freshness(state: ModelState, warehouseId: string, nowMs: number): FreshnessPicture {
  const sources = [...state.sources.values()].filter((source) => source.warehouses.has(warehouseId));
  const each = sources.map((source) => freshnessOfSource(state, source, nowMs));
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
