/**
 * What the sequences of every partition allow next: no gap and no repeat (I8), no owner of an older epoch (I13).
 * Used before a block is written, and again when it is read.
 */
import type { PartitionSpan } from "./journal.js";

/** Why spans cannot come next, and whether that is the claim of an owner who has been replaced. */
export interface Contradiction {
  readonly kind: "fenced" | "failed";
  readonly why: string;
}

interface Last {
  readonly epoch: number;
  readonly sequence: number;
}

export class SequenceGuard {
  readonly #last = new Map<number, Last>();
  readonly #knowsAll: boolean;

  /** `knowsAll`: it hears of every block from the first one on, so that a partition it has not seen begins at 1. */
  constructor(options: { readonly knowsAll: boolean }) {
    this.#knowsAll = options.knowsAll;
  }

  /** Undefined when every span goes on where its partition stood; changes nothing. */
  contradiction(spans: readonly PartitionSpan[]): Contradiction | undefined {
    const inBlock = new Map<number, Last>();
    for (const { partition, epoch, firstSequence, lastSequence } of spans) {
      const known = inBlock.get(partition) ?? this.#last.get(partition);
      if (known !== undefined && epoch < known.epoch) {
        return { kind: "fenced", why: `I13: partition ${partition} belongs to epoch ${known.epoch}, not ${epoch}` };
      }
      const expected = known === undefined ? (this.#knowsAll ? 1 : firstSequence) : known.sequence + 1;
      if (firstSequence !== expected) {
        return { kind: "failed", why: `I8: partition ${partition} goes on at ${expected}, not ${firstSequence}` };
      }
      if (lastSequence < firstSequence) {
        return {
          kind: "failed",
          why: `I8: partition ${partition} cannot run from ${firstSequence} to ${lastSequence}`,
        };
      }
      inBlock.set(partition, { epoch, sequence: lastSequence });
    }
    return undefined;
  }

  advance(spans: readonly PartitionSpan[]): void {
    for (const { partition, epoch, lastSequence } of spans) {
      this.#last.set(partition, { epoch, sequence: lastSequence });
    }
  }
}
