/**
 * ERP events in the turn (P7, I12): each source's events are taken in sequence, once. Duplicates are dropped, those ahead of a gap
 * are buffered durably, and what cannot be taken is dead-lettered while the sequence moves on.
 */
import { overloaded } from "../actor/refusals.js";
import type { EventDisposition, SourceStatus } from "../actor/service.js";
import type { Turn } from "../actor/turn.js";
import { decideErpEvent } from "../domain/decide/erp.js";
import { type ErpEvent, type FaultyErpEvent, type IncomingErpEvent, isFaulty } from "../domain/erp-event.js";
import type { Refusal } from "../domain/refusal.js";
import { parseReservationId } from "../domain/reservation-id.js";
import type { SequenceRange } from "../domain/sequence-runs.js";
import type { Source } from "../domain/source.js";
import { LIMITS } from "../limits.js";
import type { FreshnessBook } from "./freshness.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

/** Takes one event, and whatever buffered events it makes way for. */
export function takeErpEvent(turn: Turn, event: IncomingErpEvent, freshness: FreshnessBook): Result<EventDisposition> {
  const source = turn.system.source(event.source);
  if (source === undefined && turn.system.tables.sources.count >= LIMITS.sourcesMax) {
    return { refusal: overloaded("table of sources", { source: event.source }) };
  }
  freshness.heard(event.source, turn.nowMs);
  const applied = source?.applied ?? 0;
  if (source?.skipped.has(event.sequence)) return { answer: apply(turn, event, { isLate: true }) };
  if (source !== undefined && event.sequence <= applied) return { answer: seenBefore(source, event) };
  const waiting = source?.buffered.get(event.sequence);
  if (waiting !== undefined && waiting.eventId !== event.eventId)
    return { answer: disposition("REJECTED", "SEQUENCE_REUSED") };
  if (event.sequence > applied + 1) return buffer(turn, event, freshness, waiting !== undefined);
  const answer = apply(turn, event, { isLate: false });
  drain(turn, turn.system.source(event.source)!);
  return { answer };
}

/** A heartbeat: nothing is journalled, but a lost last event shows. */
export function takeHeartbeat(
  turn: Turn,
  heartbeat: { readonly source: string; readonly lastSequence: number },
  freshness: FreshnessBook,
): Result<EventDisposition> {
  const known = turn.system.source(heartbeat.source);
  if (known === undefined && !freshness.hasRoomFor(heartbeat.source, turn.nowMs)) {
    return { refusal: overloaded("table of sources", { source: heartbeat.source }) };
  }
  freshness.heard(heartbeat.source, turn.nowMs, heartbeat.lastSequence);
  return { answer: { ...disposition("APPLIED"), missing: missing(turn, heartbeat.source, freshness) } };
}

export function readSourceStatus(
  turn: Turn,
  { source: name }: { readonly source: string },
  freshness: FreshnessBook,
): Result<SourceStatus> {
  const source = turn.system.source(name);
  const lastEventAtMs = freshness.lastHeardMs(name);
  const lagging = freshness.isLagging(name, source, turn.nowMs);
  return {
    answer: {
      appliedSequence: source?.applied ?? 0,
      gaps: missing(turn, name, freshness),
      lastEventAtMs,
      state: lagging || lastEventAtMs === 0 ? "LAGGING" : "LIVE",
    },
  };
}

function seenBefore(source: Source, event: IncomingErpEvent): EventDisposition {
  return source.isSame(event.sequence, event.eventId)
    ? disposition("DUPLICATE")
    : disposition("REJECTED", "SEQUENCE_REUSED");
}

function buffer(
  turn: Turn,
  event: IncomingErpEvent,
  freshness: FreshnessBook,
  isWaiting: boolean,
): Result<EventDisposition> {
  if (!isWaiting) {
    const size = turn.system.source(event.source)?.buffered.size ?? 0;
    if (size >= LIMITS.bufferedEventsMax) {
      const [first] = missing(turn, event.source, freshness);
      const range = first === undefined ? {} : { missing_first: String(first.first), missing_last: String(first.last) };
      return { refusal: overloaded("buffer of events ahead of a gap", { source: event.source, ...range }) };
    }
    turn.recordSystem([{ kind: "ErpEventBuffered", event }]);
  }
  return { answer: { ...disposition("BUFFERED"), missing: missing(turn, event.source, freshness) } };
}

/** Applies or rejects the event that is the source's next, or that comes late. */
export function apply(turn: Turn, event: IncomingErpEvent, { isLate }: { readonly isLate: boolean }): EventDisposition {
  if (isFaulty(event)) return deadLetter(turn, event, event.fault, isLate);
  if (
    turn.system.partition(event.body.warehouseId) === undefined &&
    turn.system.tables.warehouses.count >= LIMITS.warehousesMax
  ) {
    return deadLetter(turn, event, "LIMIT_EXCEEDED: warehouse_id", isLate);
  }
  const partition = turn.openWarehouse(event.body.warehouseId);
  const decision = decideErpEvent(partition, event, {
    reservation: reservationNumber(turn, event, partition.partition),
    epoch: turn.system.epoch,
    isLate,
  });
  if (decision.kind === "rejected") {
    const { reason } = decision;
    turn.record(partition, [{ kind: "ErpEventRejected", event, reason, isLate }]);
    return disposition("REJECTED", reason);
  }
  turn.record(partition, decision.events);
  return disposition("APPLIED");
}

/** Applies what waited for the source to get there. */
export function drain(turn: Turn, source: Source): void {
  for (;;) {
    const next = source.buffered.get(source.applied + 1);
    if (next === undefined) return;
    apply(turn, next, { isLate: false });
  }
}

function deadLetter(turn: Turn, event: ErpEvent | FaultyErpEvent, reason: string, isLate: boolean): EventDisposition {
  turn.recordSystem([{ kind: "ErpEventRejected", event, reason, isLate }]);
  return disposition("REJECTED", reason);
}

/** The number of the reservation that the event names, where its id is one of this partition's; else 0. */
function reservationNumber(turn: Turn, event: ErpEvent, partition: number): number {
  const { body } = event;
  if (body.kind !== "OrderDispatched" && body.kind !== "OrderClosed") return 0;
  if (body.reservationId === "") return 0;
  const parts = parseReservationId(body.reservationId, (epoch) => turn.system.nonce(epoch));
  return parts?.partition === partition ? parts.number : 0;
}

function missing(turn: Turn, name: string, freshness: FreshnessBook): readonly SequenceRange[] {
  const announced = freshness.announced(name);
  const source = turn.system.source(name);
  if (source !== undefined) return source.missing(announced, LIMITS.missingRangesMax);
  return announced > 0 ? [{ first: 1, last: announced }] : [];
}

function disposition(kind: EventDisposition["disposition"], reason = ""): EventDisposition {
  return { disposition: kind, reason, missing: [] };
}
