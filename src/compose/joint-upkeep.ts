import type { Upkeep } from "../actor/engine.js";
import type { Turn } from "../actor/turn.js";

/** Several kinds of upkeep as one; each runs when it is due, in their order. */
export class JointUpkeep implements Upkeep {
  readonly #parts: readonly Upkeep[];
  readonly #onRun: () => void;

  /** `onRun` is called after each run. */
  constructor(parts: readonly Upkeep[], onRun: () => void) {
    this.#parts = parts;
    this.#onRun = onRun;
  }

  get dueAtMs(): number {
    return Math.min(...this.#parts.map(({ dueAtMs }) => dueAtMs));
  }

  run(turn: Turn): void {
    for (const part of this.#parts) if (part.dueAtMs <= turn.nowMs) part.run(turn);
    this.#onRun();
  }
}
