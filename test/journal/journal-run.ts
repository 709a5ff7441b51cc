/** Opens a file journal on a disk, appends blocks that tell who they are, and reads back what is there. */
import { crc32 } from "node:zlib";
import type { Disk } from "../../src/journal/disk.js";
import { type OpenedJournal, openFileJournal, verifyJournal } from "../../src/journal/file-journal.js";
import type { BlockContent, JournalReader, StoredBlock } from "../../src/journal/journal.js";
import { SeededRandom } from "./seeded-random.js";

export const FOLDER = "/data/logs/0";
export const SEGMENT_1 = `${FOLDER}/segments/00000001.seg`;
export const SEGMENT_2 = `${FOLDER}/segments/00000002.seg`;
export const FORMAT = `${FOLDER}/FORMAT`;
export const WITNESS = `${FOLDER}/WITNESS`;

/** Timers that run when the test says so. */
export class HandTimers {
  #waiting: { readonly callback: () => void }[] = [];

  after(_delayMs: number, callback: () => void) {
    const timer = { callback };
    this.#waiting.push(timer);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer);
      },
    };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets every timer that is armed now fall due. */
  fire(): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const { callback } of due) callback();
  }
}

export interface JournalRun extends OpenedJournal {
  readonly timers: HandTimers;
}

export interface RunOptions {
  readonly segmentBytes?: number;
  readonly afterFailure?: boolean;
  readonly folder?: string;
  /** Salts differ between journals of different seeds. */
  readonly saltSeed?: number;
}

let salts = 0;

export async function openRun(disk: Disk, options: RunOptions = {}): Promise<JournalRun> {
  const timers = new HandTimers();
  salts += 1;
  const random = new SeededRandom(options.saltSeed ?? salts);
  const opened = await openFileJournal({
    disk,
    folder: options.folder ?? FOLDER,
    timers,
    randomBytes: (count) => random.bytes(count),
    segmentBytes: options.segmentBytes ?? 8192,
    afterFailure: options.afterFailure ?? false,
  });
  return { ...opened, timers };
}

/** A block of partition 7 whose body follows from its sequence and size alone. */
export function blockOf(sequence: number, bytes = 100): BlockContent {
  return {
    body: bodyOf(sequence, bytes),
    recordCount: 1,
    spans: [{ partition: 7, epoch: 1, firstSequence: sequence, lastSequence: sequence }],
  };
}

function bodyOf(sequence: number, bytes: number): Uint8Array {
  const pattern = new SeededRandom(sequence * 65_537 + bytes).bytes(61);
  return new Uint8Array(Buffer.alloc(bytes, pattern));
}

export async function readAll(reader: JournalReader): Promise<StoredBlock[]> {
  return collect(reader.read(undefined));
}

export async function verifyAll(disk: Disk, folder = FOLDER): Promise<{ blocks: StoredBlock[]; tornBytes: number }> {
  let tornBytes = 0;
  const onTorn = ({ bytes }: { readonly bytes: number }) => {
    tornBytes = bytes;
  };
  const blocks = await collect(verifyJournal({ disk, folder, onTorn }));
  return { blocks, tornBytes };
}

async function collect(blocks: AsyncIterable<StoredBlock>): Promise<StoredBlock[]> {
  const all: StoredBlock[] = [];
  for await (const block of blocks) all.push(block);
  return all;
}

/** What two blocks are compared by: enough to tell any two apart, short enough to read in a failure. */
export function shapeOf(content: BlockContent): string {
  const spans = content.spans.map(
    ({ partition, epoch, firstSequence, lastSequence }) => `${partition}@${epoch}:${firstSequence}-${lastSequence}`,
  );
  return `${spans.join(" ")} ${content.recordCount} records, ${content.body.length} bytes ${crc32(content.body)}`;
}

/** A journal with `blocks` blocks of `bytes` bytes, stopped cleanly. */
export async function fillJournal(disk: Disk, blocks: number, bytes = 100, options: RunOptions = {}): Promise<void> {
  const { journal } = await openRun(disk, options);
  const first = (journal.head?.block ?? 0) + 1;
  for (let sequence = first; sequence < first + blocks; sequence++) await journal.append(blockOf(sequence, bytes));
  await journal.close();
}
