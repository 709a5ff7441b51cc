/** An image gives back exactly what was put in, and no damage to it goes unseen. */
import { beforeAll, describe, expect, test } from "vitest";
import { ImageDamaged } from "../../src/images/image-damaged.js";
import { ImageFile } from "../../src/images/image-file.js";
import { imagePath, listImages, removeImages, removeUnfinished } from "../../src/images/image-folder.js";
import { writeImage } from "../../src/images/image-writer.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { decodeCheckpoint } from "../../src/snapshots/checkpoint.js";
import { pageHash } from "../../src/snapshots/page-space.js";
import { PageTable } from "../../src/snapshots/page-table.js";
import { EMPTY_SYSTEM_HEAD } from "../../src/snapshots/system-store.js";
import { TABLES } from "../../src/snapshots/tables.js";
import { FOLDER } from "../journal/journal-run.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";

const SEED = chosenSeed();
const POSITION = { block: 12, segment: 3, offset: 4096, endOffset: 8192, hash: "ab".repeat(16) };
const STORE_ID = "0123456789abcdef".repeat(2);

/** Random pages of some columns, in no order, with gaps between them. */
function randomContent(random: SeededRandom) {
  const table = new PageTable();
  const pages = new Map<string, Uint8Array>();
  const columns = [3, 1, 7, 2].flatMap((id) => [2, 0, 1].map((partition) => ({ table: id, partition })));
  for (const column of columns) {
    const count = random.below(6);
    for (let page = 0; page < count; page++) {
      if (random.chance(0.2)) continue;
      const bytes = random.bytes(4 + random.below(3000));
      pages.set(`${column.table}/${column.partition}/${page}`, bytes);
      table.set(column, page, 1 + random.below(9), pageHash(bytes));
    }
  }
  const read = (column: { table: number; partition: number }, page: number) =>
    pages.get(`${column.table}/${column.partition}/${page}`)!;
  const heads = { position: POSITION, timeMs: 1_800_000_000_123, system: EMPTY_SYSTEM_HEAD, partitions: [] };
  return { content: { ...heads, storeId: STORE_ID, table, read }, pages };
}

async function open(disk: MemoryDisk): Promise<ImageFile> {
  return ImageFile.open(disk, imagePath(FOLDER, POSITION.block));
}

async function prove(disk: MemoryDisk): Promise<void> {
  const image = await open(disk);
  try {
    await image.proveAll(WITHOUT_REST);
  } finally {
    await image.close();
  }
}

describe(`an image, seed ${SEED}`, () => {
  const random = new SeededRandom(SEED);

  test("gives back every page in the order of table, partition and page, and where it stands", async () => {
    for (let run = 0; run < 30; run++) {
      const disk = new MemoryDisk();
      const { content, pages } = randomContent(random);
      const { bytes } = await writeImage(disk, FOLDER, content, WITHOUT_REST);
      const image = await open(disk);
      expect(image.position).toEqual(POSITION);
      expect(image.timeMs).toBe(content.timeMs);
      expect(image.storeId).toBe(STORE_ID);
      expect(image.bytes).toBe(bytes);
      const places = [...image.places()].map(({ column, page }) => [column.table, column.partition, page]);
      expect(places).toEqual([...places].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!));
      const read = [...image.places()].map(({ column, page }) => {
        return [`${column.table}/${column.partition}/${page}`, image.page(column, page)] as const;
      });
      expect(new Map(read.map(([key, page]) => [key, [...page!]]))).toEqual(
        new Map([...pages].map(([key, page]) => [key, [...page]])),
      );
      await image.close();
      await prove(disk);
      expect(disk.openFiles).toBe(0);
    }
  });

  test("leaves out a page of open reservations that has none, which says the same as no page", async () => {
    const disk = new MemoryDisk();
    const { content } = randomContent(random);
    const column = { table: TABLES.openReservations.id, partition: 9 };
    const empty = new Uint8Array(4096);
    content.table.set(column, 0, 1, pageHash(empty));
    const read = (asked: { table: number; partition: number }, page: number) =>
      asked.table === column.table ? empty : content.read(asked, page);
    await writeImage(disk, FOLDER, { ...content, read }, WITHOUT_REST);
    const image = await open(disk);
    expect(image.page(column, 0)).toBeUndefined();
    expect(image.checkpoint.table.generation(column, 0)).toBe(0);
    await image.close();
  });
});

describe("a damaged image", () => {
  let disk: MemoryDisk;
  let whole: Buffer;
  const path = imagePath(FOLDER, POSITION.block);

  beforeAll(async () => {
    disk = new MemoryDisk();
    await writeImage(disk, FOLDER, randomContent(new SeededRandom(7)).content, WITHOUT_REST);
    whole = disk.bytesOf(path);
  });

  test("is noticed wherever one byte is changed, and named", async () => {
    expect(whole.length).toBeGreaterThan(20_000);
    for (let at = 0; at < whole.length; at += at < 300 || at > whole.length - 300 ? 1 : 41) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1 << (at % 8);
      disk.put(path, changed);
      const failure = await prove(disk).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(failure, `byte ${at}`).toBeInstanceOf(ImageDamaged);
      expect((failure as ImageDamaged).file).toBe(path);
    }
  });

  test("is noticed whatever its length", async () => {
    for (let length = 0; length < whole.length; length += length < 300 || length > whole.length - 300 ? 1 : 97) {
      disk.put(path, whole.subarray(0, length));
      await expect(prove(disk), `${length} bytes`).rejects.toThrow(ImageDamaged);
    }
    disk.put(path, Buffer.concat([whole, Buffer.alloc(1)]));
    await expect(prove(disk)).rejects.toThrow(ImageDamaged);
    disk.put(path, undefined);
    await expect(prove(disk)).rejects.toThrow(/is missing/);
  });

  test("in a page is found by whoever reads that page, with its place", async () => {
    const column = [...(await openWhole()).places()][0]!;
    const changed = Buffer.from(whole);
    changed[130]! ^= 1;
    disk.put(path, changed);
    const image = await open(disk);
    expect(() => image.page(column.column, column.page)).toThrow(
      /offset 128: page \d+ of table 1 of partition \d+ is not/,
    );
    await image.close();
  });

  async function openWhole(): Promise<ImageFile> {
    disk.put(path, whole);
    return open(disk);
  }
});

test("an image is there only when it is whole: the machine may stop in any operation of writing it", async () => {
  const { content } = randomContent(new SeededRandom(11));
  const disk = new MemoryDisk();
  await writeImage(disk, FOLDER, content, WITHOUT_REST);
  const operations = disk.operations.length;
  expect(operations).toBeGreaterThan(20);
  let whole = 0;
  for (let at = 0; at < operations; at++) {
    const crashing = new MemoryDisk();
    crashing.failAt(at, { kind: "crash" });
    await expect(writeImage(crashing, FOLDER, content, WITHOUT_REST)).rejects.toThrow();
    for (const keepsName of [false, true]) {
      const after = crashing.afterCrash({ bytesOf: ({ length }) => [[0, length >> 1]], keepsName: () => keepsName });
      if ((await listImages(after, FOLDER)).length === 0) continue;
      await prove(after);
      whole += 1;
    }
  }
  expect(whole).toBeGreaterThan(0);
});

test("what was left of an unfinished image is taken away before any is made, and images when they are no longer wanted", async () => {
  const disk = new MemoryDisk();
  const { content } = randomContent(new SeededRandom(3));
  await writeImage(disk, FOLDER, content, WITHOUT_REST);
  disk.put(`${imagePath(FOLDER, 13)}.new`, Buffer.from("half"));
  await removeImages(disk, FOLDER, [POSITION.block]);
  expect([...disk.contents().keys()]).toEqual([`${imagePath(FOLDER, 13)}.new`]);
  await removeUnfinished(disk, FOLDER);
  expect([...disk.contents().keys()]).toEqual([]);
});

test("the index of an image is a checkpoint that the snapshot's code reads", async () => {
  const disk = new MemoryDisk();
  const { content } = randomContent(new SeededRandom(5));
  await writeImage(disk, FOLDER, content, WITHOUT_REST);
  const bytes = disk.bytesOf(imagePath(FOLDER, POSITION.block));
  const start = bytes.indexOf("HFCHKPT\n");
  const checkpoint = decodeCheckpoint(bytes.subarray(start, start + bytes.readUInt32LE(start - 4)));
  expect(checkpoint).toMatchObject({ generation: 1, position: POSITION, timeMs: content.timeMs, obsolete: [] });
});
