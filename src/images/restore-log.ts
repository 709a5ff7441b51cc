/**
 * Restores a backup into a folder of its own, and begins a new epoch there, in a segment of its own. What was issued after the
 * backup was taken, reservation ids and cursors, carries the old epoch and its nonce, and so is never issued again.
 */
import type { JournalRecord } from "../domain/event.js";
import { formatNonce } from "../domain/reservation-id.js";
import { blockBytes, encodeBlock } from "../journal/block.js";
import { writeAll } from "../journal/disk.js";
import type { BlockContent, BlockPosition } from "../journal/journal.js";
import { writeRecord } from "../journal/records/record-writer.js";
import { WireWriter } from "../journal/records/wire.js";
import { createSegment, SEGMENT_START, segmentPath } from "../journal/segment.js";
import { type CopyOptions, copyLog, removeCopy, sealCopy } from "./copy-log.js";

export interface RestoreOptions extends CopyOptions {
  /** The epoch of the backup. */
  readonly epoch: number;
  /** Sequence of the last record of the system's partition. */
  readonly systemSequence: number;
  /** Service time of the last record, milliseconds. */
  readonly timeMs: number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Copies a backup that was proven and begins the next epoch; resolves with its first block once all is durable. */
export async function restoreLog(options: RestoreOptions): Promise<BlockPosition> {
  const { disk, to } = options;
  try {
    await copyLog(options);
    const position = await beginEpoch(options);
    await sealCopy(disk, options, position);
    return position;
  } catch (cause) {
    await removeCopy(disk, to).catch(() => {});
    throw cause;
  }
}

async function beginEpoch(options: RestoreOptions): Promise<BlockPosition> {
  const { disk, to, head, randomBytes } = options;
  const content = epochBlock(options);
  const bytes = blockBytes(content);
  const segment = head.segment + 1;
  const salt = randomBytes(16);
  await createSegment(disk, to, { number: segment, bytes: SEGMENT_START + bytes, salt });
  const buffer = Buffer.alloc(bytes);
  const block = head.block + 1;
  const hash = encodeBlock(buffer, content, { segment, salt, block, previousHash: Buffer.from(head.hash, "hex") });
  const file = await disk.openDurable(segmentPath(to, segment));
  try {
    await writeAll(file, buffer, bytes, SEGMENT_START);
  } finally {
    await file.close();
  }
  const offset = SEGMENT_START;
  return { block, segment, offset, endOffset: offset + bytes, hash: Buffer.from(hash).toString("hex") };
}

function epochBlock({ epoch: before, systemSequence, timeMs, randomBytes }: RestoreOptions): BlockContent {
  const epoch = before + 1;
  const sequence = systemSequence + 1;
  const nonce = formatNonce(randomBytes(5));
  const record: JournalRecord = {
    partition: 0,
    epoch,
    sequence,
    timeMs,
    events: [{ kind: "EpochBegun", epoch, nonce }],
  };
  const writer = new WireWriter();
  writeRecord(writer, record);
  const spans = [{ partition: 0, epoch, firstSequence: sequence, lastSequence: sequence }];
  return { body: writer.bytes(), recordCount: 1, spans };
}
