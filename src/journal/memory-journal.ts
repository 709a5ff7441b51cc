import { createHash } from "node:crypto";
import { assert } from "../domain/assertion.js";
import {
  type BlockContent,
  type BlockPosition,
  type BlockStart,
  type HistoryReader,
  type Journal,
  JournalError,
  type JournalErrorKind,
  type JournalHistory,
  type JournalReader,
  type StoredBlock,
} from "./journal.js";
import { SequenceGuard } from "./sequence-guard.js";

/** The journal port in memory: for tests and simulation, with a switch to fail. What it stored outlives it in `reopen`. */
export class MemoryJournal implements Journal, JournalReader, JournalHistory {
  readonly #blocks: StoredBlock[];
  readonly #guard = new SequenceGuard({ knowsAll: true });
  /** A block of unknown outcome: only the next start tells that it is there. */
  #unknown: StoredBlock | undefined;
  #failing: { readonly kind: JournalErrorKind; readonly isStored: boolean } | undefined;
  #isAppending = false;
  /** Why it takes nothing more. */
  #over: unknown;
  #isClosed = false;

  constructor(blocks: readonly StoredBlock[] = []) {
    this.#blocks = [...blocks];
    for (const block of blocks) this.#guard.advance(block.spans);
  }

  get head(): BlockPosition | undefined {
    return this.#blocks.at(-1)?.position;
  }

  /** The next append fails so. `isStored`: its block is kept all the same, as an unknown outcome may. */
  failWith(kind: JournalErrorKind | undefined, isStored = false): void {
    this.#failing = kind === undefined ? undefined : { kind, isStored };
  }

  /** The journal as the next start finds it. This one is closed. */
  reopen(): MemoryJournal {
    this.#isClosed = true;
    return new MemoryJournal(this.#unknown === undefined ? this.#blocks : [...this.#blocks, this.#unknown]);
  }

  async append(content: BlockContent): Promise<BlockPosition> {
    this.#assertOpen();
    if (this.#over !== undefined) {
      throw new JournalError("failed", "the journal failed before and takes nothing more", { cause: this.#over });
    }
    assert(!this.#isAppending, "one append at a time");
    this.#isAppending = true;
    try {
      return await this.#store(content);
    } catch (cause) {
      this.#over = cause;
      throw cause;
    } finally {
      this.#isAppending = false;
    }
  }

  async witness(): Promise<void> {
    this.#assertOpen();
  }

  async space() {
    this.#assertOpen();
    return { freeBytes: Number.MAX_SAFE_INTEGER, segmentBytes: 0 };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async *read(after: BlockPosition | undefined): AsyncIterable<StoredBlock> {
    this.#assertOpen();
    const known = after === undefined ? undefined : this.#blocks[after.block - 1];
    if (after !== undefined && known?.position.hash !== after.hash) {
      throw new JournalError("damaged", `block ${after.block} is not the one to go on after`, { block: after.block });
    }
    for (const block of this.#blocks.slice(after?.block ?? 0)) yield block;
  }

  async oldest(): Promise<BlockStart> {
    return { block: 1, segment: 1, offset: 1 };
  }

  async open(start: BlockStart): Promise<HistoryReader | undefined> {
    const blocks = this.#blocks.slice(start.block - 1);
    const isThere = start.block === this.#blocks.length + 1 || blocks[0]?.position.offset === start.offset;
    if (!isThere) return undefined;
    return { next: async () => blocks.shift(), close: async () => {} };
  }

  async #store(content: BlockContent): Promise<BlockPosition> {
    const copy = { ...content, body: Uint8Array.from(content.body) };
    const contradiction = this.#guard.contradiction(content.spans);
    if (contradiction !== undefined) throw new JournalError(contradiction.kind, contradiction.why);
    await Promise.resolve();
    if (this.#failing !== undefined && !this.#failing.isStored) throw told(this.#failing.kind);
    const block = this.#blocks.length + 1;
    const previousHash = this.head?.hash ?? "";
    const hash = createHash("sha256").update(previousHash).update(copy.body).digest("hex").slice(0, 32);
    const position = { block, segment: 1, offset: block, endOffset: block + 1, hash };
    if (this.#failing !== undefined) {
      this.#unknown = { ...copy, position };
      throw told(this.#failing.kind);
    }
    this.#blocks.push({ ...copy, position });
    this.#guard.advance(content.spans);
    return position;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new JournalError("failed", "the journal is closed");
  }
}

function told(kind: JournalErrorKind): JournalError {
  return new JournalError(kind, "told to fail");
}
