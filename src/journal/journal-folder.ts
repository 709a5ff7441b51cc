/**
 * The files of a journal that is opened: made where there are none, and refused where some are missing.
 * FORMAT comes first, the first segment last: whatever a crash leaves of a journal being made can be told from damage.
 */

import type { ChainStart } from "./chain.js";
import type { Disk } from "./disk.js";
import { missingFormat, readFormat, writeFormat } from "./format-file.js";
import { JournalError } from "./journal.js";
import { createSegment, listSegments, missingSegment, proveSegments } from "./segment.js";
import { readWitness, Witness } from "./witness.js";

export interface JournalFolderOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly segmentBytes: number;
  /** The block up to which an image holds the state: the segments before that block's may be gone. */
  readonly coveredTo?: ChainStart | undefined;
}

/** Makes what is missing of a new journal, proves that nothing is missing of an old one, and opens its WITNESS. */
export async function openJournalFolder(options: JournalFolderOptions): Promise<Witness> {
  const { disk, folder } = options;
  const { hasFormat, witness, segments } = await readFolder(disk, folder, options.coveredTo);
  if (!hasFormat && (segments.length > 0 || witness !== undefined)) throw missingFormat(folder);
  await disk.makeFolder(`${folder}/segments`);
  if (!hasFormat) await writeFormat(disk, folder, options.randomBytes(16));
  const opened = witness === undefined ? await Witness.create(disk, folder) : (await Witness.open(disk, folder))!;
  try {
    if (segments.length === 0) {
      await createSegment(disk, folder, { number: 1, bytes: options.segmentBytes, salt: options.randomBytes(16) });
    }
    // A process that was killed may have left names behind that are seen and not yet durable.
    await disk.syncFolder(`${folder}/segments`);
    await disk.syncFolder(folder);
    return opened;
  } catch (cause) {
    await opened.close();
    throw cause;
  }
}

/** WITNESS and segments of a journal that is only read; undefined where its making was cut short. Changes nothing. */
export async function proveJournalFolder(disk: Disk, folder: string, coveredTo?: ChainStart) {
  const { hasFormat, witness, segments } = await readFolder(disk, folder, coveredTo);
  if (!hasFormat) throw missingFormat(folder);
  return witness === undefined || segments.length === 0 ? undefined : { witness, segments };
}

async function readFolder(disk: Disk, folder: string, coveredTo: ChainStart | undefined) {
  const hasFormat = await readFormat(disk, folder);
  const witness = await readWitness(disk, folder);
  const segments = await listSegments(disk, folder);
  if (witness === undefined && segments.length > 0) {
    const file = `${folder}/WITNESS`;
    throw new JournalError("damaged", `${file} is missing`, { file });
  }
  const first = segments[0] ?? 1;
  const last = segments.at(-1) ?? 0;
  if (first > Math.max(1, coveredTo?.position.segment ?? 0)) throw missingSegment(folder, first - 1);
  const witnessed = Math.max(witness?.position?.segment ?? 0, coveredTo?.position.segment ?? 0);
  if (witnessed > last) throw missingSegment(folder, last + 1);
  await proveSegments(disk, folder, segments);
  return { hasFormat, witness, segments };
}
