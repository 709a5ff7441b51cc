/** A journal whose first segments are gone: what may be taken away, when, and what opens from the rest. */
import { describe, expect, test } from "vitest";
import { buildImage } from "../../src/images/build-image.js";
import { imagePath, listImages } from "../../src/images/image-folder.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { type JournalRetention, pruneJournal } from "../../src/images/prune-journal.js";
import { surveyImages } from "../../src/images/survey-images.js";
import { readStoreId } from "../../src/journal/format-file.js";
import { listSegments, segmentPath } from "../../src/journal/segment.js";
import { FOLDER } from "../journal/journal-run.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { randomSurvival } from "../journal/survival.js";
import { LogOnDisk } from "./log-on-disk.js";

const SEED = chosenSeed();
const NOTHING_LONGER: JournalRetention = { keepMs: 0, keepBytes: 0 };
const OPTIONS = { segmentBytes: 16 * 1024, settings: { checkpointRecordsMax: 200 } };

async function start(seed: number): Promise<{ disk: MemoryDisk; log: LogOnDisk }> {
  const disk = new MemoryDisk();
  return { disk, log: await LogOnDisk.start(disk, new SeededRandom(seed), OPTIONS) };
}

/** An image of the last checkpoint, and away with what is no longer needed: what the server does now and then. */
async function imageAndPrune(disk: MemoryDisk, log: LogOnDisk, retention = NOTHING_LONGER) {
  const checkpoint = log.node.store.checkpointPosition!;
  await buildImage({
    disk,
    folder: FOLDER,
    storeId: (await readStoreId(disk, FOLDER))!,
    target: checkpoint,
    answerRetentionMs: 7 * 24 * 3_600_000,
    pace: WITHOUT_REST,
  });
  const { images } = await surveyImages(disk, FOLDER);
  return pruneJournal({ disk, folder: FOLDER, images, checkpoint, retention, nowMs: log.nowMs });
}

/** Two images with segments before, between and after them. */
async function shortened(seed: number) {
  const { disk, log } = await start(seed);
  for (let round = 0; round < 3; round++) {
    await log.traffic(400);
    await imageAndPrune(disk, log);
  }
  await log.traffic(200);
  return { disk, log };
}

describe(`a journal without its first segments, seed ${SEED}`, () => {
  test("keeps two images, every segment from the older one's block on, and no segment before", async () => {
    const { disk, log } = await start(SEED);
    await log.traffic(400);
    expect(await imageAndPrune(disk, log)).toEqual({ segments: 0, images: 0 });
    expect((await listSegments(disk, FOLDER))[0]).toBe(1);
    for (let round = 0; round < 3; round++) {
      await log.traffic(400);
      await imageAndPrune(disk, log);
      const { images } = await surveyImages(disk, FOLDER);
      expect(images).toHaveLength(2);
      expect((await listSegments(disk, FOLDER))[0]).toBe(images[1]!.position.segment);
    }
    expect((await listSegments(disk, FOLDER))[0]).toBeGreaterThan(1);
  });

  test("opens from its snapshot, and from an image when that is gone, to the same state", async () => {
    const { disk, log } = await shortened(SEED + 1);
    const expected = log.state();
    await log.stop();
    await log.open();
    expect(log.state()).toEqual(expected);
    log.loseSnapshot();
    await log.open();
    expect(log.node.report.replayedRecords).toBeGreaterThan(0);
    expect(log.state()).toEqual(expected);
    await log.traffic(100);
    expect(log.failures).toEqual([]);
    expect((await listImages(disk, FOLDER)).length).toBe(2);
  });

  test("opens from the older image when the newer one is gone or cannot be proven", async () => {
    const { disk, log } = await shortened(SEED + 2);
    const expected = log.state();
    await log.stop();
    const [newest] = await listImages(disk, FOLDER);
    disk.flip(imagePath(FOLDER, newest!), 8 * 50);
    log.loseSnapshot();
    await log.open();
    expect(log.state()).toEqual(expected);
    await log.stop();
    disk.put(imagePath(FOLDER, newest!), undefined);
    log.loseSnapshot();
    await log.open();
    expect(log.state()).toEqual(expected);
  });

  test("is refused by name when no image covers what is gone", async () => {
    const { disk, log } = await shortened(SEED + 3);
    await log.stop();
    const [first = 0] = await listSegments(disk, FOLDER);
    for (const block of await listImages(disk, FOLDER)) disk.put(imagePath(FOLDER, block), undefined);
    await expect(log.open()).rejects.toMatchObject({ kind: "damaged", file: segmentPath(FOLDER, first - 1) });
  });

  test("is refused by name when a segment after the newest image is gone", async () => {
    const { disk, log } = await shortened(SEED + 4);
    await log.stop();
    const { images } = await surveyImages(disk, FOLDER);
    const { segment } = images[0]!.position;
    const segments = await listSegments(disk, FOLDER);
    expect(segments.at(-1)).toBeGreaterThan(segment);
    for (const number of segments) if (number <= segment) disk.put(segmentPath(FOLDER, number), undefined);
    await expect(log.open()).rejects.toMatchObject({ kind: "damaged", file: segmentPath(FOLDER, segment) });
  });

  test("is refused when the image's block is not the one that stands there", async () => {
    const { disk, log } = await start(SEED + 5);
    await log.traffic(400);
    await imageAndPrune(disk, log);
    await log.stop();
    const other = await start(SEED + 6);
    await other.log.traffic(400);
    await other.log.stop();
    for (const number of await listSegments(other.disk, FOLDER)) {
      disk.put(segmentPath(FOLDER, number), other.disk.bytesOf(segmentPath(FOLDER, number)));
    }
    await expect(log.open()).rejects.toThrow(/\.image says that block \d+ is durable here/);
  });

  test("keeps segments longer by bytes and by age, as it is told", async () => {
    const { disk, log } = await start(SEED + 7);
    for (let round = 0; round < 3; round++) {
      await log.traffic(400);
      await imageAndPrune(disk, log, { keepMs: 365 * 24 * 3_600_000, keepBytes: 0 });
    }
    expect((await listSegments(disk, FOLDER))[0]).toBe(1);
    const all = await listSegments(disk, FOLDER);
    const keepBytes = (all.length - 2) * 16 * 1024;
    await imageAndPrune(disk, log, { keepMs: 0, keepBytes });
    expect(await listSegments(disk, FOLDER)).toEqual(all.slice(2));
    log.nowMs += 1_000;
    await imageAndPrune(disk, log, { keepMs: 1, keepBytes: 0 });
    const { images } = await surveyImages(disk, FOLDER);
    expect((await listSegments(disk, FOLDER))[0]).toBe(images[1]!.position.segment);
  });
});

test(`the machine may stop in any operation of making an image and removing segments (HOLDFAST_TEST_SEED=${SEED})`, async () => {
  const { disk, log } = await start(SEED + 8);
  for (let round = 0; round < 3; round++) {
    await log.traffic(300);
    if (round < 2) await imageAndPrune(disk, log);
  }
  const expected = log.state();
  await log.stop();
  await log.open();
  const checkpoint = log.checkpoint!;
  const settled = disk.copy();
  const probe = settled.copy();
  await imageAndPrune(probe, log);
  const operations = probe.operations.length;
  expect((await listSegments(probe, FOLDER))[0]).toBeGreaterThan(1);
  expect(operations).toBeGreaterThan(60);
  const random = new SeededRandom(SEED);
  for (let at = 0; at < operations; at++) {
    const crashing = settled.copy();
    crashing.failAt(at, { kind: "crash" });
    await expect(imageAndPrune(crashing, log), `operation ${at}`).rejects.toThrow();
    const after = await LogOnDisk.start(crashing.afterCrash(randomSurvival(random)), random, OPTIONS);
    expect(after.state(), `after a crash in operation ${at}`).toEqual(expected);
  }
  expect(checkpoint).toBe(log.checkpoint);
}, 120_000);
