/**
 * ERP events in the turn (P7, I12): each source's events are taken in sequence, once. Duplicates are dropped, those ahead of a gap
 * are buffered durably, and what cannot be taken is dead-lettered while the sequence moves on.
 */
import { overloaded } from "../actor/refusals.js";
import type { EventDisposition, Heartbeat, SourceStatus } from "../actor/service.js";
import type { Turn } from "../actor/turn.js";
import { decideErpEvent, type ErpDecision } from "../domain/decide/erp.js";
import { type ErpEvent, type IncomingErpEvent, isFaulty } from "../domain/erp-event.js";
import type { Refusal } from "../domain/refusal.js";
import { parseReservationId } from "../domain/reservation-id.js";
import type { SequenceRange } from "../domain/sequence-runs.js";
import type { Source } from "../domain/source.js";
import { LIMITS } from "../limits.js";
import type { PartitionStore } from "../snapshots/partition-store.js";
import type { SourceLinks } from "./source-links.js";
import { suspiciousQuantity } from "./suspicious-quantity.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

/** What ingest goes by beside the state. */
export interface Ingest {
  readonly links: SourceLinks;
  /** A quantity above this is not taken without a person's word. */
  readonly quantityMax: number;
  /** Positions that wait for a source to get to where they are true. */
  readonly positions: { advanced(turn: Turn, source: Source): void };
}

/** Takes one event, and whatever buffered events it makes way for. */
export function takeErpEvent(
  turn: Turn,
  event: IncomingErpEvent,
  { links, quantityMax, positions }: Ingest,
): Result<EventDisposition> {
  const source = turn.system.source(event.source);
  if (source === undefined && turn.system.tables.sources.count >= LIMITS.sourcesMax) {
    return { refusal: overloaded("table of sources", { source: event.source }) };
  }
  links.heardEvent(event.source, turn.nowMs, isFaulty(event) ? 0 : event.occurredAtMs);
  const applied = source?.applied ?? 0;
  if (source?.skipped.has(event.sequence)) return { answer: apply(turn, event, { isLate: true, quantityMax }) };
  if (source !== undefined && event.sequence <= applied) return { answer: seenBefore(source, event) };
  const waiting = source?.buffered.get(event.sequence);
  if (waiting !== undefined && waiting.eventId !== event.eventId)
    return { answer: disposition("REJECTED", "SEQUENCE_REUSED") };
  if (event.sequence > applied + 1) return buffer(turn, event, links, waiting !== undefined);
  const answer = apply(turn, event, { isLate: false, quantityMax });
  const followed = turn.system.source(event.source)!;
  drain(turn, followed, quantityMax);
  positions.advanced(turn, followed);
  return { answer };
}

/** A heartbeat: nothing is journalled, but a lost last event shows. */
export function takeHeartbeat(turn: Turn, heartbeat: Heartbeat, links: SourceLinks): Result<EventDisposition> {
  const known = turn.system.source(heartbeat.source);
  if (known === undefined && !links.hasRoomFor(heartbeat.source, turn.nowMs)) {
    return { refusal: overloaded("table of sources", { source: heartbeat.source }) };
  }
  links.heardHeartbeat(heartbeat.source, turn.nowMs, heartbeat.lastSequence);
  return { answer: { ...disposition("APPLIED"), missing: missing(turn, heartbeat.source, links) } };
}

export function readSourceStatus(
  turn: Turn,
  { source: name }: { readonly source: string },
  links: SourceLinks,
): Result<SourceStatus> {
  const source = turn.system.source(name);
  const lastEventAtMs = links.lastHeardMs(name);
  return {
    answer: {
      appliedSequence: source?.applied ?? 0,
      gaps: missing(turn, name, links),
      lastEventAtMs,
      state: links.stateAt(name, turn.nowMs),
    },
  };
}

function seenBefore(source: Source, event: IncomingErpEvent): EventDisposition {
  return source.isSame(event.sequence, event.eventId)
    ? disposition("DUPLICATE")
    : disposition("REJECTED", "SEQUENCE_REUSED");
}

function buffer(turn: Turn, event: IncomingErpEvent, links: SourceLinks, isWaiting: boolean): Result<EventDisposition> {
  if (!isWaiting) {
    const size = turn.system.source(event.source)?.buffered.size ?? 0;
    if (size >= LIMITS.bufferedEventsMax) {
      const [first] = missing(turn, event.source, links);
      const range = first === undefined ? {} : { missing_first: String(first.first), missing_last: String(first.last) };
      return { refusal: overloaded("buffer of events ahead of a gap", { source: event.source, ...range }) };
    }
    turn.recordSystem([{ kind: "ErpEventBuffered", event }]);
    links.onSight(turn.nowMs);
  }
  return { answer: { ...disposition("BUFFERED"), missing: missing(turn, event.source, links) } };
}

/** Applies what waited for the source to get there. */
export function drain(turn: Turn, source: Source, quantityMax: number): void {
  for (;;) {
    const next = source.buffered.get(source.applied + 1);
    if (next === undefined) return;
    apply(turn, next, { isLate: false, quantityMax });
  }
}

/**
 * Takes an event that was a dead letter, at an operator's word: as a late one, whatever its quantity. The reason why it still
 * cannot be taken, which is not recorded; undefined when it was.
 */
export function replayEvent(turn: Turn, event: IncomingErpEvent): string | undefined {
  const judged = judge(turn, event, { isLate: true, quantityMax: Number.POSITIVE_INFINITY });
  if (judged.kind === "rejected") return judged.reason;
  turn.record(judged.partition, judged.events);
  return undefined;
}

interface Taking {
  /** Its source went on without it. */
  readonly isLate: boolean;
  readonly quantityMax: number;
}

/** Applies or rejects the event that is the source's next, or that comes late. */
function apply(turn: Turn, event: IncomingErpEvent, taking: Taking): EventDisposition {
  const judged = judge(turn, event, taking);
  if (judged.kind === "applied") {
    turn.record(judged.partition, judged.events);
    return disposition("APPLIED");
  }
  const { reason, partition } = judged;
  const rejected = [{ kind: "ErpEventRejected", event, reason, isLate: taking.isLate }] as const;
  if (partition === undefined) turn.recordSystem(rejected);
  else turn.record(partition, rejected);
  return disposition("REJECTED", reason);
}

/** What an event comes to, and in which warehouse; none where it names none that there can be. */
type Judged =
  | (Extract<ErpDecision, { kind: "applied" }> & { readonly partition: PartitionStore })
  | (Extract<ErpDecision, { kind: "rejected" }> & { readonly partition: PartitionStore | undefined });

/** Decides about an event and records nothing but its warehouse, where it is the first to name it. */
function judge(turn: Turn, event: IncomingErpEvent, { isLate, quantityMax }: Taking): Judged {
  if (isFaulty(event)) return { kind: "rejected", reason: event.fault, partition: undefined };
  if (
    turn.system.partition(event.body.warehouseId) === undefined &&
    turn.system.tables.warehouses.count >= LIMITS.warehousesMax
  ) {
    return { kind: "rejected", reason: "LIMIT_EXCEEDED: warehouse_id", partition: undefined };
  }
  const partition = turn.openWarehouse(event.body.warehouseId);
  const suspicious = suspiciousQuantity(event.body, quantityMax);
  if (suspicious !== undefined) return { kind: "rejected", reason: `QUANTITY_SUSPICIOUS: ${suspicious}`, partition };
  const reservation = reservationNumber(turn, event, partition.partition);
  return { ...decideErpEvent(partition, event, { reservation, epoch: turn.system.epoch, isLate }), partition };
}

/** The number of the reservation that the event names, where its id is one of this partition's; else 0. */
function reservationNumber(turn: Turn, event: ErpEvent, partition: number): number {
  const { body } = event;
  if (body.kind !== "OrderDispatched" && body.kind !== "OrderClosed") return 0;
  if (body.reservationId === "") return 0;
  const parts = parseReservationId(body.reservationId, (epoch) => turn.system.nonce(epoch));
  return parts?.partition === partition ? parts.number : 0;
}

function missing(turn: Turn, name: string, links: SourceLinks): readonly SequenceRange[] {
  const announced = links.announced(name);
  const source = turn.system.source(name);
  if (source !== undefined) return source.missing(announced, LIMITS.missingRangesMax);
  return announced > 0 ? [{ first: 1, last: announced }] : [];
}

function disposition(kind: EventDisposition["disposition"], reason = ""): EventDisposition {
  return { disposition: kind, reason, missing: [] };
}
