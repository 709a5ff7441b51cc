/**
 * Opens a log from its folder: journal, pages, node. Snapshots that cannot be proven are thrown away and made anew from the journal;
 * a journal that cannot be proven is never served.
 */
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EngineObserver } from "../actor/engine.js";
import { systemClock, systemScheduler, systemTimers } from "../actor/system-clock.js";
import { openFileJournal } from "../journal/file-journal.js";
import type { Journal } from "../journal/journal.js";
import { systemDisk } from "../journal/system-disk.js";
import { openLevelPageStore } from "../snapshots/level-page-store.js";
import { type PageStore, SnapshotDamaged } from "../snapshots/page-store.js";
import { systemCheckpointFile } from "../snapshots/system-checkpoint-file.js";
import { collectGarbage } from "./collect-garbage.js";
import type { Log } from "./log.js";
import { LogNode, type LogNodeSettings } from "./log-node.js";

export interface LogFolderOptions {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly settings: LogNodeSettings;
  readonly observer: EngineObserver;
  readonly log: Log;
  /** The node before this one failed to write: go on in a new segment. */
  readonly afterFailure: boolean;
  /** The node before this one met a page that could not be proven: make the snapshot anew from the journal. */
  readonly rebuild: boolean;
}

export interface OpenLog {
  readonly node: LogNode;
  readonly journal: Journal;
  close(): Promise<void>;
}

export async function openLogFolder(options: LogFolderOptions): Promise<OpenLog> {
  const { folder, log } = options;
  await mkdir(folder, { recursive: true });
  const { journal, reader, report } = await openFileJournal({
    disk: systemDisk,
    folder,
    timers: systemTimers,
    randomBytes: (count) => randomBytes(count),
    segmentBytes: options.segmentBytes,
    afterFailure: options.afterFailure,
  });
  log.info({ ...report }, "journal opened");
  let pages: PageStore | undefined;
  const openNode = async () => {
    pages = await openPages(folder);
    return LogNode.open({
      journal,
      reader,
      pages,
      checkpointFile: systemCheckpointFile(folder),
      clock: systemClock,
      timers: systemTimers,
      scheduler: systemScheduler,
      randomBytes: (count) => randomBytes(count),
      observer: options.observer,
      settings: options.settings,
      relieveMemory: collectGarbage,
    });
  };
  const discard = async () => {
    await pages?.close().catch(() => {});
    await rm(join(folder, "CHECKPOINT"), { force: true });
    await rm(join(folder, "level"), { recursive: true, force: true });
  };
  try {
    let node: LogNode;
    if (options.rebuild) await discard();
    try {
      node = await openNode();
    } catch (cause) {
      if (!(cause instanceof SnapshotDamaged)) throw cause;
      log.warn({ reason: cause.message }, "snapshot cannot be proven; it is rebuilt from the journal");
      await discard();
      node = await openNode();
    }
    return {
      node,
      journal,
      async close() {
        await journal.close();
        await pages?.close();
      },
    };
  } catch (cause) {
    await pages?.close().catch(() => {});
    await journal.close().catch(() => {});
    throw cause;
  }
}

/** LevelDB refuses to open what it finds damaged itself; that is damage like any other. */
async function openPages(folder: string): Promise<PageStore> {
  try {
    return await openLevelPageStore(join(folder, "level"));
  } catch (cause) {
    throw new SnapshotDamaged(`the pages in ${join(folder, "level")} cannot be opened`, { cause });
  }
}
