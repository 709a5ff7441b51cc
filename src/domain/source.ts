/**
 * One ERP feed and how far it has been followed (P7, I12): every event up to `applied` is applied or rejected,
 * those ahead of a gap are buffered, and the newest event ids are remembered so that a reused sequence is told from a duplicate.
 */
import type { IncomingErpEvent } from "./erp-event.js";
import { finish, mixString } from "./hash.js";
import { type SequenceRange, SequenceRuns } from "./sequence-runs.js";

/** How many of a source's newest events can be told from another event under the same sequence. */
const REMEMBERED_EVENTS = 100_000;
const CHUNK = 4096;

export class Source {
  /** In the order in which sources first spoke. */
  readonly number: number;
  readonly name: string;
  applied = 0;
  /** Service time of its last journalled event, milliseconds. */
  lastEventAtMs = 0;
  /** Partitions of the warehouses that it feeds. */
  readonly partitions = new Set<number>();
  readonly #buffered = new Map<number, IncomingErpEvent>();
  readonly #bufferedRuns = new SequenceRuns();
  /** Hashes of event ids by chunk of sequences; 0 is "unknown". */
  readonly #remembered = new Map<number, Uint32Array>();

  constructor(number: number, name: string) {
    this.number = number;
    this.name = name;
  }

  /** Events ahead of a gap by sequence. */
  get buffered(): ReadonlyMap<number, IncomingErpEvent> {
    return this.#buffered;
  }

  /** Keeps an event that is ahead of a gap. */
  buffer(event: IncomingErpEvent): void {
    this.#buffered.set(event.sequence, event);
    this.#bufferedRuns.add(event.sequence);
  }

  /** Moves on past one event, which was applied or rejected. */
  advance(sequence: number, eventId: string): void {
    this.applied = sequence;
    if (this.#buffered.delete(sequence)) this.#bufferedRuns.dropThrough(sequence);
    this.remember(sequence, eventIdHash(eventId));
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
