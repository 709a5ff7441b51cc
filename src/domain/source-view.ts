import type { SequenceRange } from "./sequence-runs.js";
import type { LinkState, LinkThresholds, SourceThresholds } from "./source.js";

/** What operations people see of one source: what was put, how it stands, and what is missing of it. */
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
