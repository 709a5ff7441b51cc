/** Makes the state of a log anew, on a disk without delay or fault, from nothing but its images and its journal, as a rebuild does. */
import { applyRecord } from "../../src/actor/apply.js";
import type { LogNodeSettings } from "../../src/compose/log-node.js";
import { ImageDamaged } from "../../src/images/image-damaged.js";
import { seedSnapshot } from "../../src/images/seed-snapshot.js";
import { coveredTo, surveyImages } from "../../src/images/survey-images.js";
import { openFileJournal } from "../../src/journal/file-journal.js";
import type { BlockPosition } from "../../src/journal/journal.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import { listSegments } from "../../src/journal/segment.js";
import { type CheckpointFile, LogStore } from "../../src/snapshots/log-store.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import type { PageStore } from "../../src/snapshots/page-store.js";
import type { MemoryDisk } from "../journal/memory-disk.js";
import type { SimulationContext } from "./simulation-context.js";

export interface LogFromImages {
  readonly store: LogStore;
  /** The last block of the journal. */
  readonly head: BlockPosition;
  /** Service time of the last record, milliseconds. */
  readonly timeMs: number;
  /** The bytes of a checkpoint of it. */
  readonly checkpoint: Uint8Array;
}

/** Opens the log in a folder; the disk is changed by that. Rejects where it cannot be proven. */
export async function openFromImages(
  context: SimulationContext,
  log: { readonly disk: MemoryDisk; readonly folder: string },
  settings: LogNodeSettings,
): Promise<LogFromImages> {
  const { disk, folder } = log;
  const survey = await surveyImages(disk, folder);
  const { journal, reader } = await openFileJournal({
    disk,
    folder,
    timers: { after: () => ({ cancel: () => {} }) },
    randomBytes: (count) => context.random.bytes(count),
    segmentBytes: 4_096,
    coveredTo: coveredTo(survey),
  });
  const [firstSegment = 1] = await listSegments(disk, folder);
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
  const store = await LogStore.open(place.pages, place.file, settings);
  let timeMs = store.checkpointTimeMs;
  for await (const { body } of reader.read(store.checkpointPosition)) {
    for (const record of readRecords(body)) {
      applyRecord(store, record);
      timeMs = record.timeMs;
    }
  }
  const head = journal.head!;
  await store.beginCheckpoint(timeMs).write(head);
  return { store, head, timeMs, checkpoint: (await place.file.read())! };
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
