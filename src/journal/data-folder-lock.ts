/**
 * The lock on a data folder: an otherwise empty LevelDB in `lock/`, opened first and closed last. Its LOCK file is a POSIX lock,
 * which another path to the same folder would not see in one process: real paths are registered here.
 * The pid file only serves the message: it may be missing, stale or wrong.
 */
import { readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";

/** Real paths of the folders that this process has locked. */
const held = new Set<string>();

export interface DataFolderLock {
  /** Lets go of the folder. A second call does nothing. */
  release(): Promise<void>;
}

/** The folder cannot be locked: somebody else has it, or the lock itself is damaged. */
export class DataFolderLocked extends Error {
  override readonly name = "DataFolderLocked";
}

/** Locks a folder that exists, or rejects with DataFolderLocked, which names the owner or what is wrong with `lock/`. */
export async function lockDataFolder(folder: string): Promise<DataFolderLock> {
  const real = await realpath(folder);
  if (held.has(real)) throw new DataFolderLocked(`${real} is in use by this process (${process.pid})`);
  held.add(real);
  const pidFile = join(real, "holdfast.pid");
  try {
    const level = await openLockStore(real, pidFile);
    await writeFile(pidFile, `${process.pid}\n`).catch(() => {});
    let released: Promise<void> | undefined;
    return {
      release() {
        released ??= letGo(real, level, pidFile);
        return released;
      },
    };
  } catch (cause) {
    held.delete(real);
    throw cause;
  }
}

async function openLockStore(real: string, pidFile: string): Promise<Level> {
  const store = join(real, "lock");
  const level = new Level(store);
  try {
    await level.open();
    return level;
  } catch (cause) {
    if (isLocked(cause))
      throw new DataFolderLocked(`${real} is in use by process ${await ownerIn(pidFile)}`, { cause });
    const message = `the lock in ${store} cannot be opened; it is damaged or unreadable`;
    throw new DataFolderLocked(message, { cause });
  }
}

async function ownerIn(pidFile: string): Promise<string> {
  const text = await readFile(pidFile, "utf8").catch(() => "");
  return /^\d{1,10}\n$/.test(text) ? text.trim() : "unknown";
}

async function letGo(real: string, level: Level, pidFile: string): Promise<void> {
  await rm(pidFile, { force: true }).catch(() => {});
  await level.close();
  held.delete(real);
}

function isLocked(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ((error as { code?: string }).code === "LEVEL_LOCKED") return true;
  }
  return false;
}
