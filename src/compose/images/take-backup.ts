/** A backup of the log in service: where it may go, whether there is room, and what is told when it cannot be made. */
import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { overloaded } from "../../actor/refusals.js";
import type { Backup } from "../../actor/service.js";
import { type Refusal, refusal } from "../../domain/refusal.js";
import type { Disk } from "../../journal/disk.js";
import type { Journal } from "../../journal/journal.js";
import type { ImageKeeper } from "./image-keeper.js";

export interface BackupOptions {
  readonly disk: Disk;
  readonly dataFolder: string;
  readonly journal: Journal;
  readonly images: ImageKeeper;
  /** Bytes that have to stay free on the disk, the backup's included. */
  readonly freeBytesMin: number;
}

/** Errors of the file system that are about the folder a caller chose, not about us. */
const CALLERS_CODES = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENAMETOOLONG", "ELOOP", "EINVAL"]);
/** How the damage of journal and image is called, also where it comes from another thread. */
const DAMAGE = new Set(["ImageDamaged", "JournalError"]);

/** Makes a backup in `directory`, an absolute path with nothing there yet. Rejects only for what is nobody's fault. */
export async function takeBackup(options: BackupOptions, directory: string): Promise<Backup | Refusal> {
  const { disk, images, journal } = options;
  if (images.isBackingUp) return overloaded("backup", { running: "1" });
  const head = journal.head;
  if (head === undefined) return overloaded("journal");
  try {
    if (await isInside(options.dataFolder, directory)) return insideData(directory);
    if ((await disk.list(directory)).length > 0) return notEmpty(directory);
    await disk.makeFolder(directory);
    const freeBytes = await disk.freeBytes(directory);
    const neededBytes = images.backupBytes(head) + options.freeBytesMin;
    if (freeBytes < neededBytes) return diskFull(directory, { free_bytes: freeBytes, needed_bytes: neededBytes });
    return await images.backUp(join(directory, "logs", "0"), head);
  } catch (cause) {
    const refused = refusalOf(directory, cause as NodeJS.ErrnoException);
    if (refused === undefined) throw cause;
    return refused;
  }
}

function refusalOf(directory: string, cause: NodeJS.ErrnoException): Refusal | undefined {
  const { code = "", name, message } = cause;
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(directory, {});
  if (CALLERS_CODES.has(code)) {
    const why = `The folder ${directory} cannot be written (${code}).`;
    return refusal("DIRECTORY_NOT_WRITABLE", why, { metadata: { directory, code }, fields: ["directory"] });
  }
  if (!DAMAGE.has(name)) return undefined;
  return refusal("DATA_DAMAGED", `No backup was made: ${message}.`, { metadata: { damage: message } });
}

function insideData(directory: string): Refusal {
  const why = `directory: ${directory} lies in the data folder, which a backup has to outlive`;
  return refusal("INVALID_FIELD", why, { metadata: { directory }, fields: ["directory"] });
}

function notEmpty(directory: string): Refusal {
  const why = `The folder ${directory} is not empty; a backup goes into a folder of its own.`;
  return refusal("DIRECTORY_NOT_EMPTY", why, { metadata: { directory }, fields: ["directory"] });
}

function diskFull(directory: string, bytes: Readonly<Record<string, number>>): Refusal {
  const numbers = Object.entries(bytes).map(([name, value]) => [name, String(value)]);
  const metadata = { directory, ...Object.fromEntries(numbers) };
  return refusal("DISK_FULL", `There is too little room for a backup in ${directory}.`, { metadata });
}

/** Whether a path leads into the data folder, by whatever links. */
async function isInside(dataFolder: string, directory: string): Promise<boolean> {
  const data = await realpath(dataFolder);
  for (let at = directory; ; at = dirname(at)) {
    try {
      const real = await realpath(at);
      return real === data || real.startsWith(`${data}${sep}`);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || at === dirname(at)) throw cause;
    }
  }
}
