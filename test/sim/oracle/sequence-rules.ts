/** How a source's events are put in order (I12): each once, in sequence, buffered ahead of a gap, duplicates dropped. */
import type { FaultyErpEvent, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import { applyErpEvent, type ErpContext } from "./erp-rules.js";
import { freshnessOfSource, gaps, show } from "./freshness-rules.js";
import type { ModelSource, ModelState } from "./model-state.js";
import type { Expected } from "./request.js";

/** Another event under a known sequence is told apart within this many events. */
const KNOWN_EVENTS = 100_000;

export function takeErpEvent(
  state: ModelState,
  nowMs: number,
  event: IncomingErpEvent,
  numberOf: (reservationId: string) => number | undefined,
): Expected {
  const source = sourceNamed(state, event.source);
  const expected = takeFrom(state, source, event, { nowMs, numberOf });
  show(source);
  return expected;
}

function takeFrom(state: ModelState, source: ModelSource, event: IncomingErpEvent, at: ErpContext): Expected {
  const { nowMs } = at;
  const isWaiting = source.buffered.has(event.sequence);
  if (event.sequence <= source.applied || isWaiting) {
    said(source, nowMs);
    const known = isWaiting ? source.buffered.get(event.sequence)?.eventId : source.eventIds.get(event.sequence);
    if (known !== undefined && known !== event.eventId) return disposition("REJECTED", "SEQUENCE_REUSED");
    // One that waits is still "ahead of a gap, with what is missing".
    return isWaiting ? disposition("BUFFERED", "", gaps(source)) : disposition("DUPLICATE");
  }
  if (event.sequence > source.applied + 1) {
    if (source.buffered.size >= state.settings.bufferedEventsMax) {
      const first = gaps(source)[0]!;
      return { kind: "refused", reasons: ["OVERLOADED"], names: [String(first.first), String(first.last)] };
    }
    source.buffered.set(event.sequence, structuredClone(event));
    journalled(state, source, nowMs);
    return disposition("BUFFERED", "", gaps(source));
  }
  journalled(state, source, nowMs);
  const rejection = applyNext(state, source, event, at);
  for (;;) {
    const next = source.buffered.get(source.applied + 1);
    if (next === undefined) break;
    source.buffered.delete(next.sequence);
    applyNext(state, source, next, at);
  }
  return rejection === undefined ? disposition("APPLIED") : disposition("REJECTED", rejection);
}

/** Shows a lost last event as a gap; it is not journalled. Nothing of it waits, so it is APPLIED, with what is missing. */
export function takeHeartbeat(state: ModelState, nowMs: number, source: string, lastSequence: number): Expected {
  const known = sourceNamed(state, source);
  said(known, nowMs);
  known.toldLast = Math.max(known.toldLast, lastSequence);
  show(known);
  return disposition("APPLIED", "", gaps(known));
}

export function sourceStatus(state: ModelState, nowMs: number, name: string): Expected {
  const source = state.sources.get(name);
  const unknown = { atMs: nowMs, states: ["LIVE", "LAGGING", "STALE"], asOfMinMs: 0, asOfMaxMs: 0 };
  return {
    kind: "answered",
    answer: {
      kind: "sourceStatus",
      appliedSequence: source?.applied ?? 0,
      gaps: source === undefined ? [] : gaps(source),
      said: source === undefined ? unknown : freshnessOfSource(state, source, nowMs),
    },
  };
}

function applyNext(
  state: ModelState,
  source: ModelSource,
  event: IncomingErpEvent,
  at: ErpContext,
): string | undefined {
  source.applied = event.sequence;
  source.eventIds.set(event.sequence, event.eventId);
  source.eventIds.delete(event.sequence - KNOWN_EVENTS);
  if (isFaulty(event)) return event.fault;
  const rejection = applyErpEvent(state, event, at);
  // An order closed for all its SKUs names no stock: it makes nobody a source of the warehouse.
  const { warehouseId, sku } = event.body;
  if (rejection === undefined && sku !== "") source.warehouses = new Set([...source.warehouses, warehouseId]);
  return rejection;
}

function isFaulty(event: IncomingErpEvent): event is FaultyErpEvent {
  return "fault" in event;
}

function sourceNamed(state: ModelState, name: string): ModelSource {
  const known = state.sources.get(name);
  if (known !== undefined) return known;
  const source: ModelSource = {
    name,
    warehouses: new Set(),
    applied: 0,
    eventIds: new Map(),
    buffered: new Map(),
    toldLast: 0,
    journalledAtMs: 0,
    saidAtMs: 0,
    shown: [{ saidAtMs: 0, hasGap: false, warehouses: new Set() }],
    maybeForgotten: false,
  };
  state.sources.set(name, source);
  return source;
}

function said(source: ModelSource, nowMs: number): void {
  source.saidAtMs = nowMs;
}

function journalled(state: ModelState, source: ModelSource, nowMs: number): void {
  state.effects += 1;
  source.journalledAtMs = nowMs;
  said(source, nowMs);
}

function disposition(
  kind: "APPLIED" | "DUPLICATE" | "BUFFERED" | "REJECTED",
  reason = "",
  missing: readonly { first: number; last: number }[] = [],
): Expected {
  return { kind: "answered", answer: { kind: "disposition", disposition: kind, reason, missing } };
}
