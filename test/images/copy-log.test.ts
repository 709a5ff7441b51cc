/** Backups and what is restored from them: complete as of one block, whole or not there, and never confused with what went on. */
import { describe, expect, test } from "vitest";
import { backUp } from "../../src/images/back-up.js";
import { buildImage } from "../../src/images/build-image.js";
import { imagePath, listImages } from "../../src/images/image-folder.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { restoreLog } from "../../src/images/restore-log.js";
import { surveyImages } from "../../src/images/survey-images.js";
import { verifyJournal } from "../../src/journal/file-journal.js";
import { readStoreId } from "../../src/journal/format-file.js";
import type { BlockPosition } from "../../src/journal/journal.js";
import { segmentPath } from "../../src/journal/segment.js";
import { FOLDER } from "../journal/journal-run.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { EVERYTHING_SURVIVES, NOTHING_SURVIVES, randomSurvival } from "../journal/survival.js";
import { LogOnDisk } from "./log-on-disk.js";

const SEED = chosenSeed();
const BACKUP = "/backup/logs/0";
const OPTIONS = { segmentBytes: 32 * 1024, settings: { checkpointRecordsMax: 200 } };

/** A log with an image in the middle of it, and segments before and after. */
async function started(seed: number, withImage = true) {
  const disk = new MemoryDisk();
  const log = await LogOnDisk.start(disk, new SeededRandom(seed), OPTIONS);
  await log.traffic(400);
  const target = log.opened.journal.head!;
  const storeId = (await readStoreId(disk, FOLDER))!;
  const options = { disk, folder: FOLDER, storeId, answerRetentionMs: 7 * 24 * 3_600_000, pace: WITHOUT_REST };
  if (withImage) await buildImage({ ...options, target });
  await log.traffic(400);
  return { disk, log };
}

/** The same log from the folder of a copy, on a disk that has nothing else. */
async function openCopy(disk: MemoryDisk, folder = BACKUP): Promise<{ disk: MemoryDisk; log: LogOnDisk }> {
  const moved = new MemoryDisk();
  await moved.makeFolder(`${FOLDER}/segments`);
  await moved.makeFolder(`${FOLDER}/images`);
  for (const [path, bytes] of disk.contents()) {
    if (path.startsWith(folder)) moved.put(path.replace(folder, FOLDER), bytes);
  }
  return { disk: moved, log: await LogOnDisk.start(moved, new SeededRandom(1), OPTIONS) };
}

async function verified(disk: MemoryDisk, folder: string): Promise<BlockPosition> {
  const [image] = (await surveyImages(disk, folder)).images;
  const coveredTo = image && { position: image.position, saidBy: image.path };
  let last: BlockPosition | undefined;
  for await (const { position } of verifyJournal({ disk, folder, coveredTo })) last = position;
  return last!;
}

describe(`a backup, seed ${SEED}`, () => {
  test("has the state as of its block, however much was appended while it was made", async () => {
    const { disk, log } = await started(SEED);
    const head = log.opened.journal.head!;
    const expected = log.state();
    let meanwhile = 0;
    const pace = async () => {
      if (meanwhile === 50) return;
      meanwhile += 1;
      await log.traffic(20);
    };
    const made = await backUp({ disk, from: FOLDER, to: BACKUP, head, pace });
    expect(log.opened.journal.head!.block).toBeGreaterThan(head.block + 40);
    expect(log.state()).not.toEqual(expected);
    const bytes = [...disk.contents()].filter(([path]) => path.startsWith(BACKUP)).map(([, file]) => file.length);
    expect(made).toEqual({ block: head.block, bytes: bytes.reduce((sum, size) => sum + size, 0) });
    expect(await verified(disk, BACKUP)).toEqual(head);
    expect((await openCopy(disk)).log.state()).toEqual(expected);
    expect(log.failures).toEqual([]);
  });

  test("of a log without images has every segment", async () => {
    const { disk, log } = await started(SEED + 1, false);
    const expected = log.state();
    await backUp({ disk, from: FOLDER, to: BACKUP, head: log.opened.journal.head!, pace: WITHOUT_REST });
    expect(disk.bytesOf(segmentPath(BACKUP, 1)).length).toBeGreaterThan(512);
    expect((await openCopy(disk)).log.state()).toEqual(expected);
  });

  test("is made from the journal where the image cannot be proven, and fails by name where neither can", async () => {
    const { disk, log } = await started(SEED + 2);
    const [block] = await listImages(disk, FOLDER);
    disk.flip(imagePath(FOLDER, block!), 8 * 200);
    const head = log.opened.journal.head!;
    await backUp({ disk, from: FOLDER, to: BACKUP, head, pace: WITHOUT_REST });
    expect(await listImages(disk, BACKUP)).toEqual([]);
    expect((await openCopy(disk)).log.state()).toEqual(log.state());
    disk.put(segmentPath(FOLDER, 1), undefined);
    const failing = backUp({ disk, from: FOLDER, to: "/other", head, pace: WITHOUT_REST });
    await expect(failing).rejects.toThrow(imagePath(FOLDER, block!));
    expect([...disk.contents().keys()].filter((path) => path.startsWith("/other"))).toEqual([]);
  });

  test("fails by name where a block before the image cannot be proven, in the segment that the image begins in", async () => {
    const { disk, log } = await started(SEED + 4);
    const { segment, offset } = (await surveyImages(disk, FOLDER)).images[0]!.position;
    disk.flip(segmentPath(FOLDER, segment), 8 * (offset - 40));
    const head = log.opened.journal.head!;
    const failing = backUp({ disk, from: FOLDER, to: BACKUP, head, pace: WITHOUT_REST });
    await expect(failing).rejects.toMatchObject({ kind: "damaged", file: segmentPath(FOLDER, segment) });
    expect([...disk.contents().keys()].filter((path) => path.startsWith(BACKUP))).toEqual([]);
  });

  test("that the disk has no room for leaves nothing behind", async () => {
    const { disk, log } = await started(SEED + 3);
    const before = [...disk.contents().keys()];
    const head = log.opened.journal.head!;
    disk.failNext("sync", { kind: "error", code: "ENOSPC", effect: "nothing" }, ".seg");
    await expect(backUp({ disk, from: FOLDER, to: BACKUP, head, pace: WITHOUT_REST })).rejects.toThrow("ENOSPC");
    expect([...disk.contents().keys()]).toEqual(before);
    expect(disk.openFiles).toBe(2);
  });
});

describe(`a restored backup, seed ${SEED}`, () => {
  const RESTORED = "/restored/logs/0";

  async function restored(seed: number) {
    const { disk, log } = await started(seed);
    const head = log.opened.journal.head!;
    await backUp({ disk, from: FOLDER, to: BACKUP, head, pace: WITHOUT_REST });
    const { system } = log.node.store;
    const random = new SeededRandom(seed);
    const options = {
      disk,
      from: BACKUP,
      to: RESTORED,
      head,
      pace: WITHOUT_REST,
      epoch: system.state.epoch,
      systemSequence: system.sequence,
      timeMs: log.nowMs,
      randomBytes: (count: number) => random.bytes(count),
    };
    return { disk, log, options };
  }

  test("has the state of the backup, and issues no reservation id that was issued since", async () => {
    const { disk, log, options } = await restored(SEED + 4);
    const expected = log.state();
    const before = idsOf(log);
    const position = await restoreLog(options);
    const copy = await openCopy(disk, RESTORED);
    expect(copy.log.opened.journal.head).toEqual(position);
    expect(copy.log.state()).toEqual(expected);
    expect(copy.log.node.store.system.state.epoch).toBe(2);
    await log.traffic(200);
    await copy.log.traffic(200);
    const since = idsOf(log).filter((id) => !before.includes(id));
    const again = idsOf(copy.log).filter((id) => !before.includes(id));
    expect(since.length).toBeGreaterThan(20);
    expect(again.length).toBeGreaterThan(20);
    expect(again.filter((id) => since.includes(id))).toEqual([]);
    expect(copy.log.failures).toEqual([]);
    await copy.log.stop();
    expect((await verified(copy.disk, FOLDER)).block).toBeGreaterThan(position.block);
  });

  test("is whole or no journal at all, whichever operation the machine stops in", async () => {
    const { disk, log, options } = await restored(SEED + 5);
    const expected = log.state();
    const probe = disk.copy();
    await restoreLog({ ...options, disk: probe });
    const random = new SeededRandom(SEED);
    const operations = probe.operations.length;
    expect(operations).toBeGreaterThan(50);
    let whole = 0;
    for (let at = 0; at < operations; at++) {
      const crashing = disk.copy();
      crashing.failAt(at, { kind: "crash" });
      await expect(restoreLog({ ...options, disk: crashing }), `operation ${at}`).rejects.toThrow();
      const survival = [randomSurvival(random), EVERYTHING_SURVIVES, NOTHING_SURVIVES][at % 3]!;
      const after = crashing.afterCrash(at === operations - 1 ? EVERYTHING_SURVIVES : survival);
      if (after.contents().has(`${RESTORED}/FORMAT`)) {
        whole += 1;
        const copy = await openCopy(after, RESTORED);
        expect(copy.log.state(), `after a crash in operation ${at}`).toEqual(expected);
        expect(copy.log.node.store.system.state.epoch).toBe(2);
      } else {
        const isEmpty = [...after.contents().keys()].every((path) => !path.startsWith(`${RESTORED}/`));
        if (!isEmpty) await expect(verified(after, RESTORED)).rejects.toThrow("FORMAT is missing");
      }
    }
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(operations);
  }, 60_000);
});

function idsOf(log: LogOnDisk): string[] {
  return [...log.node.store.partitions.values()].flatMap((partition) =>
    Array.from({ length: partition.reservations.count }, (_, index) => partition.reservations.peek(index + 1)!.id),
  );
}
