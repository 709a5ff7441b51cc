/**
 * The second life of a world: one of its backups, restored into a fresh folder of a fresh machine, as cli/restore does it. What was
 * answered before the backup is there; what came after never was, for anybody but the callers and ERPs who remember it and go on.
 */

import { ImageDamaged } from "../../src/images/image-damaged.js";
import { ImageFile } from "../../src/images/image-file.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { restoreLog } from "../../src/images/restore-log.js";
import { coveredTo, surveyImages } from "../../src/images/survey-images.js";
import { verifyJournal } from "../../src/journal/file-journal.js";
import { JournalError } from "../../src/journal/journal.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import type { MemoryDisk } from "../journal/memory-disk.js";
import type { SimulatedBackup } from "./backups.js";
import { openFromImages } from "./log-from-images.js";
import { readJournal } from "./read-journal.js";
import { FOLDER } from "./simulated-process.js";
import { describe, Finding } from "./simulation-context.js";
import { proveState } from "./state-proof.js";
import { World } from "./world.js";

const MINUTE_US = 60_000_000;

/** A world on the restored backup, in which nothing has happened yet. */
export async function restoredWorld(before: World, backup: SimulatedBackup): Promise<World> {
  const { random, coverage } = before;
  before.note(`the backup as of block ${backup.head.block} is restored`);
  const disk = before.disk.memory.copy();
  const begun = await restore(before, backup, disk);
  checkEpoch(before, backup, begun);
  coverage.count("a backup was restored");
  if (before.log.durableBlocks > backup.head.block) coverage.count("a restore gave up what came after its backup");
  const oracle = backup.oracle;
  oracle.retireIds(before.oracle);
  return new World(random.below(2 ** 32), {
    before,
    disk,
    oracle,
    blocks: [...backup.blocks, begun],
    startUs: backup.takenAtUs + random.pick([0, random.below(MINUTE_US), 60 * MINUTE_US]),
    wallErrorMs: backup.wallErrorMs,
  });
}

/** One bit of a backup turned over: it is refused, or nothing came of it. */
export async function tryDamaged(world: World, backup: SimulatedBackup): Promise<void> {
  const { random, coverage, settings } = world;
  const disk = world.disk.memory.copy();
  const [path, bytes] = random.pick([...disk.contents()].filter(([name]) => name.startsWith(`${backup.folder}/`)));
  const bit = random.below(bytes.length * 8);
  disk.flip(path, bit);
  world.note(`bit ${bit} of ${path} flips`);
  let begun: Buffer;
  try {
    begun = await restore(world, backup, disk);
  } catch (cause) {
    if (!isRefusal(cause)) throw new Finding(`with bit ${bit} of ${path} turned over: ${describe(cause)}`, { cause });
    coverage.count("a damaged backup was refused");
    return;
  }
  const { checkpoint } = await openFromImages(world, { disk, folder: FOLDER }, settings);
  const recordsOf = (blocks: number) =>
    [...backup.blocks, begun].slice(0, blocks).flatMap((body) => [...readRecords(body)]);
  await proveState(checkpoint, recordsOf, settings);
}

/**
 * Proves the backup and restores it into an empty data folder of this disk; what else is on it goes. Resolves with the body of the
 * block that is new.
 */
async function restore(world: World, backup: SimulatedBackup, disk: MemoryDisk): Promise<Buffer> {
  const { random, settings } = world;
  for (const path of disk.contents().keys()) if (path.startsWith("/data/")) disk.put(path, undefined);
  await prove(disk, backup.folder);
  const { store, head, timeMs } = await openFromImages(world, { disk: disk.copy(), folder: backup.folder }, settings);
  if (head.block !== backup.head.block || head.hash !== backup.head.hash) {
    throw new Finding(`the backup as of block ${backup.head.block} ends with block ${head.block}`);
  }
  const position = await restoreLog({
    disk,
    from: backup.folder,
    to: FOLDER,
    head,
    pace: WITHOUT_REST,
    epoch: store.system.state.epoch,
    systemSequence: store.system.sequence,
    timeMs,
    randomBytes: (count) => random.bytes(count),
  });
  for (const path of disk.contents().keys()) if (path.startsWith("/backups/")) disk.put(path, undefined);
  return (await readJournal(disk, position)).bodies.at(-1)!;
}

/** What cli/verify proves first. */
async function prove(disk: MemoryDisk, folder: string): Promise<void> {
  const survey = await surveyImages(disk, folder);
  for (const damage of survey.damaged) throw damage;
  for (const { path } of survey.images) {
    const image = await ImageFile.open(disk, path);
    await image.proveAll(WITHOUT_REST);
    await image.close();
  }
  for await (const _block of verifyJournal({ disk, folder, coveredTo: coveredTo(survey) })) {
    // Each is proven on its way here.
  }
}

/** The restored log ends with one record more than the backup: the beginning of an epoch that was never there before. */
function checkEpoch(world: World, backup: SimulatedBackup, body: Uint8Array): void {
  const epochs = [...world.log.records(world.log.durableBlocks)].flatMap(({ events }) =>
    events.flatMap((event) => (event.kind === "EpochBegun" ? [event] : [])),
  );
  const records = [...readRecords(body)];
  const [event] = records[0]?.events ?? [];
  if (records.length !== 1 || event?.kind !== "EpochBegun" || epochs.some(({ epoch }) => epoch >= event.epoch)) {
    throw new Finding(`the restored log as of block ${backup.head.block} begins no epoch of its own`);
  }
  if (epochs.some(({ nonce }) => nonce === event.nonce)) throw new Finding("the restored log has the nonce of before");
}

function isRefusal(cause: unknown): boolean {
  return cause instanceof ImageDamaged || cause instanceof JournalError;
}
