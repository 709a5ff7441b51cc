/** Freshness as it is told: LIVE, LAGGING, STALE, of one source and of a warehouse, which is as fresh as its worst source. */
import { feeds, isCurrent } from "./link-rules.js";
import type { ModelSource, ModelState, Shown } from "./model-state.js";
import type { FreshnessPicture } from "./request.js";

export function freshnessOfSource(source: ModelSource, nowMs: number): FreshnessPicture {
  return pictureOf(source.shown, nowMs);
}

/** As the worst of the sources that feed it; LIVE while there is none. */
export function freshness(state: ModelState, warehouseId: string, nowMs: number): FreshnessPicture {
  const sources = [...state.sources.values()].filter(
    (source) => feeds(state, source).has(warehouseId) || source.shown.some(({ feeds: were }) => were.has(warehouseId)),
  );
  const each = sources.map((source) => {
    // A source that has begun to feed it in this turn stands as the service looked upon it, which was maybe before it spoke.
    const picture = pictureOf(source.shown, nowMs);
    const maybeNone = source.shown.some((shown) => !shown.feeds.has(warehouseId));
    return maybeNone ? { ...picture, states: ["LIVE", ...picture.states], asOfMinMs: 0 } : picture;
  });
  if (each.length === 0) return { atMs: nowMs, states: ["LIVE"], asOfMinMs: 0, asOfMaxMs: 0 };
  return {
    atMs: nowMs,
    states: ["LIVE", "LAGGING", "STALE"].filter((state) => mayBeWorst(state, each)),
    asOfMinMs: Math.min(...each.map((one) => one.asOfMinMs)),
    asOfMaxMs: Math.max(...each.map((one) => one.asOfMaxMs)),
  };
}

const RANK = { LIVE: 0, LAGGING: 1, STALE: 2 } as Readonly<Record<string, number>>;

/** One of them may be in this state, and each of them in none that is worse. */
function mayBeWorst(state: string, each: readonly FreshnessPicture[]): boolean {
  const noneWorse = each.every(({ states }) => states.some((one) => RANK[one]! <= RANK[state]!));
  return noneWorse && each.some(({ states }) => states.includes(state));
}

function pictureOf(shown: readonly Shown[], nowMs: number): FreshnessPicture {
  const times = shown.map((one) => one.saidAtMs);
  return {
    atMs: nowMs,
    states: [...new Set(shown.map((one) => stateOf(one, nowMs)))],
    asOfMinMs: Math.min(...times),
    asOfMaxMs: Math.max(...times),
  };
}

function stateOf(shown: Shown, nowMs: number): string {
  if (shown.link === "AWAY") return "STALE";
  return shown.link === "THERE" && isCurrent(shown, nowMs) ? "LIVE" : "LAGGING";
}
