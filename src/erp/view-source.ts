import type { SourceView } from "../domain/source-view.js";
import type { SystemState } from "../domain/system-state.js";
import { LIMITS } from "../limits.js";
import type { SourceLinks } from "./source-links.js";

/** A source that was never put and never sent an event is seen by its heartbeats alone. */
export function viewSource(system: SystemState, links: SourceLinks, name: string, nowMs: number): SourceView {
  const source = system.source(name);
  const lastHeardMs = links.lastHeardMs(name);
  const announced = links.announced(name);
  return {
    source: name,
    warehouseIds: source?.warehouseIds ?? [],
    thresholds: source?.thresholds ?? {},
    effectiveThresholds: links.thresholds(name),
    state: links.stateAt(name, nowMs),
    appliedSequence: source?.applied ?? 0,
    gaps: source?.missing(announced, LIMITS.missingRangesMax) ?? (announced > 0 ? [{ first: 1, last: announced }] : []),
    gapSinceMs: links.gapSinceMs(name),
    lastHeardMs,
    staleSinceMs: source?.staleSinceMs ?? 0,
  };
}
