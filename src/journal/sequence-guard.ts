import { JournalError, type PartitionSpan } from "./journal.js";

/** Holds what a backend must refuse: a gap or repeat in a partition's sequences (I8), and an owner of an older epoch (I13). */
export class SequenceGuard {
  readonly #last = new Map<number, { readonly epoch: number; readonly sequence: number }>();

  /** Throws unless every span goes on where its partition stood; a partition not seen before is taken as it comes. */
  check(spans: readonly PartitionSpan[]): void {
    for (const { partition, epoch, firstSequence, lastSequence } of spans) {
      const known = this.#last.get(partition);
      if (known !== undefined && epoch < known.epoch) {
        throw new JournalError("fenced", `partition ${partition} belongs to epoch ${known.epoch}, not ${epoch}`);
      }
      if (lastSequence < firstSequence || (known !== undefined && firstSequence !== known.sequence + 1)) {
        const expected = known === undefined ? "a rising span" : String(known.sequence + 1);
        throw new JournalError("failed", `I8: partition ${partition} goes on at ${expected}, not ${firstSequence}`);
      }
    }
  }

  advance(spans: readonly PartitionSpan[]): void {
    for (const { partition, epoch, lastSequence } of spans)
      this.#last.set(partition, { epoch, sequence: lastSequence });
  }
}
