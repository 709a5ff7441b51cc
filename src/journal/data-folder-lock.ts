/**
 * The lock on a data folder: an otherwise empty LevelDB in `lock/`, opened first and closed last. Its LOCK file is a POSIX lock,
 * which another path to the same folder would not see in one process: real paths are registered here.
 * The pid file only serves the message.
 */
import { readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";

const held = new Set<string>();

export interface DataFolderLock {
  release(): Promise<void>;
}

/** The folder cannot be locked: somebody else has it, or the lock itself is damaged. */
export class DataFolderLocked extends Error {
  override readonly name = "DataFolderLocked";
}

export async function lockDataFolder(folder: string): Promise<DataFolderLock> {
  const real = await realpath(folder);
  if (held.has(real)) throw new DataFolderLocked(`${real} is in use by this process (${process.pid})`);
  held.add(real);
  const level = new Level(join(real, "lock"));
  const pidFile = join(real, "holdfast.pid");
  try {
    await level.open();
  } catch (cause) {
    held.delete(real);
    if (isLocked(cause)) {
      const owner = (await readFile(pidFile, "utf8").catch(() => "unknown")).trim();
      throw new DataFolderLocked(`${real} is in use by process ${owner}`, { cause });
    }
    throw new DataFolderLocked(`the lock in ${join(real, "lock")} cannot be opened; it is damaged or unreadable`, {
      cause,
    });
  }
  await writeFile(pidFile, `${process.pid}\n`);
  return {
    async release() {
      await rm(pidFile, { force: true });
      await level.close();
      held.delete(real);
    },
  };
}

function isLocked(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ((error as { code?: string }).code === "LEVEL_LOCKED") return true;
  }
  return false;
}
