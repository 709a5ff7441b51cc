import type { Upkeep } from "../actor/engine.js";
import type { Turn } from "../actor/turn.js";

/** Several kinds of upkeep as one; each runs when it is due, in their order. */
export class JointUpkeep implements Upkeep {
  readonly #parts: readonly Upkeep[];

  constructor(...parts: readonly Upkeep[]) {
    this.#parts = parts;
  }

  get dueAtMs(): number {
    return Math.min(...this.#parts.map(({ dueAtMs }) => dueAtMs));
  }

  run(turn: Turn): void {
    for (const part of this.#parts) if (part.dueAtMs <= turn.nowMs) part.run(turn);
  }
}
