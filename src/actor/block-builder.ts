/**
 * What the turns since the last append have decided: the records of the next block, whom to answer once it is durable,
 * and what to publish before that. One is filled while the one before is being written.
 */
import type { JournalRecord } from "../domain/event.js";
import type { BlockContent, BlockPosition, PartitionSpan } from "../journal/journal.js";
import { writeRecord } from "../journal/records/record-writer.js";
import { WireWriter } from "../journal/records/wire.js";
import type { Task } from "./task.js";
import type { CommandProbe } from "./telemetry.js";

interface Span {
  readonly epoch: number;
  readonly firstSequence: number;
  lastSequence: number;
}

export class BlockBuilder {
  readonly #writer = new WireWriter(256 * 1024);
  readonly #spans = new Map<number, Span>();
  #recordCount = 0;
  #lastTimeMs = 0;
  /** Tasks to deliver once this block is durable, in the order of their decision. */
  tasks: Task[] = [];
  /** Of those tasks that are traced. */
  probes: CommandProbe[] = [];
  /** What becomes visible to readers once this block is durable, before any task is delivered. */
  publications: ((block: BlockPosition) => void)[] = [];

  get recordCount(): number {
    return this.#recordCount;
  }

  get bytes(): number {
    return this.#writer.length;
  }

  /** Service time of the newest record; 0 when there is none. */
  get lastTimeMs(): number {
    return this.#lastTimeMs;
  }

  add(record: JournalRecord): void {
    writeRecord(this.#writer, record);
    this.#recordCount += 1;
    this.#lastTimeMs = record.timeMs;
    const span = this.#spans.get(record.partition);
    if (span === undefined) {
      const { epoch, sequence } = record;
      this.#spans.set(record.partition, { epoch, firstSequence: sequence, lastSequence: sequence });
    } else span.lastSequence = record.sequence;
  }

  /** The block as the journal takes it; its body is a view, valid until `reset`. */
  content(): BlockContent {
    const spans: PartitionSpan[] = [];
    for (const [partition, span] of this.#spans) spans.push({ partition, ...span });
    return { body: this.#writer.bytes(), recordCount: this.#recordCount, spans };
  }

  reset(): void {
    this.#writer.reset();
    this.#spans.clear();
    this.#recordCount = 0;
    this.#lastTimeMs = 0;
    this.tasks = [];
    if (this.probes.length > 0) this.probes = [];
    this.publications = [];
  }
}
