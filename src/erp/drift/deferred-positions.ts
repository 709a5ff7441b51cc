/** Positions that wait until their source's events have got to where they are true: a heap for each source, the next to come first. */
import type { Position } from "../../domain/drift.js";

export interface DeferredPosition<Run> {
  readonly run: Run;
  readonly position: Position;
}

export class DeferredPositions<Run> {
  readonly #max: number;
  readonly #heaps = new Map<string, DeferredPosition<Run>[]>();
  #size = 0;

  /** `max`: of all sources; what is beyond is not kept. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** Keeps a position; false where there is no room for one more. */
  add(source: string, deferred: DeferredPosition<Run>): boolean {
    if (this.#size >= this.#max) return false;
    let heap = this.#heaps.get(source);
    if (heap === undefined) {
      heap = [];
      this.#heaps.set(source, heap);
    }
    heap.push(deferred);
    this.#size += 1;
    rise(heap, heap.length - 1);
    return true;
  }

  /** Sources with positions that wait. */
  sources(): Iterable<string> {
    return this.#heaps.keys();
  }

  /** The sequence that is waited for next; infinity for none. */
  nextSequence(source: string): number {
    return this.#heaps.get(source)?.[0]?.position.asOfSequence ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out one position that is true at a sequence up to this one. */
  take(source: string, applied: number): DeferredPosition<Run> | undefined {
    const heap = this.#heaps.get(source);
    const first = heap?.[0];
    if (heap === undefined || first === undefined || first.position.asOfSequence > applied) return undefined;
    const last = heap.pop()!;
    this.#size -= 1;
    if (heap.length === 0) this.#heaps.delete(source);
    else {
      heap[0] = last;
      sink(heap);
    }
    return first;
  }

  /** Lets go of a source's positions that nobody waits for any more. */
  drop(source: string, isUnwanted: (run: Run) => boolean): void {
    const heap = this.#heaps.get(source);
    if (heap === undefined) return;
    const wanted = heap.filter(({ run }) => !isUnwanted(run));
    this.#size -= heap.length - wanted.length;
    // What is in order is a heap.
    wanted.sort((one, other) => one.position.asOfSequence - other.position.asOfSequence);
    if (wanted.length === 0) this.#heaps.delete(source);
    else this.#heaps.set(source, wanted);
  }
}

type Heap = DeferredPosition<unknown>[];

function sequenceAt(heap: Heap, index: number): number {
  return heap[index]!.position.asOfSequence;
}

function swap(heap: Heap, one: number, other: number): void {
  const kept = heap[one]!;
  heap[one] = heap[other]!;
  heap[other] = kept;
}

function rise(heap: Heap, from: number): void {
  for (let index = from; index > 0; ) {
    const parent = (index - 1) >> 1;
    if (sequenceAt(heap, parent) <= sequenceAt(heap, index)) return;
    swap(heap, parent, index);
    index = parent;
  }
}

function sink(heap: Heap): void {
  for (let index = 0; ; ) {
    const left = 2 * index + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const least = right < heap.length && sequenceAt(heap, right) < sequenceAt(heap, left) ? right : left;
    if (sequenceAt(heap, index) <= sequenceAt(heap, least)) return;
    swap(heap, index, least);
    index = least;
  }
}
