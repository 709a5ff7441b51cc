import { createHash } from "node:crypto";
import {
  type BlockContent,
  type BlockPosition,
  type Journal,
  JournalError,
  type JournalErrorKind,
  type JournalReader,
  type StoredBlock,
} from "./journal.js";

/** The journal port in memory: for tests and simulation, with a switch to fail. */
export class MemoryJournal implements Journal, JournalReader {
  readonly #blocks: StoredBlock[] = [];
  #failing: JournalErrorKind | undefined;

  get head(): BlockPosition | undefined {
    return this.#blocks.at(-1)?.position;
  }

  failWith(kind: JournalErrorKind | undefined): void {
    this.#failing = kind;
  }

  async append(content: BlockContent): Promise<BlockPosition> {
    const copy = { ...content, body: Uint8Array.prototype.slice.call(content.body) as Uint8Array };
    await Promise.resolve();
    if (this.#failing !== undefined) throw new JournalError(this.#failing, "told to fail");
    const block = this.#blocks.length + 1;
    const hash = createHash("sha256").update(copy.body).digest("hex").slice(0, 32);
    const position = { block, segment: 1, offset: block, endOffset: block + 1, hash };
    this.#blocks.push({ ...copy, position });
    return position;
  }

  async witness(): Promise<void> {}

  async space() {
    return { freeBytes: Number.MAX_SAFE_INTEGER, segmentBytes: 0 };
  }

  async close(): Promise<void> {}

  async *read(after: BlockPosition | undefined): AsyncIterable<StoredBlock> {
    for (const block of this.#blocks) if (block.position.block > (after?.block ?? 0)) yield block;
  }
}
