/**
 * The files of a journal that is opened: made where there are none, and refused where some are missing.
 * FORMAT comes first, the first segment last: whatever a crash leaves of a journal being made can be told from damage.
 */
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
}

/** Makes what is missing of a new journal, proves that nothing is missing of an old one, and opens its WITNESS. */
export async function openJournalFolder(options: JournalFolderOptions): Promise<Witness> {
  const { disk, folder } = options;
  const hasFormat = await readFormat(disk, folder);
  const witness = await readWitness(disk, folder);
  const segments = await listSegments(disk, folder);
  if (!hasFormat && (segments.length > 0 || witness !== undefined)) throw missingFormat(folder);
  if (witness === undefined && segments.length > 0) throw missingWitness(folder);
  if (witness?.position !== undefined && segments.length === 0) throw missingSegment(folder, 1);
  await disk.makeFolder(`${folder}/segments`);
  if (!hasFormat) await writeFormat(disk, folder, options.randomBytes(16));
  const opened = witness === undefined ? await Witness.create(disk, folder) : (await Witness.open(disk, folder))!;
  try {
    if (segments.length === 0) {
      await createSegment(disk, folder, { number: 1, bytes: options.segmentBytes, salt: options.randomBytes(16) });
    }
    await proveSegments(disk, folder, segments);
    // A process that was killed may have left names behind that are seen and not yet durable.
    await disk.syncFolder(`${folder}/segments`);
    await disk.syncFolder(folder);
    return opened;
  } catch (cause) {
    await opened.close();
    throw cause;
  }
}

/** The segments of a journal that is only read, undefined where its making was cut short. Changes nothing. */
export async function proveJournalFolder(disk: Disk, folder: string) {
  if (!(await readFormat(disk, folder))) throw missingFormat(folder);
  const witness = await readWitness(disk, folder);
  const segments = await listSegments(disk, folder);
  if (witness === undefined && segments.length > 0) throw missingWitness(folder);
  if (witness?.position !== undefined && segments.length === 0) throw missingSegment(folder, 1);
  if (witness === undefined || segments.length === 0) return undefined;
  await proveSegments(disk, folder, segments);
  return { witness, segments };
}

function missingWitness(folder: string): JournalError {
  const file = `${folder}/WITNESS`;
  return new JournalError("damaged", `${file} is missing`, { file });
}
