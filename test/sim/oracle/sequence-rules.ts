/** How a source's events are put in order (I12): each once, in sequence, buffered ahead of a gap, duplicates dropped. */
import type { ErpEvent, FaultyErpEvent, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import { addDeadLetter } from "./dead-letter-rules.js";
import { applyErpEvent, type ErpContext } from "./erp-rules.js";
import { freshnessOfSource } from "./freshness-rules.js";
import { gaps, saidEvent, saidHeartbeat, show, stands } from "./link-rules.js";
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
  saidEvent(source, nowMs, isFaulty(event) ? 0 : event.occurredAtMs);
  const expected = takeFrom(state, source, event, { nowMs, numberOf });
  // It may have brought a warehouse to this source.
  for (const each of state.sources.values()) show(state, each);
  return expected;
}

function takeFrom(state: ModelState, source: ModelSource, event: IncomingErpEvent, at: ErpContext): Expected {
  const { nowMs } = at;
  if (source.skipped.has(event.sequence)) {
    // It moves nothing on: its source went on without it.
    state.effects += 1;
    return told(take(state, source, event, { ...at, isLate: true }));
  }
  const isWaiting = source.buffered.has(event.sequence);
  if (event.sequence <= source.applied || isWaiting) {
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
    source.bufferedAtMs.set(event.sequence, nowMs);
    source.buffered.set(event.sequence, structuredClone(event));
    journalled(state, source, nowMs);
    return disposition("BUFFERED", "", gaps(source));
  }
  journalled(state, source, nowMs);
  source.applied = event.sequence;
  const rejection = take(state, source, event, at);
  takeWaiting(state, source, at);
  return told(rejection);
}

/** What comes next is passed over, on record; what waited behind it is taken. */
export function passOver(
  state: ModelState,
  source: ModelSource,
  gap: { readonly first: number; readonly last: number },
  at: ErpContext,
): void {
  state.effects += 1;
  known(state, source);
  for (let sequence = gap.first; sequence <= gap.last; sequence++) source.skipped.add(sequence);
  source.applied = gap.last;
  takeWaiting(state, source, at);
}

function takeWaiting(state: ModelState, source: ModelSource, at: ErpContext): void {
  for (;;) {
    const next = source.buffered.get(source.applied + 1);
    if (next === undefined) return;
    // It was heard when it came.
    source.buffered.delete(next.sequence);
    source.bufferedAtMs.delete(next.sequence);
    source.applied = next.sequence;
    take(state, source, next, at);
  }
}

/** Shows a lost last event as a gap; it is not journalled. Nothing of it waits, so it is APPLIED, with what is missing. */
export function takeHeartbeat(state: ModelState, nowMs: number, name: string, lastSequence: number): Expected {
  const source = sourceNamed(state, name);
  saidHeartbeat(source, nowMs, lastSequence);
  show(state, source);
  return disposition("APPLIED", "", gaps(source));
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
      said: source === undefined ? unknown : freshnessOfSource(source, nowMs),
    },
  };
}

/** Applies an event, or puts it among the dead letters with the reason that is answered. */
function take(state: ModelState, source: ModelSource, event: IncomingErpEvent, at: ErpContext): string | undefined {
  remember(source, event);
  const rejection = isFaulty(event) ? event.fault : (suspicion(state, event) ?? applyErpEvent(state, event, at));
  if (rejection !== undefined) addDeadLetter(state, event, rejection, at.nowMs);
  return rejection;
}

/** A quantity beyond what is taken without a person's word; the warehouse that it names is there all the same. */
function suspicion(state: ModelState, { body }: ErpEvent): string | undefined {
  const quantities = { quantity: 0, delta: 0, onHand: 0, ...body };
  const named = [
    ["quantity", quantities.quantity],
    ["delta", Math.abs(quantities.delta)],
    ["on_hand", quantities.onHand],
  ] as const;
  const found = named.find(([, units]) => units > state.settings.erpQuantityMax);
  if (found === undefined) return undefined;
  state.warehouses.add(body.warehouseId);
  return `QUANTITY_SUSPICIOUS: ${found[0]}`;
}

/** Whatever comes under its sequence from now on is a duplicate of it, or another event. */
export function remember(source: ModelSource, { sequence, eventId }: IncomingErpEvent): void {
  source.skipped.delete(sequence);
  source.eventIds.set(sequence, eventId);
  source.eventIds.delete(source.applied - KNOWN_EVENTS);
}

export function isFaulty(event: IncomingErpEvent): event is FaultyErpEvent {
  return "fault" in event;
}

export function sourceNamed(state: ModelState, name: string): ModelSource {
  const found = state.sources.get(name);
  if (found !== undefined) return found;
  const source: ModelSource = {
    name,
    place: 0,
    warehouseIds: [],
    thresholds: {},
    applied: 0,
    eventIds: new Map(),
    buffered: new Map(),
    skipped: new Set(),
    bufferedAtMs: new Map(),
    lostAtMs: 0,
    link: "THERE",
    journalledAtMs: 0,
    saidAtMs: 0,
    toldLast: 0,
    heartbeatAtMs: 0,
    toldGapSinceMs: 0,
    latencyMs: 0,
    shown: [],
  };
  source.shown = [stands(state, source)];
  state.sources.set(name, source);
  return source;
}

/** It was put, or an event of it journalled. */
export function known(state: ModelState, source: ModelSource): void {
  const places = [...state.sources.values()].map(({ place }) => place);
  if (source.place === 0) source.place = 1 + Math.max(0, ...places);
}

function journalled(state: ModelState, source: ModelSource, nowMs: number): void {
  state.effects += 1;
  known(state, source);
  source.journalledAtMs = nowMs;
}

function told(rejection: string | undefined): Expected {
  return rejection === undefined ? disposition("APPLIED") : disposition("REJECTED", rejection);
}

function disposition(
  kind: "APPLIED" | "DUPLICATE" | "BUFFERED" | "REJECTED",
  reason = "",
  missing: readonly { first: number; last: number }[] = [],
): Expected {
  return { kind: "answered", answer: { kind: "disposition", disposition: kind, reason, missing } };
}
