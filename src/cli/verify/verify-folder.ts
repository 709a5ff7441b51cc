/**
 * Reads a data folder offline and proves it: the block chain, the sequences, the invariants recomputed from the journal,
 * and the snapshots compared with what the journal says at their block. It changes nothing but
 * LevelDB's own housekeeping.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { applyRecord } from "../../actor/apply.js";
import { verifyJournal } from "../../journal/file-journal.js";
import type { StoredBlock } from "../../journal/journal.js";
import { readRecords } from "../../journal/records/record-reader.js";
import { systemDisk } from "../../journal/system-disk.js";
import { type Checkpoint, decodeCheckpoint } from "../../snapshots/checkpoint.js";
import { openLevelPageStore } from "../../snapshots/level-page-store.js";
import { LogStore } from "../../snapshots/log-store.js";
import { MemoryPageStore } from "../../snapshots/memory-page-store.js";
import { SnapshotDamaged } from "../../snapshots/page-store.js";
import { systemCheckpointFile } from "../../snapshots/system-checkpoint-file.js";
import { InvariantCheck } from "./invariant-check.js";
import { checkSnapshot } from "./snapshot-check.js";

/** What was proven. */
export interface Verified {
  readonly blocks: number;
  readonly records: number;
  readonly stocks: number;
  readonly reservations: number;
  /** Pages of the snapshot that were proven; 0 where there is no snapshot. */
  readonly pages: number;
  /** Bytes of a torn write at the end, which nobody was told of. */
  readonly tornBytes: number;
}

/** Damage, with the place where it was found. */
export class Damaged extends Error {
  override readonly name = "Damaged";
}

/** Records between checkpoints of the state that is made anew, so that memory stays bounded. */
const RECORDS_PER_CHECKPOINT = 200_000;

export async function verifyFolder(
  dataFolder: string,
  options: { readonly answerRetentionMs: number },
): Promise<Verified> {
  const folder = join(dataFolder, "logs", "0");
  await access(folder).catch((cause) => {
    throw new Damaged(`${folder} cannot be read`, { cause });
  });
  const checkpoint = await readCheckpoint(folder);
  const store = await LogStore.open(
    new MemoryPageStore(),
    { read: async () => undefined, write: async () => {} },
    {
      stocksResidentMax: 100_000,
      reservationsResidentMax: 100_000,
      answerRetentionMs: options.answerRetentionMs,
    },
  );
  const check = new InvariantCheck(store);
  const counts = { blocks: 0, records: 0, pages: 0, tornBytes: 0 };
  let sinceCheckpoint = 0;
  const onTorn = ({ bytes }: { readonly bytes: number }) => {
    counts.tornBytes = bytes;
  };
  for await (const block of verifyJournal({ disk: systemDisk, folder, onTorn })) {
    const { records, timeMs } = takeBlock(store, check, block);
    counts.blocks += 1;
    counts.records += records;
    sinceCheckpoint += records;
    const isSnapshot = block.position.block === checkpoint?.position.block;
    if (isSnapshot || sinceCheckpoint >= RECORDS_PER_CHECKPOINT) {
      await store.beginCheckpoint(timeMs).write(block.position);
      sinceCheckpoint = 0;
    }
    if (isSnapshot) counts.pages = await provePages(folder, checkpoint, store, block);
  }
  if (checkpoint !== undefined && checkpoint.position.block > counts.blocks) {
    throw new Damaged(`CHECKPOINT stands at block ${checkpoint.position.block}; the journal ends at ${counts.blocks}`);
  }
  return { ...counts, ...check.finish() };
}

function takeBlock(store: LogStore, check: InvariantCheck, block: StoredBlock) {
  let records = 0;
  let timeMs = 0;
  for (const record of readRecords(block.body)) {
    try {
      check.before(record);
      applyRecord(store, record);
      check.after(record);
    } catch (cause) {
      const { segment, offset } = block.position;
      const where = `block ${block.position.block} (segment ${segment}, offset ${offset}), record ${record.sequence} of partition ${record.partition}`;
      throw new Damaged(`${where}: ${(cause as Error).message}`, { cause });
    }
    records += 1;
    timeMs = record.timeMs;
  }
  if (records !== block.recordCount) {
    throw new Damaged(`block ${block.position.block} names ${block.recordCount} records and has ${records}`);
  }
  return { records, timeMs };
}

async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const bytes = await systemCheckpointFile(folder).read();
  if (bytes === undefined) return undefined;
  try {
    return decodeCheckpoint(bytes);
  } catch (cause) {
    throw new Damaged(`${join(folder, "CHECKPOINT")}: ${(cause as Error).message}`, { cause });
  }
}

async function provePages(
  folder: string,
  checkpoint: Checkpoint,
  recomputed: LogStore,
  block: StoredBlock,
): Promise<number> {
  if (checkpoint.position.hash !== block.position.hash) {
    throw new Damaged(`CHECKPOINT names another block ${block.position.block} than the journal has`);
  }
  const pages = await openLevelPageStore(join(folder, "level")).catch((cause) => {
    throw new Damaged(`${join(folder, "level")} cannot be opened`, { cause });
  });
  try {
    return checkSnapshot(checkpoint.table, recomputed.space.table, pages);
  } catch (cause) {
    if (cause instanceof SnapshotDamaged) throw new Damaged(`${join(folder, "level")}: ${cause.message}`, { cause });
    throw cause;
  } finally {
    await pages.close();
  }
}
