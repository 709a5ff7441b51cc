/**
 * Asks sources for their positions: on a stream of events that is open, or on the next that opens. What was asked for is asked again on
 * the next stream until a run of that name is over, so that a connector that goes away in between is not forgotten.
 */
import type { PositionsRequest } from "../../actor/service.js";

type Listener = (request: PositionsRequest) => void;

/** How many questions wait for one source; the oldest is forgotten beyond this. Each kind and warehouse has one at most. */
const PENDING_MAX = 64;

/** In the ids of runs of one warehouse, so that they are known for that after a restart, too. */
const ONE_WAREHOUSE = "run-part-";

/** Whether we asked for a run of one warehouse under this name. */
export function isOfOneWarehouse(runId: string): boolean {
  return runId.startsWith(ONE_WAREHOUSE);
}

export class PositionsAsker {
  readonly #listeners = new Map<string, Set<Listener>>();
  /** By source, then by kind and warehouse: a second question of a kind replaces the first. */
  readonly #pending = new Map<string, Map<string, PositionsRequest>>();
  #asked = 0;

  /** Asks a source; the name of the run. */
  ask(source: string, nowMs: number, { full, warehouseId = "" }: { full: boolean; warehouseId?: string }): string {
    this.#asked += 1;
    const runId = `${warehouseId === "" ? "run-" : ONE_WAREHOUSE}${nowMs.toString(36)}-${this.#asked}`;
    const request = { runId, full, warehouseId };
    const pending = this.#pending.get(source) ?? new Map<string, PositionsRequest>();
    const key = `${full ? "full" : "movers"} ${warehouseId}`;
    // Asked again, it is the newest.
    pending.delete(key);
    pending.set(key, request);
    if (pending.size > PENDING_MAX) pending.delete([...pending.keys()][0]!);
    this.#pending.set(source, pending);
    this.#newest(source)?.(request);
    return runId;
  }

  /** Whether a question to a source waits for its run. */
  isAsked(source: string): boolean {
    return this.#pending.has(source);
  }

  /** A stream speaks for a source: it hears what was asked for, and what will be. The result ends that. */
  listen(source: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(source) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(source, listeners);
    this.#askAgain(source);
    return () => {
      const wasNewest = this.#newest(source) === listener;
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(source);
      else if (wasNewest) this.#askAgain(source);
    };
  }

  /** A run is over: nobody has to be asked for it again. */
  reported(source: string, runId: string): void {
    const pending = this.#pending.get(source);
    for (const [key, request] of pending ?? []) if (request.runId === runId) pending!.delete(key);
    if (pending?.size === 0) this.#pending.delete(source);
  }

  #askAgain(source: string): void {
    for (const request of this.#pending.get(source)?.values() ?? []) this.#newest(source)?.(request);
  }

  /** The newest stream is the likeliest to have somebody at its other end. */
  #newest(source: string): Listener | undefined {
    return [...(this.#listeners.get(source) ?? [])].at(-1);
  }
}
