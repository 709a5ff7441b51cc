/**
 * One connector for a state folder: two would give the same numbers to different events. The lock is a file with the holder's
 * process id; one whose process is gone is taken over. It guards against a second start on the same machine, not against a folder
 * that two machines share.
 */
import { open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";

export class FolderTaken extends Error {
  readonly code = "CONNECTOR_RUNNING";

  constructor(folder: string, holder: number) {
    super(`another connector (process ${holder}) works on ${folder}`);
    this.name = "FolderTaken";
  }
}

/** Resolves with what lets go of it. Throws FolderTaken. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "lock");
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => unlink(path).catch(() => {});
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => "0"));
    // In a container every process may have the same id: one's own is a former run's.
    if (holder !== process.pid && isAlive(holder)) throw new FolderTaken(folder, holder);
    await unlink(path).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // It is there, and somebody else's.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
