/** What of drift is due by time alone: questions for positions by schedule, and comparisons that were too many for one turn. */
import type { Upkeep } from "../../actor/engine.js";
import type { Turn } from "../../actor/turn.js";
import type { SystemState } from "../../domain/system-state.js";
import type { PositionRuns } from "./position-runs.js";
import type { PositionsAsker } from "./positions-asker.js";

/** When positions are asked for: the first such moment after another, milliseconds; infinity for never. */
export interface PositionsSchedule {
  readonly full: (afterMs: number) => number;
  readonly movers: (afterMs: number) => number;
}

export interface DriftUpkeepOptions {
  readonly system: SystemState;
  readonly runs: PositionRuns;
  readonly asker: PositionsAsker;
  /** Undefined where nothing is asked for by time. */
  readonly schedule: PositionsSchedule | undefined;
  /** From when on; what was due before is not made up for. */
  readonly nowMs: number;
}

export class DriftUpkeep implements Upkeep {
  readonly #options: DriftUpkeepOptions;
  #fullAtMs = Number.POSITIVE_INFINITY;
  #moversAtMs = Number.POSITIVE_INFINITY;

  constructor(options: DriftUpkeepOptions) {
    this.#options = options;
    this.#plan(options.nowMs);
  }

  get dueAtMs(): number {
    const { runs, system } = this.#options;
    return runs.isDue(system) ? 0 : Math.min(this.#fullAtMs, this.#moversAtMs);
  }

  run(turn: Turn): void {
    this.#options.runs.goOn(turn);
    const isFullDue = turn.nowMs >= this.#fullAtMs;
    if (!isFullDue && turn.nowMs < this.#moversAtMs) return;
    // A full run has what moved in it.
    for (const { name } of turn.system.sources) this.#options.asker.ask(name, turn.nowMs, { full: isFullDue });
    this.#plan(turn.nowMs);
  }

  #plan(nowMs: number): void {
    const { schedule } = this.#options;
    this.#fullAtMs = schedule?.full(nowMs) ?? Number.POSITIVE_INFINITY;
    this.#moversAtMs = schedule?.movers(nowMs) ?? Number.POSITIVE_INFINITY;
  }
}
