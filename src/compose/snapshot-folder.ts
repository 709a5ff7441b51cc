/**
 * The snapshot of a log in its folder: LevelDB's pages and CHECKPOINT. What cannot be proven is thrown away whole and made anew
 * from the newest image that can, or left empty for the journal to fill.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ImageDamaged } from "../images/image-damaged.js";
import { seedSnapshot } from "../images/seed-snapshot.js";
import type { ImageSurvey } from "../images/survey-images.js";
import { listSegments } from "../journal/segment.js";
import { systemDisk } from "../journal/system-disk.js";
import { openLevelPageStore } from "../snapshots/level-page-store.js";
import type { CheckpointFile } from "../snapshots/log-store.js";
import { type PageStore, SnapshotDamaged } from "../snapshots/page-store.js";
import { systemCheckpointFile } from "../snapshots/system-checkpoint-file.js";
import type { Log } from "./log.js";

export class SnapshotFolder {
  readonly checkpointFile: CheckpointFile;
  readonly #folder: string;
  readonly #survey: ImageSurvey;
  readonly #log: Log;
  #pages: PageStore | undefined;

  constructor(folder: string, survey: ImageSurvey, log: Log) {
    this.checkpointFile = systemCheckpointFile(folder);
    this.#folder = folder;
    this.#survey = survey;
    this.#log = log;
  }

  /** There is no checkpoint, and so no page that anything could be read from. */
  async isMissing(): Promise<boolean> {
    return (await this.checkpointFile.read()) === undefined;
  }

  /** LevelDB refuses to open what it finds damaged itself; that is damage like any other. */
  async open(): Promise<PageStore> {
    const level = join(this.#folder, "level");
    try {
      this.#pages = await openLevelPageStore(level);
      return this.#pages;
    } catch (cause) {
      throw new SnapshotDamaged(`the pages in ${level} cannot be opened`, { cause });
    }
  }

  async close(): Promise<void> {
    const pages = this.#pages;
    this.#pages = undefined;
    await pages?.close();
  }

  /** Makes it anew. Rejects with ImageDamaged where no image can be proven and the journal does not go back to the first block. */
  async remake(): Promise<void> {
    await this.#discard();
    const [firstSegment = 1] = await listSegments(systemDisk, this.#folder);
    let damage: ImageDamaged | undefined = this.#survey.damaged[0];
    for (const { path, position } of this.#survey.images) {
      // The blocks after an older one may be gone.
      if (position.segment < firstSegment) continue;
      try {
        await seedSnapshot(systemDisk, path, { pages: await this.open(), checkpointFile: this.checkpointFile });
        await this.close();
        this.#log.info({ image: path, block: position.block }, "snapshot made anew from an image");
        return;
      } catch (cause) {
        await this.#discard();
        if (!(cause instanceof ImageDamaged)) throw cause;
        this.#log.warn({ reason: cause.message }, "image cannot be proven; it is not used");
        damage = cause;
      }
    }
    if (firstSegment > 1 && damage !== undefined) throw damage;
  }

  async #discard(): Promise<void> {
    await this.close().catch(() => {});
    await rm(join(this.#folder, "CHECKPOINT"), { force: true });
    await rm(join(this.#folder, "level"), { recursive: true, force: true });
  }
}
