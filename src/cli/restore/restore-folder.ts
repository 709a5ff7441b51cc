/** Makes a data folder of a backup: proves the backup whole, copies it, and begins a new epoch in the copy. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { WITHOUT_REST } from "../../images/pace.js";
import { restoreLog } from "../../images/restore-log.js";
import { type DataFolderLock, lockDataFolder } from "../../journal/data-folder-lock.js";
import { systemDisk } from "../../journal/system-disk.js";
import { Damaged, type Verified, type VerifiedEnd, verifyFolder } from "../verify/verify-folder.js";

/** What was restored. */
export interface Restored {
  /** The block that the new epoch begins with. */
  readonly block: number;
  readonly epoch: number;
  readonly verified: Verified;
}

/** Restores `from` into `data`, which is empty or not there. Rejects with the damage where the backup cannot be proven. */
export async function restoreFolder(
  from: string,
  data: string,
  options: { readonly answerRetentionMs: number },
): Promise<Restored> {
  await assertEmpty(data);
  const lock = await lockIfUsed(from);
  try {
    const { verified, end } = await verifyFolder(from, options);
    if (end === undefined) throw new Damaged(`${join(from, "logs", "0")} has no block: there is nothing to restore`);
    const block = await copyInto(data, from, end);
    return { block, epoch: end.epoch + 1, verified };
  } finally {
    await lock?.release();
  }
}

/** A backup is nobody's; a data folder that is copied from must not be in use meanwhile. */
async function lockIfUsed(from: string): Promise<DataFolderLock | undefined> {
  const names = await readdir(from);
  return names.includes("lock") ? lockDataFolder(from) : undefined;
}

async function copyInto(data: string, from: string, end: VerifiedEnd): Promise<number> {
  await mkdir(data, { recursive: true });
  const lock = await lockDataFolder(data);
  try {
    const position = await restoreLog({
      disk: systemDisk,
      from: join(from, "logs", "0"),
      to: join(data, "logs", "0"),
      pace: WITHOUT_REST,
      randomBytes: (count) => randomBytes(count),
      ...end,
    });
    await lock.release();
    return position.block;
  } catch (cause) {
    await lock.release();
    // It was empty before: what is there now is ours, and would only stand in the way of the next try.
    for (const name of await readdir(data)) await rm(join(data, name), { recursive: true });
    throw cause;
  }
}

async function assertEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw cause;
  });
  if (names.length > 0) throw new Error(`${folder} is not empty; a backup is restored into a folder of its own`);
}
