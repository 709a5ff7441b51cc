/**
 * Opens a log from its images alone, on a copy of the disk, now and then with one bit of an image turned over: it must come to the
 * state of all its records all the same, from an older image where the newest cannot be proven.
 */
import { applyRecord } from "../../src/actor/apply.js";
import type { LogNodeSettings } from "../../src/compose/log-node.js";
import type { JournalRecord } from "../../src/domain/event.js";
import { ImageDamaged } from "../../src/images/image-damaged.js";
import { seedSnapshot } from "../../src/images/seed-snapshot.js";
import { coveredTo, surveyImages } from "../../src/images/survey-images.js";
import { openFileJournal } from "../../src/journal/file-journal.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import { listSegments } from "../../src/journal/segment.js";
import { type CheckpointFile, LogStore } from "../../src/snapshots/log-store.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import type { PageStore } from "../../src/snapshots/page-store.js";
import type { MemoryDisk } from "../journal/memory-disk.js";
import { FOLDER } from "./simulated-process.js";
import { Finding, type SimulationContext } from "./simulation-context.js";
import { proveState } from "./state-proof.js";

export interface ImageTrial {
  readonly settings: LogNodeSettings;
  readonly recordsOf: (blocks: number) => Iterable<JournalRecord>;
}

export async function tryImages(context: SimulationContext, disk: MemoryDisk, trial: ImageTrial): Promise<void> {
  const { random, coverage } = context;
  const copy = disk.copy();
  const images = [...copy.contents()].filter(([path]) => path.endsWith(".image"));
  if (images.length === 0) return;
  const [path, bytes] = random.pick(images);
  const isFlipped = random.chance(0.6);
  if (isFlipped) copy.flip(path, random.below(bytes.length * 8));
  try {
    await proveState(await openFromImages(context, copy, trial), trial.recordsOf, trial.settings);
    if (isFlipped) coverage.count("a flipped bit of an image did no harm");
  } catch (cause) {
    // Two images are kept, and the journal since the older one, so that one damaged image is never the end of it.
    const how = isFlipped ? `${images.length} images, one of them damaged` : "images";
    throw new Finding(`from ${how}: ${(cause as Error).message}`, { cause });
  }
}

/** The bytes of a checkpoint that was made from nothing but images and the journal. */
async function openFromImages(context: SimulationContext, disk: MemoryDisk, trial: ImageTrial): Promise<Uint8Array> {
  const survey = await surveyImages(disk, FOLDER);
  const { journal, reader } = await openFileJournal({
    disk,
    folder: FOLDER,
    timers: { after: () => ({ cancel: () => {} }) },
    randomBytes: (count) => context.random.bytes(count),
    segmentBytes: 4_096,
    coveredTo: coveredTo(survey),
  });
  const [firstSegment = 1] = await listSegments(disk, FOLDER);
  let place = emptyPlace();
  let damage = survey.damaged[0];
  for (const { path, position } of survey.images) {
    if (position.segment < firstSegment) continue;
    try {
      await seedSnapshot(disk, path, { pages: place.pages, checkpointFile: place.file });
      damage = undefined;
      break;
    } catch (cause) {
      if (!(cause instanceof ImageDamaged)) throw cause;
      damage = cause;
      place = emptyPlace();
    }
  }
  if (damage !== undefined && firstSegment > 1) throw damage;
  const store = await LogStore.open(place.pages, place.file, trial.settings);
  let timeMs = store.checkpointTimeMs;
  for await (const { body } of reader.read(store.checkpointPosition)) {
    for (const record of readRecords(body)) {
      applyRecord(store, record);
      timeMs = record.timeMs;
    }
  }
  await store.beginCheckpoint(timeMs).write(journal.head!);
  return (await place.file.read())!;
}

function emptyPlace(): { readonly pages: PageStore; readonly file: CheckpointFile } {
  let bytes: Uint8Array | undefined;
  return {
    pages: new MemoryPageStore(),
    file: {
      read: async () => bytes,
      write: async (written) => {
        bytes = written;
      },
    },
  };
}
