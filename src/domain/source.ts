/**
 * One ERP feed and how far it has been followed (P7, I12): every event up to `applied` is applied or rejected,
 * those ahead of a gap are buffered, and the newest event ids are remembered so that a reused sequence is told from a duplicate.
 */
import type { IncomingErpEvent } from "./erp-event.js";
import { finish, mixString } from "./hash.js";
import { type SequenceRange, SequenceRuns } from "./sequence-runs.js";

/** When a source counts as late, away, or broken; an absent field is as configured for the service. Milliseconds. */
export interface SourceThresholds {
  readonly laggingAfterMs?: number;
  readonly staleAfterMs?: number;
  readonly gapWaitMs?: number;
  readonly gapPolicy?: GapPolicy;
}

/** How far a source can be followed now (P11); the last two read as LAGGING where only freshness is told. */
export type LinkState = "LIVE" | "LAGGING" | "STALE" | "CATCHING_UP" | "RECONCILING";

/** Thresholds with nothing left open. Milliseconds. */
export interface LinkThresholds {
  readonly laggingAfterMs: number;
  readonly staleAfterMs: number;
  readonly gapWaitMs: number;
  readonly gapPolicy: GapPolicy;
}

/** What happens when a gap has been open for gapWaitMs. */
export type GapPolicy = "WAIT" | "SKIP";

/** Ranges that were passed over and may still arrive late; the oldest is forgotten beyond this, and what comes of it is a duplicate. */
const SKIPPED_RUNS_MAX = 1_000;

/** How many of a source's newest events can be told from another event under the same sequence. */
const REMEMBERED_EVENTS = 100_000;
const CHUNK = 4096;

const UNCOUNTED = 0;

export class Source {
  /** In the order in which sources first spoke. */
  readonly number: number;
  readonly name: string;
  applied = 0;
  /** Service time of its last journalled event, milliseconds. */
  lastEventAtMs = 0;
  /** How many stocks it is the source of record of, by partition; UNCOUNTED where an older version did not count them. */
  readonly #stocks = new Map<number, number>();
  /** What an operator said of it: warehouses that it feeds besides, and thresholds of its own. */
  warehouseIds: readonly string[] = [];
  thresholds: SourceThresholds = {};
  /** Since when it is away and has not caught up again, service time; 0 while it is there. */
  staleSinceMs = 0;
  /** What was passed over and has not come since. */
  readonly skipped = new SequenceRuns();
  readonly #buffered = new Map<number, IncomingErpEvent>();
  /** When each of those came, service time. */
  readonly #bufferedAtMs = new Map<number, number>();
  readonly #bufferedRuns = new SequenceRuns();
  /** Hashes of event ids by chunk of sequences; 0 is "unknown". */
  readonly #remembered = new Map<number, Uint32Array>();

  constructor(number: number, name: string) {
    this.number = number;
    this.name = name;
  }

  /** Partitions of the warehouses with stocks that it is the source of record of, and how many. */
  get stocks(): ReadonlyMap<number, number> {
    return this.#stocks;
  }

  loadStocks(partition: number, count: number): void {
    this.#stocks.set(partition, count);
  }

  /** One more stock of a warehouse is its own; true for the first. */
  gainStock(partition: number): boolean {
    const count = this.#stocks.get(partition);
    if (count !== UNCOUNTED) this.#stocks.set(partition, (count ?? 0) + 1);
    return count === undefined;
  }

  /** A stock of a warehouse is another source's from now on; true for the last. */
  loseStock(partition: number): boolean {
    const count = this.#stocks.get(partition);
    if (count === undefined || count === UNCOUNTED) return false;
    if (count > 1) this.#stocks.set(partition, count - 1);
    else this.#stocks.delete(partition);
    return count === 1;
  }

  /** Events ahead of a gap by sequence. */
  get buffered(): ReadonlyMap<number, IncomingErpEvent> {
    return this.#buffered;
  }

  /** Since when the event after the first gap waits, service time; 0 without a gap. Later gaps wait meanwhile, not after it. */
  get gapSinceMs(): number {
    const [after] = this.#bufferedRuns.runs;
    return after === undefined ? 0 : this.#bufferedAtMs.get(after.first)!;
  }

  /** When a buffered event came, service time. */
  bufferedAtMs(sequence: number): number {
    return this.#bufferedAtMs.get(sequence)!;
  }

  /** Keeps an event that is ahead of a gap. */
  buffer(event: IncomingErpEvent, nowMs: number): void {
    this.#buffered.set(event.sequence, event);
    this.#bufferedAtMs.set(event.sequence, nowMs);
    this.#bufferedRuns.add(event.sequence);
  }

  /** Moves on past one event, which was applied or rejected. */
  advance(sequence: number, eventId: string): void {
    this.applied = sequence;
    if (this.#buffered.delete(sequence)) {
      this.#bufferedAtMs.delete(sequence);
      this.#bufferedRuns.dropThrough(sequence);
    }
    this.remember(sequence, eventIdHash(eventId));
  }

  /** Passes over what did not come. */
  skip(range: SequenceRange): void {
    this.applied = range.last;
    for (const chunk of this.#remembered.keys()) {
      if ((chunk + 1) * CHUNK <= this.applied - REMEMBERED_EVENTS) this.#remembered.delete(chunk);
    }
    this.skipped.append(range);
    if (this.skipped.runs.length > SKIPPED_RUNS_MAX) this.skipped.dropThrough(this.skipped.runs[0]!.last);
  }

  /** Takes note of an event that came after it was passed over. */
  arrivedLate(sequence: number, eventId: string): void {
    this.skipped.delete(sequence);
    if (sequence > this.applied - REMEMBERED_EVENTS) this.remember(sequence, eventIdHash(eventId));
  }

  remember(sequence: number, hash: number): void {
    const chunk = Math.floor(sequence / CHUNK);
    let hashes = this.#remembered.get(chunk);
    if (hashes === undefined) {
      hashes = new Uint32Array(CHUNK);
      this.#remembered.set(chunk, hashes);
      this.#remembered.delete(Math.floor((sequence - REMEMBERED_EVENTS) / CHUNK) - 1);
    }
    hashes[sequence % CHUNK] = hash;
  }

  /** Whether an event that was followed before carried this id; true where that is no longer known. */
  isSame(sequence: number, eventId: string): boolean {
    if (sequence <= this.applied - REMEMBERED_EVENTS) return true;
    const hash = this.#remembered.get(Math.floor(sequence / CHUNK))?.[sequence % CHUNK] ?? 0;
    return hash === 0 || hash === eventIdHash(eventId);
  }

  /** The remembered hashes, oldest chunk first, for the snapshot. */
  *rememberedChunks(): Generator<{ readonly chunk: number; readonly hashes: Uint32Array }> {
    for (const chunk of [...this.#remembered.keys()].sort((a, b) => a - b)) {
      yield { chunk, hashes: this.#remembered.get(chunk)! };
    }
  }

  loadChunk(chunk: number, hashes: Uint32Array): void {
    this.#remembered.set(chunk, hashes);
  }

  /** What is missing up to the last event known of, by its number; at most `rangesMax` ranges, the first ones. */
  missing(announced: number, rangesMax: number): readonly SequenceRange[] {
    return this.#bufferedRuns.missing(this.applied + 1, announced, rangesMax);
  }
}

function eventIdHash(eventId: string): number {
  return finish(mixString(0x2545f491, eventId)) || 1;
}
