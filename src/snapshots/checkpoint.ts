/**
 * The checkpoint: at which block the snapshot is true, how many items each table has, and the hash of every page.
 * One checksummed file, holdfast.journal.v1.Checkpoint behind a magic number and before its SHA-256.
 */
import { createHash } from "node:crypto";
import type { BlockPosition } from "../journal/journal.js";
import { WireReader, WireWriter } from "../journal/records/wire.js";
import { SnapshotDamaged } from "./page-store.js";
import { type PageColumn, PageTable } from "./page-table.js";
import { emptyHead, type PartitionHead } from "./partition-store.js";
import { EMPTY_SYSTEM_HEAD, type SystemHead } from "./system-store.js";

const CHECKPOINT_FORMAT = 1;
const MAGIC = Buffer.from("HFCHKPT\n", "latin1");
const DIGEST_BYTES = 32;

export interface Checkpoint {
  /** 1, 2, 3 ...: the number under which its pages were written. */
  readonly generation: number;
  readonly position: BlockPosition;
  /** Service time of the last record, milliseconds. */
  readonly timeMs: number;
  readonly system: SystemHead;
  readonly partitions: readonly PartitionHead[];
  readonly table: PageTable;
  /** Store keys of page versions that this checkpoint replaced. */
  readonly obsolete: readonly Uint8Array[];
}

/** In the order in which they stand in the file; more may follow, and read as 0 where an older file has none. */
const PARTITION_COUNTS = [
  "stocks",
  "reservations",
  "dealers",
  "answers",
  "firstAnswer",
  "exceptions",
  "movements",
  "firstMovement",
  "degradedSinceMs",
  "degradedStep",
  "degradedUnits",
  "degradedPercent",
  "degradedChanges",
  "accuracy",
  "openExceptions",
  "quarantinedStocks",
  "discrepancies",
] as const;
const SYSTEM_COUNTS = [
  "epochs",
  "warehouses",
  "dealers",
  "policies",
  "sources",
  "deadLetters",
  "openDeadLetters",
  "driftRuns",
] as const;
const STORE_KEY_BYTES = 13;

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new WireWriter(1 << 20);
  writer.int(1, CHECKPOINT_FORMAT);
  writer.int(2, checkpoint.generation);
  writePosition(writer, checkpoint.position);
  writeHead(
    writer,
    0,
    "",
    checkpoint.system.sequence,
    SYSTEM_COUNTS.map((name) => checkpoint.system[name]),
  );
  for (const head of checkpoint.partitions) {
    const counts = PARTITION_COUNTS.map((name) => head[name]);
    writeHead(writer, head.partition, head.warehouseId, head.sequence, counts);
  }
  for (const column of checkpoint.table.columns()) {
    const mark = writer.begin(5);
    writer.int(1, column.table);
    writer.int(2, column.partition);
    writer.raw(3, column.generations);
    writer.raw(4, column.hashes);
    writer.end(mark);
  }
  writer.raw(6, Buffer.concat(checkpoint.obsolete));
  writer.int(7, checkpoint.timeMs);
  const body = Buffer.concat([MAGIC, writer.bytes()]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

/** Reads a checkpoint file. Throws SnapshotDamaged unless every byte is proven, and names a format that is newer than ours. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const body = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES));
  const digest = createHash("sha256").update(body).digest();
  if (!digest.equals(bytes.subarray(body.length)) || !MAGIC.equals(body.subarray(0, MAGIC.length))) {
    throw new SnapshotDamaged("the checkpoint file is not what was written");
  }
  try {
    return readCheckpoint(new WireReader(Buffer.from(body.subarray(MAGIC.length))));
  } catch (cause) {
    if (cause instanceof SnapshotDamaged) throw cause;
    throw new SnapshotDamaged("the checkpoint file cannot be read", { cause });
  }
}

function readCheckpoint(reader: WireReader): Checkpoint {
  const numbers = new Array<number>(8).fill(0);
  let position: BlockPosition | undefined;
  let system = EMPTY_SYSTEM_HEAD;
  const partitions: PartitionHead[] = [];
  const table = new PageTable();
  let obsolete: readonly Uint8Array[] = [];
  while (reader.next()) {
    if (reader.field === 3) position = readPosition(reader);
    else if (reader.field === 4) {
      const head = readHead(reader);
      if (head.partition === 0) system = systemHead(head);
      else partitions.push(partitionHead(head));
    } else if (reader.field === 5) readColumn(reader, table);
    else if (reader.field === 6) obsolete = splitKeys(reader.raw());
    else if (reader.field <= 7) numbers[reader.field] = reader.int();
    else reader.skip();
    // The format is written first: what follows it in a newer one need not be readable here.
    if (numbers[1] !== CHECKPOINT_FORMAT) {
      throw new SnapshotDamaged(`the checkpoint has format ${numbers[1]}; this version reads ${CHECKPOINT_FORMAT}`);
    }
  }
  if (position === undefined) throw new SnapshotDamaged("the checkpoint names no block");
  return { generation: numbers[2]!, position, timeMs: numbers[7]!, system, partitions, table, obsolete };
}

function writePosition(writer: WireWriter, position: BlockPosition): void {
  const mark = writer.begin(3);
  writer.int(1, position.block);
  writer.int(2, position.segment);
  writer.int(3, position.offset);
  writer.int(4, position.endOffset);
  writer.string(5, position.hash);
  writer.end(mark);
}

function readPosition(reader: WireReader): BlockPosition {
  const outer = reader.enter();
  const numbers = [0, 0, 0, 0, 0];
  let hash = "";
  while (reader.next()) {
    if (reader.field <= 4) numbers[reader.field] = reader.int();
    else if (reader.field === 5) hash = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  return { block: numbers[1]!, segment: numbers[2]!, offset: numbers[3]!, endOffset: numbers[4]!, hash };
}

interface RawHead {
  readonly partition: number;
  readonly warehouseId: string;
  readonly sequence: number;
  readonly counts: readonly number[];
}

function writeHead(
  writer: WireWriter,
  partition: number,
  warehouseId: string,
  sequence: number,
  counts: readonly number[],
): void {
  const mark = writer.begin(4);
  writer.int(1, partition);
  writer.string(2, warehouseId);
  writer.int(3, sequence);
  writer.packed(4, counts);
  writer.end(mark);
}

function readHead(reader: WireReader): RawHead {
  const outer = reader.enter();
  let partition = 0;
  let warehouseId = "";
  let sequence = 0;
  let counts: readonly number[] = [];
  while (reader.next()) {
    if (reader.field === 1) partition = reader.int();
    else if (reader.field === 2) warehouseId = reader.string();
    else if (reader.field === 3) sequence = reader.int();
    else if (reader.field === 4) counts = reader.packed();
    else reader.skip();
  }
  reader.leave(outer);
  return { partition, warehouseId, sequence, counts };
}

function partitionHead(raw: RawHead): PartitionHead {
  const counts = Object.fromEntries(PARTITION_COUNTS.map((name, index) => [name, raw.counts[index] ?? 0]));
  return { ...emptyHead(raw.partition, raw.warehouseId), sequence: raw.sequence, ...counts };
}

function systemHead(raw: RawHead): SystemHead {
  const counts = Object.fromEntries(SYSTEM_COUNTS.map((name, index) => [name, raw.counts[index] ?? 0]));
  return { ...EMPTY_SYSTEM_HEAD, sequence: raw.sequence, ...counts };
}

function readColumn(reader: WireReader, table: PageTable): void {
  const outer = reader.enter();
  const column = { table: 0, partition: 0 };
  let generations: Uint8Array = new Uint8Array(0);
  let hashes: Uint8Array = new Uint8Array(0);
  while (reader.next()) {
    if (reader.field === 1) column.table = reader.int();
    else if (reader.field === 2) column.partition = reader.int();
    else if (reader.field === 3) generations = reader.raw();
    else if (reader.field === 4) hashes = reader.raw();
    else reader.skip();
  }
  reader.leave(outer);
  table.load(column satisfies PageColumn, generations, hashes);
}

function splitKeys(bytes: Uint8Array): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += STORE_KEY_BYTES) {
    keys.push(bytes.subarray(start, start + STORE_KEY_BYTES));
  }
  return keys;
}
