/**
 * FORMAT: says that a folder is a journal of ours, which store it belongs to, and by which rules it was written.
 * Magic, version u32, store id 16 bytes, CRC-32. A later version may add bytes after these 32, so that every version can tell its own.
 */
import { crc32 } from "node:zlib";
import { type Disk, type DiskFile, readUpTo, writeFileAtomically } from "./disk.js";
import { JournalError } from "./journal.js";
import { newerFormat } from "./newer-format.js";

export const JOURNAL_FORMAT = 1;
const MAGIC = Buffer.from("HFJOURN\n", "latin1");
const BYTES = 32;

/** Whether the folder has a FORMAT. Throws `damaged` when it is not whole, `format` when it is newer than this version. */
export async function readFormat(disk: Disk, folder: string): Promise<boolean> {
  return (await readStoreId(disk, folder)) !== undefined;
}

/** The id of the store that the folder belongs to, in hex; undefined without FORMAT. Throws as `readFormat` does. */
export async function readStoreId(disk: Disk, folder: string): Promise<string | undefined> {
  const path = `${folder}/FORMAT`;
  const file = await disk.open(path);
  if (file === undefined) return undefined;
  const bytes = Buffer.from(await readWhole(file));
  const at = { file: path, offset: 0 };
  if (bytes.length < BYTES) throw wrongSize(path, bytes.length);
  if (!bytes.subarray(0, 8).equals(MAGIC) || crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) {
    throw new JournalError("damaged", `${path} is not what was written`, at);
  }
  const format = bytes.readUInt32LE(8);
  if (format > JOURNAL_FORMAT) throw newerFormat(path, { found: format, known: JOURNAL_FORMAT, ...at });
  if (bytes.length > BYTES) throw wrongSize(path, bytes.length);
  return bytes.toString("hex", 12, 28);
}

export function missingFormat(folder: string): JournalError {
  const file = `${folder}/FORMAT`;
  return new JournalError("damaged", `${file} is missing`, { file });
}

export async function writeFormat(disk: Disk, folder: string, storeId: Uint8Array): Promise<void> {
  const bytes = Buffer.alloc(BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(JOURNAL_FORMAT, 8);
  bytes.set(storeId.subarray(0, 16), 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  await writeFileAtomically(disk, folder, "FORMAT", bytes);
}

async function readWhole(file: DiskFile): Promise<Uint8Array> {
  try {
    return await readUpTo(file, BYTES + 1, 0);
  } finally {
    await file.close();
  }
}

function wrongSize(path: string, size: number): JournalError {
  const offset = Math.min(size, BYTES);
  return new JournalError("damaged", `${path} has ${size} bytes or more, not ${BYTES}`, { file: path, offset });
}
