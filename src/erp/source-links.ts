/**
 * How current each warehouse's figures are (P11): by its worst source, each judged by its own machine (source-machine.ts).
 * Heartbeats are heard here and not journalled; that a source was lost, and that it is back, is. After a restart a source's
 * last journalled event counts until it speaks again. It is not the upkeep, which acts on what is seen here.
 */
import { type Actor, createActor } from "xstate";
import type { Freshness } from "../domain/availability.js";
import type { LinkState, LinkThresholds, Source } from "../domain/source.js";
import type { SystemState } from "../domain/system-state.js";
import { LIMITS } from "../limits.js";
import { type SourceSight, sourceMachine } from "./source-machine.js";

/** What a source said of itself in this process. */
interface Heard {
  atMs: number;
  /** The last sequence that a heartbeat named, and when the last heartbeat came; 0 for none. */
  announced: number;
  heartbeatAtMs: number;
  /** Since when a heartbeat names what is missing; 0 while nothing is. */
  announcedGapSinceMs: number;
  /** How long ago the newest thing that it told of had happened, when it was told. */
  latencyMs: number;
}

export class SourceLinks {
  readonly #system: SystemState;
  readonly #defaults: LinkThresholds;
  readonly #startedAtMs: number;
  readonly #heard = new Map<string, Heard>();
  readonly #machines = new Map<string, Actor<typeof sourceMachine>>();
  /** Sources by the partitions that they feed; made anew when a source begins or ceases to feed one. */
  #feeds = new Map<number, Source[]>();
  #feedsAt = -1;
  /** Called when something is seen that a machine has to look at. */
  onSight: (nowMs: number) => void = () => {};

  constructor(system: SystemState, defaults: LinkThresholds, startedAtMs: number) {
    this.#system = system;
    this.#defaults = defaults;
    this.#startedAtMs = startedAtMs;
  }

  /** A source spoke of something that happened at `occurredAtMs` by its clock; 0 where it did not say when. */
  heardEvent(source: string, nowMs: number, occurredAtMs: number): void {
    const heard = this.#hear(source, nowMs);
    const latencyMs = occurredAtMs === 0 ? 0 : Math.max(0, nowMs - occurredAtMs);
    // What is older than this is an initial load or history, and says nothing of how far behind the source is.
    heard.latencyMs = latencyMs > LIMITS.latencyCountedMs ? 0 : latencyMs;
    if (this.state(source) !== "LIVE" || heard.latencyMs > 0) this.onSight(nowMs);
  }

  /** A source said that it is alive and which event it sent last. */
  heardHeartbeat(source: string, nowMs: number, lastSequence: number): void {
    const heard = this.#hear(source, nowMs);
    const applied = this.#system.source(source)?.applied ?? 0;
    const wasBehind = heard.announced > applied;
    heard.announced = Math.max(heard.announced, lastSequence);
    heard.heartbeatAtMs = nowMs;
    const isBehind = heard.announced > applied;
    if (!isBehind) heard.latencyMs = 0;
    // What was missing before and came is another gap.
    if (!wasBehind) heard.announcedGapSinceMs = isBehind ? nowMs : 0;
    if (isBehind || this.state(source) !== "LIVE") this.onSight(nowMs);
  }

  /**
   * Whether one more source that only sends heartbeats can be kept: it is already, there is room, or one that has been silent
   * for long is forgotten for it.
   */
  hasRoomFor(source: string, nowMs: number): boolean {
    if (this.#heard.has(source) || this.#heard.size < LIMITS.sourcesHeardMax) return true;
    for (const [name, { atMs }] of this.#heard) {
      if (nowMs - atMs < LIMITS.sourceForgottenMs || this.#system.source(name) !== undefined) continue;
      this.#heard.delete(name);
      return true;
    }
    return false;
  }

  announced(source: string): number {
    return this.#heard.get(source)?.announced ?? 0;
  }

  /** When a source last spoke, service time; 0 for never. */
  lastHeardMs(source: string): number {
    return Math.max(this.#heard.get(source)?.atMs ?? 0, this.#system.source(source)?.lastEventAtMs ?? 0);
  }

  /** Since when something that a source sent is missing; 0 while nothing is. */
  gapSinceMs(name: string): number {
    const source = this.#system.source(name);
    const heard = this.#heard.get(name);
    if (source !== undefined && source.gapSinceMs > 0) return source.gapSinceMs;
    const isBehind = heard !== undefined && heard.announced > (source?.applied ?? 0);
    // What a heartbeat names is on its way as long as events come: only when none does, something is missing.
    return isBehind ? Math.max(heard.announcedGapSinceMs, source?.lastEventAtMs ?? 0) : 0;
  }

  /** What is in effect. Where one threshold is put and the other inherited, late is never later than away. */
  thresholds(name: string): LinkThresholds {
    const inherited = { ...this.#defaults, ...this.#system.source(name)?.thresholds };
    return { ...inherited, laggingAfterMs: Math.min(inherited.laggingAfterMs, inherited.staleAfterMs) };
  }

  /** The state of a source as of the last look. */
  state(name: string): LinkState {
    const machine = this.#machines.get(name);
    if (machine !== undefined) return machine.getSnapshot().value;
    const source = this.#system.source(name);
    return source !== undefined && source.staleSinceMs > 0 ? "STALE" : "LIVE";
  }

  /** The state of a source now, whether or not anybody has looked since. */
  stateAt(name: string, nowMs: number): LinkState {
    const state = this.state(name);
    return state === "LIVE" && this.#isLate(name, nowMs) ? "LAGGING" : state;
  }

  /** Shows a source's machine what there is to see, until that changes nothing more; its state then. */
  look(source: Source, nowMs: number, isReconciling: boolean): LinkState {
    const machine = this.#machine(source, isReconciling);
    const sight = this.#sight(source.name, nowMs, isReconciling);
    for (;;) {
      const before = machine.getSnapshot().value;
      machine.send({ type: "LOOK", sight });
      const after = machine.getSnapshot().value;
      // What reconciling means is for the upkeep to do first.
      if (after === before || after === "RECONCILING") return after;
    }
  }

  /** When time alone may change a source's state next. */
  nextLookAtMs(name: string): number {
    const { laggingAfterMs, staleAfterMs } = this.thresholds(name);
    const lastHeardMs = this.lastHeardMs(name);
    const awayAtMs = Math.max(lastHeardMs, this.#startedAtMs) + staleAfterMs + 1;
    const state = this.state(name);
    if (state === "STALE") return Number.POSITIVE_INFINITY;
    // Only what is there to confirm keeps a source in it, and that is looked at again in the next turn.
    if (state === "RECONCILING") return 0;
    return state === "LIVE" ? Math.min(lastHeardMs + laggingAfterMs + 1, awayAtMs) : awayAtMs;
  }

  /** The sources that feed a warehouse. */
  sourcesOf(partition: number): readonly Source[] {
    if (this.#system.feedChanges !== this.#feedsAt) {
      this.#feedsAt = this.#system.feedChanges;
      this.#feeds = new Map();
      for (const source of this.#system.sources) {
        for (const fed of this.#system.feeds(source)) this.#feeds.set(fed, [...(this.#feeds.get(fed) ?? []), source]);
      }
    }
    return this.#feeds.get(partition) ?? [];
  }

  /** The freshness of one warehouse's partition. */
  of(partition: number, nowMs: number): Freshness {
    const sources = this.sourcesOf(partition);
    if (sources.length === 0) return { state: "LIVE", asOfMs: 0, ageMs: 0 };
    let state: Freshness["state"] = "LIVE";
    let asOfMs = Number.POSITIVE_INFINITY;
    for (const source of sources) {
      const link = this.stateAt(source.name, nowMs);
      // Stale is what is journalled as lost, so that an answer that says so is one of a degraded warehouse.
      if (link === "STALE" && source.staleSinceMs > 0) state = "STALE";
      else if (link !== "LIVE" && state === "LIVE") state = "LAGGING";
      asOfMs = Math.min(asOfMs, this.lastHeardMs(source.name));
    }
    return { state, asOfMs, ageMs: asOfMs === 0 ? 0 : Math.max(0, nowMs - asOfMs) };
  }

  #hear(source: string, nowMs: number): Heard {
    let heard = this.#heard.get(source);
    if (heard === undefined) {
      heard = { atMs: nowMs, announced: 0, heartbeatAtMs: 0, announcedGapSinceMs: 0, latencyMs: 0 };
      this.#heard.set(source, heard);
      this.onSight(nowMs);
    }
    heard.atMs = nowMs;
    return heard;
  }

  #isLate(name: string, nowMs: number): boolean {
    const { silentMs, hasGap, latencyMs, laggingAfterMs } = this.#sight(name, nowMs, false);
    return silentMs > laggingAfterMs || hasGap || latencyMs > laggingAfterMs;
  }

  #sight(name: string, nowMs: number, isReconciling: boolean): SourceSight {
    const lastHeardMs = this.lastHeardMs(name);
    const { laggingAfterMs, staleAfterMs } = this.thresholds(name);
    const heard = this.#heard.get(name);
    const heartbeatAtMs = heard?.heartbeatAtMs ?? 0;
    return {
      silentMs: nowMs - lastHeardMs,
      unheardMs: nowMs - Math.max(lastHeardMs, this.#startedAtMs),
      hasGap: this.gapSinceMs(name) > 0,
      latencyMs: heard?.latencyMs ?? 0,
      mayHaveMore: heartbeatAtMs > 0 && heartbeatAtMs < (this.#system.source(name)?.staleSinceMs ?? 0),
      isReconciling,
      laggingAfterMs,
      staleAfterMs,
    };
  }

  /** A source's machine begins where the journal says that the source is. */
  #machine({ name, staleSinceMs }: Source, isReconciling: boolean): Actor<typeof sourceMachine> {
    let machine = this.#machines.get(name);
    if (machine === undefined) {
      const value: LinkState = staleSinceMs > 0 ? "STALE" : isReconciling ? "RECONCILING" : "LIVE";
      machine = createActor(sourceMachine, { snapshot: sourceMachine.resolveState({ value, context: {} }) });
      machine.start();
      this.#machines.set(name, machine);
    }
    return machine;
  }
}
