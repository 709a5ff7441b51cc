/**
 * Decides when a log gets its next image, and what may go once it has one (decision 15): an image of the newest checkpoint when
 * enough was written to the journal since the last, and then away with the segments that two images cover. One at a time;
 * while a backup is made nothing is taken away.
 */

import type { BackedUp } from "../../images/back-up.js";
import { IMAGES_KEPT, type JournalRetention, pruneJournal } from "../../images/prune-journal.js";
import type { KnownImage } from "../../images/survey-images.js";
import type { Disk } from "../../journal/disk.js";
import type { BlockPosition, Journal } from "../../journal/journal.js";
import type { Log } from "../log.js";
import type { ImageWork } from "./image-work.js";

/** What the configuration says of images. */
export interface ImagePolicy {
  /** Bytes of journal since the last image that make the next one due. */
  readonly everyBytes: number;
  readonly retention: JournalRetention;
}

export interface ImageKeeperOptions {
  readonly disk: Disk;
  /** Of the log. */
  readonly folder: string;
  readonly storeId: string;
  readonly journal: Journal;
  readonly work: ImageWork;
  readonly policy: ImagePolicy;
  readonly segmentBytes: number;
  readonly answerRetentionMs: number;
  /** Bytes that have to stay free on the disk. */
  readonly freeBytesMin: number;
  readonly wallMs: () => number;
  readonly log: Log;
}

/** After a failure the next try waits for this part of what makes an image due. */
const RETRY_SHARE = 0.25;

export class ImageKeeper {
  readonly #options: ImageKeeperOptions;
  /** Newest first. */
  #images: readonly KnownImage[];
  #checkpoint: BlockPosition | undefined;
  #building: Promise<void> | undefined;
  #pruning: Promise<void> = Promise.resolve();
  #backups = 0;
  /** Where the checkpoint stood when the last try failed. */
  #failedAt: BlockPosition | undefined;
  #isStopped = false;

  constructor(options: ImageKeeperOptions, images: readonly KnownImage[]) {
    this.#options = options;
    this.#images = images;
  }

  /** A checkpoint stands: makes an image of its block if one is due. */
  checkpointed(position: BlockPosition): void {
    this.#checkpoint = position;
    if (this.#isStopped || this.#building !== undefined || !this.#isDue(position)) return;
    this.#building = this.#build(position).finally(() => {
      this.#building = undefined;
    });
  }

  /** A backup is being made. */
  get isBackingUp(): boolean {
    return this.#backups > 0;
  }

  /** Copies the log into the folder of another, as of its last block now. */
  async backUp(to: string, head: BlockPosition): Promise<BackedUp> {
    const { work, folder } = this.#options;
    this.#backups += 1;
    try {
      await this.#pruning;
      return await work.backUp({ from: folder, to, head });
    } finally {
      this.#backups -= 1;
      this.#prune();
    }
  }

  /** Bytes of the newest image and of the journal since: what a backup takes, more or less. */
  backupBytes(head: BlockPosition): number {
    const [newest] = this.#images;
    return (newest?.bytes ?? 0) + this.#bytesSince(newest?.position, head);
  }

  /** Breaks off what is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#options.work.stop();
    await this.#building;
    await this.#pruning;
  }

  #isDue(position: BlockPosition): boolean {
    const { everyBytes } = this.#options.policy;
    if (this.#failedAt !== undefined && this.#bytesSince(this.#failedAt, position) < everyBytes * RETRY_SHARE) {
      return false;
    }
    return this.#bytesSince(this.#images[0]?.position, position) >= everyBytes;
  }

  async #build(target: BlockPosition): Promise<void> {
    const { folder, storeId, work, answerRetentionMs, log } = this.#options;
    try {
      this.#failedAt = target;
      if (!(await this.#hasRoom())) return;
      const built = await work.build({ folder, storeId, target, answerRetentionMs }, (file, reason) => {
        this.#images = this.#images.filter(({ path }) => path !== file);
        log.error({ reason }, "image cannot be proven; the next is made without it");
      });
      this.#failedAt = undefined;
      this.#images = [built, ...this.#images.filter(({ path }) => path !== built.path)];
      log.info({ block: built.position.block, bytes: built.bytes }, "image made");
      this.#prune();
    } catch (cause) {
      if (!this.#isStopped) log.error({ err: cause }, "no image could be made; the journal is kept");
    }
  }

  /** An image and the changed pages on the way must not use up what the journal needs. */
  async #hasRoom(): Promise<boolean> {
    const { journal, policy, freeBytesMin, segmentBytes, log } = this.#options;
    const { freeBytes } = await journal.space();
    const needed = (this.#images[0]?.bytes ?? 0) + 2 * policy.everyBytes + segmentBytes + freeBytesMin;
    if (freeBytes >= needed) return true;
    log.warn({ freeBytes, needed }, "too little disk space for an image; the journal is kept");
    return false;
  }

  #prune(): void {
    const checkpoint = this.#checkpoint;
    if (this.#isStopped || this.#backups > 0 || checkpoint === undefined) return;
    const { disk, folder, policy, wallMs, log } = this.#options;
    const images = this.#images;
    this.#pruning = this.#pruning
      .then(() => {
        if (this.#backups > 0) return { segments: 0, images: 0 };
        return pruneJournal({ disk, folder, images, checkpoint, retention: policy.retention, nowMs: wallMs() });
      })
      .then(
        (pruned) => {
          this.#images = this.#images.slice(0, IMAGES_KEPT);
          if (pruned.segments > 0) log.info({ ...pruned }, "journal shortened");
        },
        (cause) => log.error({ err: cause }, "the journal could not be shortened"),
      );
  }

  /** Bytes of journal between two blocks; from the beginning where the first is not given. */
  #bytesSince(from: BlockPosition | undefined, to: BlockPosition): number {
    const segments = to.segment - (from?.segment ?? 1);
    return segments * this.#options.segmentBytes + to.endOffset - (from?.endOffset ?? 0);
  }
}
