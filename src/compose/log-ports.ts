/** The ports of one log: what the edge asks becomes tasks of its engine. */
import type { LogEngine } from "../actor/engine.js";
import type { MutatingSettings } from "../actor/handlers/mutating.js";
import type { CommandPort, EventDisposition, Heartbeat, IngestPort, Outcome } from "../actor/service.js";
import type { ServiceTime } from "../actor/service-time.js";
import { HandledTask } from "../actor/task.js";
import { type IncomingErpEvent, isFaulty } from "../domain/erp-event.js";
import { type Ingest, readSourceStatus, takeErpEvent, takeHeartbeat } from "../erp/ingest.js";
import type { SyncMeters } from "../erp/sync-health/latency-window.js";
import { LIMITS } from "../limits.js";
import { commandHandlers, type HandlerTools, WRITES } from "./handlers.js";

/** Commands of every kind, each decided in the turn by its handler. */
export function commandPort(engine: LogEngine, settings: MutatingSettings, tools: HandlerTools): CommandPort {
  const handlers = commandHandlers(settings, tools);
  return {
    submit(command, render, settle) {
      const handler = handlers[command.kind] as never;
      engine.enqueue(new HandledTask({ command, handler, writes: WRITES[command.kind], render, settle }));
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
    offer(event, settle) {
      const settleTimed = timed(event, settle);
      engine.enqueue(
        new HandledTask({
          command: event,
          handler: (turn, offered: typeof event) => takeErpEvent(turn, offered, ingest),
          writes: true,
          render: asIs,
          settle: settleTimed,
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
