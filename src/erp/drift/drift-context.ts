/** What a comparison in the turn needs beside the partition, made once for each warehouse that it looks at. */
import type { Turn } from "../../actor/turn.js";
import type { DriftContext } from "../../domain/decide/drift.js";
import { isFaulty } from "../../domain/erp-event.js";
import type { Source } from "../../domain/source.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";
import type { PositionRun } from "./position-run.js";

/** Dead letters that are looked at for a cause: the newest. */
const LETTERS_LOOKED_AT = 200;

export class DriftContexts {
  readonly #turn: Turn;
  readonly #run: PositionRun;
  readonly #source: Source;
  readonly #made = new Map<number, DriftContext>();

  constructor(turn: Turn, run: PositionRun, source: Source) {
    this.#turn = turn;
    this.#run = run;
    this.#source = source;
  }

  of({ partition, warehouseId }: PartitionStore): DriftContext {
    let context = this.#made.get(partition);
    if (context === undefined) {
      context = {
        runId: this.#run.runId,
        source: this.#source,
        policy: this.#turn.system.policies.effective(warehouseId, ""),
        wasHealed: (stock) => this.#run.healed.has(partition, stock),
        deadLetterOf: (sku, after, upTo) => this.#deadLetterOf({ warehouseId, sku }, after, upTo),
      };
      this.#made.set(partition, context);
    }
    return context;
  }

  #deadLetterOf(
    of: { readonly warehouseId: string; readonly sku: string },
    after: number,
    upTo: number,
  ): string | undefined {
    const { openDeadLetters, tables } = this.#turn.system;
    if (openDeadLetters === 0) return undefined;
    const { deadLetters } = tables;
    const oldest = Math.max(1, deadLetters.count - LETTERS_LOOKED_AT);
    for (let number = deadLetters.count; number >= oldest; number--) {
      const { event, state } = deadLetters.get(number)!;
      if (state !== "OPEN" || event.source !== this.#source.name || isFaulty(event)) continue;
      if (event.sequence <= after || event.sequence > upTo) continue;
      if (event.body.sku === of.sku && event.body.warehouseId === of.warehouseId) return event.eventId;
    }
    return undefined;
  }
}
