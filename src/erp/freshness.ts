/**
 * How current each warehouse's figures are (P11): by its worst source, judged by when that last spoke and whether an event of it is missing.
 * Heartbeats are heard here and not journalled; after a restart a source's last journalled event counts until it speaks again.
 */
import type { Freshness } from "../domain/availability.js";
import type { Source } from "../domain/source.js";
import type { SystemState } from "../domain/system-state.js";
import { LIMITS } from "../limits.js";

interface Heard {
  atMs: number;
  /** The last sequence that a heartbeat named. */
  announced: number;
}

export class FreshnessBook {
  readonly #system: SystemState;
  readonly #laggingAfterMs: number;
  readonly #heard = new Map<string, Heard>();
  /** Sources by the partitions that they feed; made anew when a source begins to feed another. */
  #feeds = new Map<number, Source[]>();
  #feedCount = -1;

  constructor(system: SystemState, laggingAfterMs: number) {
    this.#system = system;
    this.#laggingAfterMs = laggingAfterMs;
  }

  /** A source spoke: an event, or a heartbeat that names its last sequence. */
  heard(source: string, nowMs: number, announced = 0): void {
    const known = this.#heard.get(source);
    if (known === undefined) this.#heard.set(source, { atMs: nowMs, announced });
    else {
      known.atMs = nowMs;
      known.announced = Math.max(known.announced, announced);
    }
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

  /** Whether a source was silent for too long, or an event of it is missing. It may never have sent more than heartbeats. */
  isLagging(name: string, source: Source | undefined, nowMs: number): boolean {
    if (nowMs - this.lastHeardMs(name) > this.#laggingAfterMs) return true;
    if (source !== undefined && source.buffered.size > 0) return true;
    return this.announced(name) > (source?.applied ?? 0);
  }

  /** The freshness of one warehouse's partition. */
  of(partition: number, nowMs: number): Freshness {
    const sources = this.#sourcesOf(partition);
    if (sources.length === 0) return { state: "LIVE", asOfMs: 0, ageMs: 0 };
    let lagging = false;
    let asOfMs = Number.POSITIVE_INFINITY;
    for (const source of sources) {
      lagging ||= this.isLagging(source.name, source, nowMs);
      asOfMs = Math.min(asOfMs, this.lastHeardMs(source.name));
    }
    return { state: lagging ? "LAGGING" : "LIVE", asOfMs, ageMs: Math.max(0, nowMs - asOfMs) };
  }

  #sourcesOf(partition: number): readonly Source[] {
    let feedCount = 0;
    for (const source of this.#system.sources) feedCount += source.partitions.size;
    if (feedCount !== this.#feedCount) {
      this.#feedCount = feedCount;
      this.#feeds = new Map();
      for (const source of this.#system.sources) {
        for (const fed of source.partitions) this.#feeds.set(fed, [...(this.#feeds.get(fed) ?? []), source]);
      }
    }
    return this.#feeds.get(partition) ?? [];
  }
}
