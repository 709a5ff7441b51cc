import { type CopyOptions, copyLog, removeCopy, sealCopy } from "./copy-log.js";

/** What a backup has. */
export interface BackedUp {
  /** The block that it is consistent as of, and the last one in it. */
  readonly block: number;
  readonly bytes: number;
}

/**
 * Copies a log that is in use into another folder, as of its block `head`. The copy is a log like any other: it can be
 * verified, restored and opened. After a failure what was copied is taken away again.
 */
export async function backUp(options: CopyOptions): Promise<BackedUp> {
  const { disk, to, head } = options;
  try {
    const copied = await copyLog(options);
    const sealed = await sealCopy(disk, options, head);
    return { block: head.block, bytes: copied + sealed };
  } catch (cause) {
    await removeCopy(disk, to).catch(() => {});
    throw cause;
  }
}
