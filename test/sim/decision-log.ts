/**
 * What was decided, what of it the journal was given, and what of it callers were told: enough to say after a crash which
 * decisions must have survived, which may have, and that those which did are a prefix (I5, I6, I8).
 * Decisions and blocks are laid along one line: the number of records that all partitions together have had so far.
 */
import type { JournalRecord } from "../../src/domain/event.js";
import type { BlockContent, BlockPosition, Journal } from "../../src/journal/journal.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import { Finding, type SimulationContext } from "./simulation-context.js";

/** A decision of the service, as long as its fate is open. */
export interface OpenDecision {
  /** Its place with the oracle. */
  readonly mark: number;
  /** Records so far, those of this decision included. */
  readonly total: number;
  /** What it was, for a message. */
  readonly name: string;
  isDelivered: boolean;
}

interface Block {
  readonly body: Buffer;
  readonly records: readonly JournalRecord[];
  /** Records so far, those of this block included. */
  readonly total: number;
}

export class DecisionLog {
  readonly #context: SimulationContext;
  readonly #onDurable: (records: readonly JournalRecord[]) => void;
  readonly #blocks: Block[] = [];
  /** The segment of the last append. */
  #segment = 0;
  /** How many of the blocks are known to be durable. */
  #durable = 0;
  #open: OpenDecision[] = [];
  /** The last decision that no crash can take. */
  #safeMark = 0;

  /**
   * `onDurable` hears of the records of each block, once and in order, when they can be lost no more: first of those that were
   * there before, up to the decision `mark`.
   */
  constructor(
    context: SimulationContext,
    onDurable: (records: readonly JournalRecord[]) => void,
    { blocks, mark }: { readonly blocks: readonly Buffer[]; readonly mark: number } = { blocks: [], mark: 0 },
  ) {
    this.#context = context;
    this.#onDurable = onDurable;
    for (const body of blocks) {
      const records = [...readRecords(Buffer.from(body))];
      this.#blocks.push({ body, records, total: this.totalOf(this.#blocks.length) + records.length });
    }
    this.#becomeDurable(blocks.length);
    this.#safeMark = mark;
  }

  /** Records that are durable. */
  get durableTotal(): number {
    return this.totalOf(this.#durable);
  }

  /** An append is under way. */
  get isAppending(): boolean {
    return this.#blocks.length > this.#durable;
  }

  /** Decisions up to this one are durable. */
  get safeMark(): number {
    return this.#safeMark;
  }

  /** Service time of the last record that is durable; 0 before the first. */
  get lastTimeMs(): number {
    return this.#blocks[this.#durable - 1]?.records.at(-1)?.timeMs ?? 0;
  }

  /** Records in the first `blocks` blocks. */
  totalOf(blocks: number): number {
    return blocks === 0 ? 0 : this.#blocks[blocks - 1]!.total;
  }

  /** Blocks that are known to be durable. */
  get durableBlocks(): number {
    return this.#durable;
  }

  decided(decision: OpenDecision): void {
    if (decision.total <= this.durableTotal) this.#safeMark = decision.mark;
    else this.#open.push(decision);
  }

  /** A decision was answered: what it and those before it recorded must be durable by now (decision 3). */
  checkDelivered(decision: OpenDecision): void {
    if (decision.total <= this.durableTotal) return;
    throw new Finding(`I5: ${decision.name} was answered before record ${decision.total} was durable`);
  }

  /** The journal as the engine sees it; what goes through is written down here. */
  around(journal: Journal): Journal {
    return {
      get head() {
        return journal.head;
      },
      append: (content) => this.#append(journal, content),
      witness: () => journal.witness(),
      space: () => journal.space(),
      close: () => journal.close(),
    };
  }

  async #append(journal: Journal, content: BlockContent): Promise<BlockPosition> {
    const body = Buffer.from(content.body);
    const records = [...readRecords(Buffer.from(body))];
    const total = this.totalOf(this.#blocks.length) + records.length;
    this.#blocks.push({ body, records, total });
    const number = this.#blocks.length;
    const sharing = this.#open.filter((decision) => decision.total > this.totalOf(number - 1)).length;
    if (sharing > 1) this.#context.coverage.count("several decisions shared a block");
    const position = await journal.append(content);
    if (position.block !== number) throw new Finding(`block ${number} was appended as block ${position.block}`);
    if (this.#segment > 0 && position.segment > this.#segment) {
      this.#context.coverage.count("the log went on in a new segment");
    }
    this.#segment = position.segment;
    this.#context.note(`block ${number}, ${records.length} records, ${position.hash}`);
    this.#becomeDurable(number);
    return position;
  }

  #becomeDurable(blocks: number): void {
    for (; this.#durable < blocks; this.#durable++) this.#onDurable(this.#blocks[this.#durable]!.records);
    const total = this.durableTotal;
    const safe = this.#open.filter((decision) => decision.total <= total);
    if (safe.length === 0) return;
    this.#safeMark = safe.at(-1)!.mark;
    this.#open = this.#open.filter((decision) => decision.total > total);
  }

  /** The bodies of the first `blocks` blocks. */
  bodies(blocks: number): readonly Buffer[] {
    return this.#blocks.slice(0, blocks).map(({ body }) => body);
  }

  /** The records of the first `blocks` blocks. */
  *records(blocks: number): Generator<JournalRecord> {
    for (const block of this.#blocks.slice(0, blocks)) yield* block.records;
  }

  /**
   * A journal was opened on what a crash or a failure left: the blocks after the first `before`, which images cover. Returns the mark of the last decision that survived.
   * Throws a Finding where what is there is not what it must be.
   */
  survived(before: number, bodies: readonly Uint8Array[]): number {
    const { coverage } = this.#context;
    for (const [index, body] of bodies.entries()) {
      const number = before + index + 1;
      const written = this.#blocks[number - 1];
      if (written === undefined) throw new Finding(`block ${number} is in the journal, and nobody appended it`);
      if (!written.body.equals(body)) throw new Finding(`I6: block ${number} is not what was appended`);
    }
    const last = before + bodies.length;
    if (last < this.#durable) {
      throw new Finding(`I5: blocks ${last + 1} to ${this.#durable} were acknowledged and are gone`);
    }
    if (last > this.#durable) coverage.count("a block of unknown outcome survived");
    if (this.#blocks.length > last) coverage.count("a block of unknown outcome was lost");
    this.#blocks.length = last;
    this.#becomeDurable(last);
    const lost = this.#open;
    this.#open = [];
    for (const { isDelivered, name } of lost) {
      if (isDelivered) throw new Finding(`I5: ${name} was answered, and is lost`);
      coverage.count("a decision was lost that no caller had heard of");
    }
    return this.#safeMark;
  }
}
