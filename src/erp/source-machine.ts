/**
 * The link to one ERP source (P11): how far its figures can be trusted. The machine is told what is seen of the source and knows
 * neither clock nor journal; what a state means for orders is done by what runs it (source-links.ts).
 */
import { setup } from "xstate";

/** What is seen of a source at one moment. Durations in milliseconds of service time. */
export interface SourceSight {
  /** Since it last spoke. */
  readonly silentMs: number;
  /** Since it last spoke, or since this process listens where that is later: while we were down, it could not speak. */
  readonly unheardMs: number;
  /** Something that it sent before is missing. */
  readonly hasGap: boolean;
  /** How long ago the newest thing that it told of had happened. */
  readonly latencyMs: number;
  /** It sends heartbeats, and none since it was lost has said that there is nothing more to come. */
  readonly mayHaveMore: boolean;
  /** Provisional orders of its warehouses that can be confirmed are not yet. */
  readonly isReconciling: boolean;
  readonly laggingAfterMs: number;
  readonly staleAfterMs: number;
}

export type SourceEvent = { readonly type: "LOOK"; readonly sight: SourceSight };

export const sourceMachine = setup({
  types: { events: {} as SourceEvent },
  guards: {
    isAway: ({ event: { sight } }) => sight.unheardMs > sight.staleAfterMs,
    isLate: ({ event: { sight } }) => !isCurrent(sight),
    isHeard: ({ event: { sight } }) => sight.silentMs <= sight.laggingAfterMs,
    isCurrent: ({ event: { sight } }) => isCurrent(sight),
    hasCaughtUp: ({ event: { sight } }) => isCurrent(sight) && !sight.mayHaveMore,
    isDone: ({ event: { sight } }) => !sight.isReconciling,
  },
}).createMachine({
  id: "source",
  initial: "LIVE",
  states: {
    LIVE: {
      on: {
        LOOK: [
          { guard: "isAway", target: "STALE" },
          { guard: "isLate", target: "LAGGING" },
        ],
      },
    },
    /** Silent for a while, behind, or with something missing: figures are a little old. */
    LAGGING: {
      on: {
        LOOK: [
          { guard: "isAway", target: "STALE" },
          { guard: "isCurrent", target: "LIVE" },
        ],
      },
    },
    /** Away: orders go on against the last figures, less a buffer, and commits are provisional. */
    STALE: { on: { LOOK: { guard: "isHeard", target: "CATCHING_UP" } } },
    /** It speaks again, of what happened meanwhile. */
    CATCHING_UP: {
      on: {
        LOOK: [
          { guard: "isAway", target: "STALE" },
          { guard: "hasCaughtUp", target: "RECONCILING" },
        ],
      },
    },
    /** Figures are current; provisional orders are confirmed against them. */
    RECONCILING: {
      on: {
        LOOK: [
          { guard: "isAway", target: "STALE" },
          { guard: "isDone", target: "LIVE" },
        ],
      },
    },
  },
});

function isCurrent({ silentMs, hasGap, latencyMs, laggingAfterMs }: SourceSight): boolean {
  return silentMs <= laggingAfterMs && !hasGap && latencyMs <= laggingAfterMs;
}
