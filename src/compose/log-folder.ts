/**
 * Opens a log from its folder: images, journal, pages, node. Snapshots that cannot be proven are thrown away and made anew
 * from the newest image that can, and the journal since; a journal that cannot be proven is never served.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { EngineObserver } from "../actor/engine.js";
import { systemClock, systemScheduler, systemTimers } from "../actor/system-clock.js";
import type { EngineTelemetry } from "../actor/telemetry.js";
import type { PositionsAsker } from "../erp/drift/positions-asker.js";
import { removeUnfinished } from "../images/image-folder.js";
import { coveredTo, type ImageSurvey, surveyImages } from "../images/survey-images.js";
import { type OpenedJournal, openFileJournal } from "../journal/file-journal.js";
import { readStoreId } from "../journal/format-file.js";
import { type Journal, JournalError } from "../journal/journal.js";
import { systemDisk } from "../journal/system-disk.js";
import { SnapshotDamaged } from "../snapshots/page-store.js";
import { collectGarbage } from "./collect-garbage.js";
import { ImageKeeper, type ImagePolicy } from "./images/image-keeper.js";
import type { ImageWork } from "./images/image-work.js";
import type { Log } from "./log.js";
import { LogNode, type LogNodeSettings } from "./log-node.js";
import { SnapshotFolder } from "./snapshot-folder.js";

export interface LogFolderOptions {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly settings: LogNodeSettings;
  readonly observer: EngineObserver;
  readonly telemetry?: EngineTelemetry | undefined;
  readonly asker: PositionsAsker;
  readonly log: Log;
  /** Bytes that have to stay free on the disk. */
  readonly freeBytesMin: number;
  readonly images: ImagePolicy;
  readonly imageWork: ImageWork;
  /** The node before this one failed to write: go on in a new segment. */
  readonly afterFailure: boolean;
  /** The node before this one met a page that could not be proven: make the snapshot anew from the journal. */
  readonly rebuild: boolean;
}

export interface OpenLog {
  readonly node: LogNode;
  readonly journal: Journal;
  readonly images: ImageKeeper;
  close(): Promise<void>;
}

export async function openLogFolder(options: LogFolderOptions): Promise<OpenLog> {
  const { folder, log } = options;
  await mkdir(folder, { recursive: true });
  const survey = await surveyImages(systemDisk, folder);
  for (const { message } of survey.damaged) log.warn({ reason: message }, "image cannot be proven; it is not used");
  const { journal, reader, history, report } = await openJournal(options, survey);
  log.info({ ...report }, "journal opened");
  const images = await keepImages(options, { journal, survey });
  const snapshot = new SnapshotFolder(folder, survey, log);
  const openNode = async () =>
    LogNode.open({
      journal,
      reader,
      history,
      pages: await snapshot.open(),
      checkpointFile: snapshot.checkpointFile,
      clock: systemClock,
      timers: systemTimers,
      scheduler: systemScheduler,
      randomBytes: (count) => randomBytes(count),
      observer: {
        ...options.observer,
        checkpointed(position) {
          options.observer.checkpointed(position);
          images.checkpointed(position);
        },
      },
      telemetry: options.telemetry,
      settings: options.settings,
      asker: options.asker,
      relieveMemory: collectGarbage,
    });
  try {
    let node: LogNode;
    if (options.rebuild || (await snapshot.isMissing())) await snapshot.remake();
    try {
      node = await openNode();
    } catch (cause) {
      if (!(cause instanceof SnapshotDamaged)) throw cause;
      log.warn({ reason: cause.message }, "snapshot cannot be proven; it is made anew");
      await snapshot.remake();
      node = await openNode();
    }
    const { checkpointPosition } = node.store;
    if (checkpointPosition !== undefined) images.checkpointed(checkpointPosition);
    return {
      node,
      journal,
      images,
      async close() {
        await images.stop();
        await journal.close();
        await snapshot.close();
      },
    };
  } catch (cause) {
    await images.stop();
    await snapshot.close().catch(() => {});
    await journal.close().catch(() => {});
    throw cause;
  }
}

async function keepImages(
  options: LogFolderOptions,
  { journal, survey }: { readonly journal: Journal; readonly survey: ImageSurvey },
): Promise<ImageKeeper> {
  const { folder, segmentBytes, freeBytesMin, log } = options;
  // A process that was killed may have left an image half made, and changed pages that are as large.
  await removeUnfinished(systemDisk, folder);
  return new ImageKeeper(
    {
      disk: systemDisk,
      folder,
      storeId: (await readStoreId(systemDisk, folder))!,
      journal,
      work: options.imageWork,
      policy: options.images,
      segmentBytes,
      answerRetentionMs: options.settings.answerRetentionMs,
      freeBytesMin,
      wallMs: () => systemClock.wallMs(),
      log,
    },
    survey.images,
  );
}

async function openJournal(options: LogFolderOptions, survey: ImageSurvey): Promise<OpenedJournal> {
  try {
    return await openFileJournal({
      disk: systemDisk,
      folder: options.folder,
      timers: systemTimers,
      randomBytes: (count) => randomBytes(count),
      segmentBytes: options.segmentBytes,
      afterFailure: options.afterFailure,
      coveredTo: coveredTo(survey),
    });
  } catch (cause) {
    const [damage] = survey.damaged;
    if (damage === undefined || survey.images.length > 0 || !(cause instanceof JournalError)) throw cause;
    // Segments may be missing because the damaged image covered them.
    const { file, offset } = damage;
    throw new JournalError(cause.kind, `${cause.message}; ${damage.message}`, { cause: damage, file, offset });
  }
}
