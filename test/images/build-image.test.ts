/** The image of a block is the same whichever way it was made, and its pages are the live snapshot's. */
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildImage } from "../../src/images/build-image.js";
import { ImageFile } from "../../src/images/image-file.js";
import { imagePath, listImages, removeImages } from "../../src/images/image-folder.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { readStoreId } from "../../src/journal/format-file.js";
import { decodeCheckpoint } from "../../src/snapshots/checkpoint.js";
import { PageSpace } from "../../src/snapshots/page-space.js";
import type { PageColumn } from "../../src/snapshots/page-table.js";
import { FOLDER } from "../journal/journal-run.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { LogOnDisk } from "./log-on-disk.js";

const SEED = chosenSeed();
const RETENTION_MS = 7 * 24 * 3_600_000;

async function optionsFor(disk: MemoryDisk, log: LogOnDisk): Promise<BuildOptions> {
  return {
    disk,
    folder: FOLDER,
    storeId: (await readStoreId(disk, FOLDER))!,
    target: log.opened.journal.head!,
    answerRetentionMs: RETENTION_MS,
    pace: WITHOUT_REST,
  };
}

/** Pages of the live snapshot by name, but those that say nothing. */
function livePages(log: LogOnDisk): Map<string, Uint8Array> {
  const checkpoint = decodeCheckpoint(log.checkpoint!);
  const space = new PageSpace(log.pages, checkpoint.table);
  const pages = new Map<string, Uint8Array>();
  for (const { table, partition, generations } of checkpoint.table.columns()) {
    for (let page = 0; page < generations.length / 4; page++) {
      const bytes = space.read({ table, partition }, page);
      if (bytes?.some((byte) => byte !== 0)) pages.set(`${table}/${partition}/${page}`, bytes);
    }
  }
  return pages;
}

async function imagePages(disk: MemoryDisk, block: number): Promise<Map<string, Uint8Array>> {
  const image = await ImageFile.open(disk, imagePath(FOLDER, block));
  const name = (column: PageColumn, page: number) => `${column.table}/${column.partition}/${page}`;
  const pages = [...image.places()].map(({ column, page }) => [name(column, page), image.page(column, page)!] as const);
  await image.close();
  return new Map(pages);
}

describe(`an image is made, seed ${SEED}`, () => {
  test("of the first block, of later ones from it, and has the very pages of the live snapshot each time", async () => {
    const disk = new MemoryDisk();
    const log = await LogOnDisk.start(disk, new SeededRandom(SEED), { settings: { checkpointRecordsMax: 150 } });
    for (let round = 0; round < 4; round++) {
      await log.traffic(200 + 100 * round);
      await log.stop();
      const options = await optionsFor(disk, log);
      const built = await buildImage(options);
      expect(built.position).toEqual(decodeCheckpoint(log.checkpoint!).position);
      const live = livePages(log);
      expect(live.size).toBeGreaterThan(20);
      expect(sorted(await imagePages(disk, built.position.block))).toEqual(sorted(live));
      await log.open();
    }
    expect(await listImages(disk, FOLDER)).toHaveLength(4);
    expect(log.failures).toEqual([]);
    expect(disk.openFiles).toBe(1 + 1);
  });

  test("the same to the byte from the first block, from an older image, and in several passes", async () => {
    const disk = new MemoryDisk();
    const log = await LogOnDisk.start(disk, new SeededRandom(SEED + 1));
    await log.traffic(400);
    await buildImage(await optionsFor(disk, log));
    await log.traffic(600);
    const options = await optionsFor(disk, log);
    const path = imagePath(FOLDER, options.target.block);
    await buildImage(options);
    const fromOlder = disk.bytesOf(path);
    await removeImages(disk, FOLDER, await listImages(disk, FOLDER));
    await buildImage(options);
    expect(disk.bytesOf(path).equals(fromOlder)).toBe(true);
  });

  test("with an image on the way where the changed pages are more than may be spooled", async () => {
    const disk = new MemoryDisk();
    const log = await LogOnDisk.start(disk, new SeededRandom(SEED + 2));
    await log.traffic(12_000, 200);
    const options = await optionsFor(disk, log);
    const path = imagePath(FOLDER, options.target.block);
    await buildImage(options);
    const atOnce = disk.bytesOf(path);
    await removeImages(disk, FOLDER, await listImages(disk, FOLDER));
    await buildImage({ ...options, spoolBytesMax: 1 });
    expect((await listImages(disk, FOLDER)).length).toBeGreaterThan(1);
    expect(disk.bytesOf(path).equals(atOnce)).toBe(true);
  }, 60_000);

  test("from the one before when the newest is damaged, and refused by name when none is left", async () => {
    const disk = new MemoryDisk();
    const log = await LogOnDisk.start(disk, new SeededRandom(SEED + 3));
    await log.traffic(300);
    const first = await buildImage(await optionsFor(disk, log));
    await log.traffic(300);
    const second = await buildImage(await optionsFor(disk, log));
    await log.traffic(300);
    const options = await optionsFor(disk, log);
    const third = await buildImage(options);
    const expected = disk.bytesOf(third.path);
    disk.put(third.path, undefined);
    disk.flip(second.path, 8 * 140);
    const passedOver: string[] = [];
    await buildImage({ ...options, onDamaged: ({ file }) => passedOver.push(file) });
    expect(passedOver).toEqual([second.path]);
    expect(disk.bytesOf(third.path).equals(expected)).toBe(true);
    disk.put(third.path, undefined);
    disk.put(first.path, undefined);
    disk.put(`${FOLDER}/segments/00000001.seg`, undefined);
    await expect(buildImage(options)).rejects.toThrow(second.path);
  });

  test("never from an image of another journal", async () => {
    const disk = new MemoryDisk();
    const log = await LogOnDisk.start(disk, new SeededRandom(SEED + 4));
    await log.traffic(100);
    await buildImage(await optionsFor(disk, log));
    await log.traffic(100);
    const passedOver: string[] = [];
    const options = { ...(await optionsFor(disk, log)), storeId: "ff".repeat(16) };
    await buildImage({ ...options, onDamaged: ({ message }) => passedOver.push(message) });
    expect(passedOver).toEqual([expect.stringContaining("an image of another journal")]);
  });
});

function sorted(pages: Map<string, Uint8Array>): [string, string][] {
  return [...pages].map(([name, bytes]): [string, string] => [name, Buffer.from(bytes).toString("hex")]).sort();
}
