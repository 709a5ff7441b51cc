import type { BlockContent, BlockPosition, Journal } from "../../src/journal/journal.js";

/** Stands between an engine and its journal, and holds appends back for as long as a test wants. */
export class AppendGate {
  #isClosed = false;
  #held: (() => void)[] = [];

  /** Appends that wait at the gate. */
  get waiting(): number {
    return this.#held.length;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Lets through what waits, and everything later. */
  open(): void {
    this.#isClosed = false;
    for (const release of this.#held.splice(0)) release();
  }

  around(journal: Journal): Journal {
    const append = async (content: BlockContent): Promise<BlockPosition> => {
      if (this.#isClosed) await new Promise<void>((resolve) => this.#held.push(resolve));
      return journal.append(content);
    };
    return {
      get head() {
        return journal.head;
      },
      append,
      witness: () => journal.witness(),
      space: () => journal.space(),
      close: () => journal.close(),
    };
  }
}
