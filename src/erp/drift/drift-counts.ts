/** How often figures drift, from the runs that were recorded. */
import type { DriftRun } from "../../domain/drift.js";

/** Positions compared and drifted in runs that ended since a moment, of the sources that are wanted. */
export function driftCountsSince(
  runs: { readonly count: number; get(number: number): DriftRun | undefined },
  sinceMs: number,
  wants: (source: string) => boolean,
): { readonly compared: number; readonly drifted: number } {
  let compared = 0;
  let drifted = 0;
  for (let number = runs.count; number > 0; number--) {
    const run = runs.get(number)!;
    if (run.endedAtMs <= sinceMs) break;
    if (!wants(run.source)) continue;
    compared += run.counts.compared;
    drifted += run.counts.drifted;
  }
  return { compared, drifted };
}
