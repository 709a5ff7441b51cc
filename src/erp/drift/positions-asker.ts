/**
 * Asks sources for their positions: on a stream of events that is open, or on the next that opens. What was asked for is asked again on
 * the next stream until a run of that name begins, so that a connector that goes away in between is not forgotten.
 */
import type { PositionsRequest } from "../../actor/service.js";

type Listener = (request: PositionsRequest) => void;

export class PositionsAsker {
  readonly #listeners = new Map<string, Set<Listener>>();
  /** By source, one full and one partial request at most: a second one of a kind replaces the first. */
  readonly #pending = new Map<string, Map<boolean, PositionsRequest>>();
  #asked = 0;

  /** Asks a source; the name of the run. */
  ask(source: string, nowMs: number, { full, warehouseId = "" }: { full: boolean; warehouseId?: string }): string {
    this.#asked += 1;
    const runId = `run-${nowMs.toString(36)}-${this.#asked}`;
    const request = { runId, full, warehouseId };
    const pending = this.#pending.get(source) ?? new Map<boolean, PositionsRequest>();
    pending.set(full, request);
    this.#pending.set(source, pending);
    // The newest stream is the likeliest to have somebody at its other end.
    [...(this.#listeners.get(source) ?? [])].at(-1)?.(request);
    return runId;
  }

  /** A stream speaks for a source: it hears what was asked for, and what will be. The result ends that. */
  listen(source: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(source) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(source, listeners);
    for (const request of this.#pending.get(source)?.values() ?? []) listener(request);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(source);
    };
  }

  /** A run began: nobody has to be asked for it again. */
  begun(source: string, runId: string): void {
    const pending = this.#pending.get(source);
    for (const [full, request] of pending ?? []) if (request.runId === runId) pending!.delete(full);
    if (pending?.size === 0) this.#pending.delete(source);
  }
}
