/**
 * Reads a data folder offline and proves it: every byte of the images, the block chain, the sequences, the invariants recomputed from
 * the journal, and images and snapshot compared with what the journal says at their block. It changes nothing but LevelDB's
 * own housekeeping. Where the first segments are gone, the state before them is the oldest image's that the journal joins.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { applyRecord } from "../../actor/apply.js";
import { ImageFile } from "../../images/image-file.js";
import { WITHOUT_REST } from "../../images/pace.js";
import { coveredTo, type KnownImage, surveyImages } from "../../images/survey-images.js";
import { verifyJournal } from "../../journal/file-journal.js";
import type { BlockPosition, StoredBlock } from "../../journal/journal.js";
import { readRecords } from "../../journal/records/record-reader.js";
import { listSegments } from "../../journal/segment.js";
import { systemDisk } from "../../journal/system-disk.js";
import { type Checkpoint, decodeCheckpoint } from "../../snapshots/checkpoint.js";
import { openLevelPageStore } from "../../snapshots/level-page-store.js";
import { LogStore } from "../../snapshots/log-store.js";
import { PageSpace } from "../../snapshots/page-space.js";
import { SnapshotDamaged } from "../../snapshots/page-store.js";
import { systemCheckpointFile } from "../../snapshots/system-checkpoint-file.js";
import { BasePages } from "./base-pages.js";
import { comparePages } from "./compare-pages.js";
import { InvariantCheck } from "./invariant-check.js";

/** What was proven. */
export interface Verified {
  /** Of those that are kept. */
  readonly blocks: number;
  readonly records: number;
  readonly stocks: number;
  readonly reservations: number;
  readonly images: number;
  /** Pages of the snapshot that were proven; 0 where there is no snapshot. */
  readonly pages: number;
  /** Bytes of a torn write at the end, which nobody was told of. */
  readonly tornBytes: number;
}

/** Where the journal ends, and what a new epoch has to follow. */
export interface VerifiedEnd {
  readonly head: BlockPosition;
  readonly epoch: number;
  readonly systemSequence: number;
  /** Service time of the last record, milliseconds. */
  readonly timeMs: number;
}

/** Damage, with the place where it was found. */
export class Damaged extends Error {
  override readonly name = "Damaged";
}

/** Records between checkpoints of the state that is made anew, so that the items in memory stay few. */
const RECORDS_PER_CHECKPOINT = 200_000;
const RESIDENT_MAX = 100_000;
/** The checkpoints made here let go of no answer, so that none is missing in a comparison. */
const BEFORE_ANY_RETENTION = 0;

/** Proves a data folder; rejects with the first damage. `end` is undefined where there is no block yet. */
export async function verifyFolder(
  dataFolder: string,
  options: { readonly answerRetentionMs: number },
): Promise<{ readonly verified: Verified; readonly end: VerifiedEnd | undefined }> {
  const folder = join(dataFolder, "logs", "0");
  await access(folder).catch((cause) => {
    throw new Damaged(`${folder} cannot be read`, { cause });
  });
  const survey = await surveyImages(systemDisk, folder);
  const [damage] = survey.damaged;
  if (damage !== undefined) throw damage;
  for (const { path } of survey.images) await proveImage(path);
  const [firstSegment = 1] = await listSegments(systemDisk, folder);
  const joined = survey.images.filter(({ position }) => position.segment >= firstSegment);
  const baseImage = firstSegment > 1 ? joined.at(-1) : undefined;
  const base = baseImage && (await ImageFile.open(systemDisk, baseImage.path));
  try {
    const run = await VerifyRun.start(folder, { base, images: survey.images, ...options });
    for await (const block of verifyJournal({
      disk: systemDisk,
      folder,
      coveredTo: coveredTo(survey),
      onTorn: (torn) => run.torn(torn.bytes),
    })) {
      await run.take(block);
    }
    return { verified: run.finish(joined), end: run.end };
  } finally {
    await base?.close();
  }
}

class VerifyRun {
  readonly #folder: string;
  readonly #base: ImageFile | undefined;
  readonly #images: ReadonlyMap<number, KnownImage>;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #store: LogStore;
  readonly #check: InvariantCheck;
  readonly #counts = { blocks: 0, records: 0, pages: 0, tornBytes: 0 };
  readonly #compared = new Set<number>();
  #head: BlockPosition | undefined;
  #timeMs: number;
  #sinceCheckpoint = 0;

  private constructor(
    folder: string,
    parts: {
      base: ImageFile | undefined;
      images: readonly KnownImage[];
      checkpoint: Checkpoint | undefined;
      store: LogStore;
    },
  ) {
    this.#folder = folder;
    this.#base = parts.base;
    this.#images = new Map(parts.images.map((image) => [image.position.block, image]));
    this.#checkpoint = parts.checkpoint;
    this.#store = parts.store;
    this.#check = new InvariantCheck(parts.store);
    this.#timeMs = parts.base?.timeMs ?? 0;
  }

  static async start(
    folder: string,
    options: { base: ImageFile | undefined; images: readonly KnownImage[]; answerRetentionMs: number },
  ): Promise<VerifyRun> {
    const { base, images, answerRetentionMs } = options;
    const store = await LogStore.open(
      new BasePages(base),
      { read: async () => base?.checkpointBytes, write: async () => {} },
      { stocksResidentMax: RESIDENT_MAX, reservationsResidentMax: RESIDENT_MAX, answerRetentionMs },
    );
    return new VerifyRun(folder, { base, images, checkpoint: await readCheckpoint(folder), store });
  }

  get end(): VerifiedEnd | undefined {
    if (this.#head === undefined) return undefined;
    const { state, sequence } = this.#store.system;
    return { head: this.#head, epoch: state.epoch, systemSequence: sequence, timeMs: this.#timeMs };
  }

  torn(bytes: number): void {
    this.#counts.tornBytes = bytes;
  }

  /** Takes in a block, unless the image that it all begins with has it, and compares what is stored at its state. */
  async take(block: StoredBlock): Promise<void> {
    const { position } = block;
    this.#head = position;
    this.#counts.blocks += 1;
    if (position.block > (this.#base?.position.block ?? 0)) this.#apply(block);
    const image = this.#images.get(position.block);
    const isSnapshot = position.block === this.#checkpoint?.position.block;
    if (image !== undefined || isSnapshot || this.#sinceCheckpoint >= RECORDS_PER_CHECKPOINT) {
      await this.#store.beginCheckpoint(BEFORE_ANY_RETENTION).write(position);
      this.#sinceCheckpoint = 0;
    }
    if (image !== undefined) await this.#compareImage(image, position);
    if (isSnapshot) this.#counts.pages = await this.#compareSnapshot(position);
  }

  /** `joined`: the images whose block the journal has to have. */
  finish(joined: readonly KnownImage[]): Verified {
    for (const { path, position } of joined) {
      if (!this.#compared.has(position.block)) throw new Damaged(`${path}: the journal has no block ${position.block}`);
    }
    const end = this.#head?.block ?? 0;
    const stands = this.#checkpoint?.position.block ?? 0;
    if (stands > end) throw new Damaged(`CHECKPOINT stands at block ${stands}; the journal ends at ${end}`);
    return { ...this.#counts, images: this.#images.size, ...this.#check.finish() };
  }

  #apply(block: StoredBlock): void {
    const { records, timeMs } = takeBlock(this.#store, this.#check, block);
    this.#counts.records += records;
    this.#sinceCheckpoint += records;
    this.#timeMs = timeMs;
  }

  async #compareImage({ path }: KnownImage, position: BlockPosition): Promise<void> {
    const image = await ImageFile.open(systemDisk, path);
    try {
      const { hash } = image.position;
      if (hash !== position.hash)
        throw new Damaged(`${path} names another block ${position.block} than the journal has`);
      const { table, partitions } = image.checkpoint;
      comparePages({ table, partitions, read: (column, page) => image.page(column, page) }, this.#store);
      this.#compared.add(position.block);
    } catch (cause) {
      if (cause instanceof SnapshotDamaged) throw new Damaged(`${path}: ${cause.message}`, { cause });
      throw cause;
    } finally {
      await image.close();
    }
  }

  async #compareSnapshot(position: BlockPosition): Promise<number> {
    const { table, partitions, position: stands } = this.#checkpoint!;
    if (stands.hash !== position.hash) {
      throw new Damaged(`CHECKPOINT names another block ${position.block} than the journal has`);
    }
    const level = join(this.#folder, "level");
    const pages = await openLevelPageStore(level).catch((cause) => {
      throw new Damaged(`${level} cannot be opened`, { cause });
    });
    try {
      const space = new PageSpace(pages, table);
      return comparePages({ table, partitions, read: (column, page) => space.read(column, page) }, this.#store);
    } catch (cause) {
      if (cause instanceof SnapshotDamaged) throw new Damaged(`${level}: ${cause.message}`, { cause });
      throw cause;
    } finally {
      await pages.close();
    }
  }
}

async function proveImage(path: string): Promise<void> {
  const image = await ImageFile.open(systemDisk, path);
  try {
    await image.proveAll(WITHOUT_REST);
  } finally {
    await image.close();
  }
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
