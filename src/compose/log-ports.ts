/** The ports of one log: what the edge asks becomes tasks of its engine. */
import type { LogEngine } from "../actor/engine.js";
import type { MutatingSettings } from "../actor/handlers/mutating.js";
import type { CommandPort, EventDisposition, Heartbeat, IngestPort, Outcome, PositionsPort } from "../actor/service.js";
import type { ServiceTime } from "../actor/service-time.js";
import { HandledTask } from "../actor/task.js";
import type { Turn } from "../actor/turn.js";
import type { DriftCounts } from "../domain/drift.js";
import { type IncomingErpEvent, isFaulty } from "../domain/erp-event.js";
import type { Refusal } from "../domain/refusal.js";
import type { SystemState } from "../domain/system-state.js";
import { type PositionRuns, unknownSource } from "../erp/drift/position-runs.js";
import type { PositionsAsker } from "../erp/drift/positions-asker.js";
import { type Ingest, readSourceStatus, takeErpEvent, takeHeartbeat } from "../erp/ingest.js";
import type { SyncMeters } from "../erp/sync-health/latency-window.js";
import { LIMITS } from "../limits.js";
import { commandHandlers, type HandlerTools, WRITES } from "./handlers.js";

/** Commands of every kind, each decided in the turn by its handler. */
export function commandPort(engine: LogEngine, settings: MutatingSettings, tools: HandlerTools): CommandPort {
  const handlers = commandHandlers(settings, tools);
  return {
    submit(command, render, settle, probe) {
      const handler = handlers[command.kind] as never;
      engine.enqueue(new HandledTask({ command, handler, writes: WRITES[command.kind], render, settle, probe }));
    },
  };
}

const asIs = <A>(answer: A): A => answer;

/** ERP events and heartbeats, timed from their arrival to their effect. */
export function ingestPort(engine: LogEngine, ingest: Ingest, time: ServiceTime, meters: SyncMeters): IngestPort {
  const { links } = ingest;
  /** Notes how long an event took, once it is in effect and durable. */
  const timed = (event: IncomingErpEvent, settle: (outcome: Outcome<EventDisposition>) => void) => {
    const receivedAtMs = time.nowMs();
    return (outcome: Outcome<EventDisposition>) => {
      if (outcome.kind === "answered" && outcome.value.disposition === "APPLIED") {
        const nowMs = time.nowMs();
        meters.receivedToApplied.note(nowMs, nowMs - receivedAtMs);
        const tookMs =
          isFaulty(event) || event.occurredAtMs === 0 ? undefined : Math.max(0, nowMs - event.occurredAtMs);
        // History that is being loaded says nothing of how current the figures are.
        if (tookMs !== undefined && tookMs <= LIMITS.latencyCountedMs) meters.occurredToApplied.note(nowMs, tookMs);
      }
      settle(outcome);
    };
  };
  return {
    offer(event, settle, probe) {
      const settleTimed = timed(event, settle);
      engine.enqueue(
        new HandledTask({
          command: event,
          handler: (turn, offered: typeof event) => takeErpEvent(turn, offered, ingest),
          writes: true,
          render: asIs,
          settle: settleTimed,
          probe,
        }),
      );
    },
    heartbeat(heartbeat, settle) {
      engine.enqueue(
        new HandledTask({
          command: heartbeat,
          handler: (turn, beat: Heartbeat) => {
            if (beat.erpResponseMs !== undefined) meters.erpResponse.note(turn.nowMs, beat.erpResponseMs);
            return takeHeartbeat(turn, beat, links);
          },
          writes: false,
          render: asIs,
          settle,
        }),
      );
    },
    sourceStatus(source, settle) {
      engine.enqueue(
        new HandledTask({
          command: { source },
          handler: (turn, query: { source: string }) => readSourceStatus(turn, query, links),
          writes: false,
          render: asIs,
          settle,
        }),
      );
    },
  };
}

/** Runs of positions, each part of one a task of its own. */
export function positionsPort(engine: LogEngine, { runs, asker, system, time }: PositionTools): PositionsPort {
  const submit = <A>(
    handler: (turn: Turn) => { readonly answer: A } | { readonly refusal: Refusal },
    settle: (outcome: Outcome<A>) => void,
  ) => engine.enqueue(new HandledTask({ command: undefined, handler, writes: true, render: asIs, settle }));
  return {
    begin(begun) {
      const run = runs.begin(begun);
      return {
        compare: (positions, settle) => submit((turn) => runs.compare(turn, run, positions), settle),
        finish(settle) {
          const goOn = () =>
            submit<DriftCounts | undefined>(
              (turn) => runs.finish(turn, run),
              (outcome) => {
                if (outcome.kind !== "answered") settle(outcome);
                else if (outcome.value === undefined) goOn();
                else {
                  asker.reported(begun.source, begun.runId);
                  settle({ kind: "answered", value: outcome.value });
                }
              },
            );
          goOn();
        },
        abandon: () => runs.abandon(run),
      };
    },
    ask(source, request) {
      if (system.source(source) === undefined) return unknownSource(source);
      return asker.ask(source, time.nowMs(), request);
    },
    listen: (source, listener) => asker.listen(source, listener),
  };
}

/** What runs of positions work with. */
export interface PositionTools {
  readonly runs: PositionRuns;
  readonly asker: PositionsAsker;
  readonly system: SystemState;
  readonly time: ServiceTime;
}
