/**
 * What time and silence bring about: at the beginning of each turn, before anything is decided. When a turn comes is the service's
 * affair, and is told to the oracle; what is due by then is not.
 */
import { confirm, confirmable, followBuffer } from "./degraded-rules.js";
import type { ErpContext } from "./erp-rules.js";
import { gapSinceMs, gaps, look, thresholdsOf } from "./link-rules.js";
import type { ModelSource, ModelState } from "./model-state.js";
import { passOver } from "./sequence-rules.js";

/** What of it was seen to happen, for a world that counts. */
export interface TurnSeen {
  readonly lost: readonly string[];
  readonly back: readonly string[];
  readonly skipped: readonly string[];
  /** Buffer steps that warehouses came to. */
  readonly steps: readonly number[];
  readonly confirmed: number;
}

export function beginTurn(state: ModelState, at: ErpContext): TurnSeen {
  const { nowMs } = at;
  const seen = { lost: [] as string[], back: [] as string[], skipped: [] as string[], steps: [] as number[] };
  const known = [...state.sources.values()].filter(({ place }) => place > 0);
  known.sort((one, other) => one.place - other.place);
  for (const source of known) {
    if (skipDue(state, source, nowMs)) {
      passOver(state, source, gaps(source)[0]!, at);
      seen.skipped.push(source.name);
    }
    if (!look(state, source, nowMs)) continue;
    state.effects += 1;
    (source.lostAtMs > 0 ? seen.lost : seen.back).push(source.name);
  }
  for (const warehouseId of state.warehouses) {
    if (!followBuffer(state, warehouseId, nowMs)) continue;
    state.effects += 1;
    seen.steps.push(state.buffers.get(warehouseId)?.step ?? 0);
  }
  const orders = confirmable(state);
  for (const reservation of orders) confirm(reservation, nowMs);
  state.effects += orders.length;
  return { ...seen, confirmed: orders.length };
}

/** What is missing has been for so long that policy passes it over. */
function skipDue(state: ModelState, source: ModelSource, nowMs: number): boolean {
  const { gapPolicy, gapWaitMs } = thresholdsOf(state, source);
  const sinceMs = gapSinceMs(source);
  return gapPolicy === "SKIP" && sinceMs > 0 && nowMs >= sinceMs + gapWaitMs;
}
