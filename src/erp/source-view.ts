/** What operations people see of one source: what was put, how it stands, and what is missing of it. */
import type { SequenceRange } from "../domain/sequence-runs.js";
import type { SourceThresholds } from "../domain/source.js";
import type { SystemState } from "../domain/system-state.js";
import { LIMITS } from "../limits.js";
import type { LinkThresholds, SourceLinks } from "./source-links.js";
import type { LinkState } from "./source-machine.js";

export interface SourceView {
  readonly source: string;
  readonly warehouseIds: readonly string[];
  readonly thresholds: SourceThresholds;
  readonly effectiveThresholds: LinkThresholds;
  readonly state: LinkState;
  readonly appliedSequence: number;
  readonly gaps: readonly SequenceRange[];
  /** Times are service time; 0 where there is none. */
  readonly gapSinceMs: number;
  readonly lastHeardMs: number;
  readonly staleSinceMs: number;
}

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
