/** Reads the journal that a disk holds, without delay or fault: all of it, or what comes after the newest image. */
import { coveredTo, surveyImages } from "../../src/images/survey-images.js";
import { readBlocks } from "../../src/journal/chain.js";
import type { Disk } from "../../src/journal/disk.js";
import type { BlockPosition } from "../../src/journal/journal.js";
import { listSegments } from "../../src/journal/segment.js";
import { FOLDER } from "./simulated-process.js";

/** The bodies of the blocks up to `last`, and how many blocks come before them. */
export async function readJournal(
  disk: Disk,
  last: BlockPosition | undefined,
): Promise<{ readonly before: number; readonly bodies: readonly Buffer[] }> {
  const segments = await listSegments(disk, FOLDER);
  const after = segments[0] === 1 ? undefined : coveredTo(await surveyImages(disk, FOLDER))?.position;
  const bodies: Buffer[] = [];
  for await (const { body } of readBlocks(disk, FOLDER, { after, last })) bodies.push(Buffer.from(body));
  return { before: after?.block ?? 0, bodies };
}
