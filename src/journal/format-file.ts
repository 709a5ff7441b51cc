/** FORMAT: says that a folder is a journal of ours, which store it belongs to, and by which rules it was written. */
import { crc32 } from "node:zlib";
import { type Disk, readUpTo, writeFileAtomically } from "./disk.js";
import { JournalError } from "./journal.js";

export const JOURNAL_FORMAT = 1;
const MAGIC = Buffer.from("HFJOURN\n", "latin1");
const BYTES = 32;

/** Whether the folder has a FORMAT. Throws `damaged` when it is not whole, `format` when it is newer than this version. */
export async function readFormat(disk: Disk, folder: string): Promise<boolean> {
  const path = `${folder}/FORMAT`;
  const file = await disk.open(path);
  if (file === undefined) return false;
  const bytes = Buffer.from(await readUpTo(file, BYTES + 1, 0));
  await file.close();
  const at = { file: path, offset: 0 };
  if (bytes.length !== BYTES) throw new JournalError("damaged", `${path} has ${bytes.length} bytes, not ${BYTES}`, at);
  if (!bytes.subarray(0, 8).equals(MAGIC) || crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) {
    throw new JournalError("damaged", `${path} is not what was written`, at);
  }
  const format = bytes.readUInt32LE(8);
  if (format > JOURNAL_FORMAT) {
    throw new JournalError("format", `${path} has format ${format}; this version reads up to ${JOURNAL_FORMAT}`, at);
  }
  return true;
}

export async function writeFormat(disk: Disk, folder: string, storeId: Uint8Array): Promise<void> {
  const bytes = Buffer.alloc(BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(JOURNAL_FORMAT, 8);
  bytes.set(storeId.subarray(0, 16), 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  await writeFileAtomically(disk, folder, "FORMAT", bytes);
}
