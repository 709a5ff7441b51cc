/** `holdfast verify` on folders with images: it proves what is whole, with and without the first segments, and names what is not. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyFolder } from "../../src/cli/verify/verify-folder.js";
import { buildImage } from "../../src/images/build-image.js";
import { imagePath, listImages } from "../../src/images/image-folder.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { pruneJournal } from "../../src/images/prune-journal.js";
import { surveyImages } from "../../src/images/survey-images.js";
import { readStoreId } from "../../src/journal/format-file.js";
import { listSegments, SEGMENT_START, segmentPath } from "../../src/journal/segment.js";
import { FOLDER } from "../journal/journal-run.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { LogOnDisk } from "./log-on-disk.js";

const SEED = chosenSeed();
const RETENTION_MS = 7 * 24 * 3_600_000;

describe(`verify, seed ${SEED}`, () => {
  let whole: MemoryDisk;
  let short: MemoryDisk;
  let log: LogOnDisk;
  const folders: string[] = [];

  beforeAll(async () => {
    const disk = new MemoryDisk();
    log = await LogOnDisk.start(disk, new SeededRandom(SEED), { segmentBytes: 32 * 1024 });
    const storeId = (await readStoreId(disk, FOLDER))!;
    for (let round = 0; round < 3; round++) {
      await log.traffic(400);
      const target = log.opened.journal.head!;
      const options = { disk, folder: FOLDER, storeId, target, answerRetentionMs: RETENTION_MS, pace: WITHOUT_REST };
      await buildImage(options);
    }
    const checkpoint = log.opened.journal.head!;
    await log.traffic(200);
    await log.opened.journal.close();
    whole = disk.copy();
    const { images } = await surveyImages(disk, FOLDER);
    const retention = { keepMs: 0, keepBytes: 0 };
    await pruneJournal({ disk, folder: FOLDER, images, checkpoint, retention, nowMs: log.nowMs });
    short = disk;
  });

  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  /** Puts a disk's files into a real folder, which is what verify reads. */
  async function verify(disk: MemoryDisk) {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-verify-"));
    folders.push(folder);
    for (const [path, bytes] of disk.contents()) {
      const file = path.replace("/data", folder);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    return verifyFolder(folder, { answerRetentionMs: RETENTION_MS });
  }

  test("proves images against a journal that goes back to the first block", async () => {
    const { verified, end } = await verify(whole);
    expect(verified).toMatchObject({ images: 3, tornBytes: 0, blocks: log.opened.journal.head!.block });
    expect(end).toMatchObject({ head: log.opened.journal.head, epoch: 1 });
  });

  test("proves a journal whose first segments are gone, to the same state", async () => {
    expect((await listSegments(short, FOLDER))[0]).toBeGreaterThan(1);
    const all = await verify(whole);
    const { verified, end } = await verify(short);
    expect(verified.images).toBe(2);
    expect(verified.blocks).toBeLessThan(all.verified.blocks);
    expect(verified).toMatchObject({ stocks: all.verified.stocks, reservations: all.verified.reservations });
    expect(end).toEqual(all.end);
  });

  test("names an image with any byte changed", async () => {
    const random = new SeededRandom(SEED);
    for (const block of await listImages(short, FOLDER)) {
      const path = imagePath(FOLDER, block);
      const bits = short.bytesOf(path).length * 8;
      for (let run = 0; run < 15; run++) {
        const disk = short.copy();
        disk.flip(path, random.below(bits));
        await expect(verify(disk)).rejects.toThrow(path.replace("/data", ""));
      }
    }
  });

  test("names a kept segment with a block changed, also before the image", async () => {
    const random = new SeededRandom(SEED + 1);
    const [first = 0, ...rest] = await listSegments(short, FOLDER);
    for (const number of [first, ...rest.slice(0, -1)]) {
      const disk = short.copy();
      const path = segmentPath(FOLDER, number);
      disk.flip(path, 8 * (SEGMENT_START + 64 + random.below(200)));
      await expect(verify(disk)).rejects.toThrow(path.replace("/data", ""));
    }
  });

  test("names the missing segment when no image covers what is gone", async () => {
    const disk = short.copy();
    for (const block of await listImages(short, FOLDER)) disk.put(imagePath(FOLDER, block), undefined);
    const [first = 0] = await listSegments(short, FOLDER);
    await expect(verify(disk)).rejects.toThrow(segmentPath(FOLDER, first - 1).replace("/data", ""));
  });

  test("names an image that says another thing than the journal, though its sums are right", async () => {
    const other = new MemoryDisk();
    const stranger = await LogOnDisk.start(other, new SeededRandom(SEED + 2));
    await stranger.traffic(100);
    const target = stranger.opened.journal.head!;
    // The stranger's image claims to be of this journal and of a block that this journal has.
    const storeId = (await readStoreId(whole, FOLDER))!;
    const options = { disk: other, folder: FOLDER, storeId, answerRetentionMs: RETENTION_MS, pace: WITHOUT_REST };
    await buildImage({ ...options, target });
    const disk = whole.copy();
    disk.put(imagePath(FOLDER, target.block), other.bytesOf(imagePath(FOLDER, target.block)));
    await expect(verify(disk)).rejects.toThrow(`names another block ${target.block} than the journal has`);
  });
});
