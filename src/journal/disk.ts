/**
 * The port to a file system, as small as the journal needs: real in system-disk.ts, at the byte level under simulation.
 * Every promise rejects with the system's error (`code` EIO, ENOSPC, ENOENT ...).
 */
export interface Disk {
  /** Makes a folder and those above it, durably, where they are not there yet. */
  makeFolder(path: string): Promise<void>;
  /** File names in a folder, in no order; empty where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Opens a file for reading; undefined where there is none. */
  open(path: string): Promise<DiskFile | undefined>;
  /** Opens an existing file so that a write is durable when it returns (O_DSYNC): one operation where write and sync are two. */
  openDurable(path: string): Promise<DiskFile>;
  /** Makes a new file, or an empty one of an old. Writes to it are durable only after `sync`. */
  create(path: string): Promise<DiskFile>;
  /** Puts a file in place of another, or under a new name. Durable after `syncFolder`. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** Bytes that may still be written where this folder lies. */
  freeBytes(folder: string): Promise<number>;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Reads up to `length` bytes at `position` into the start of `into`; fewer at the end of the file. */
  read(into: Uint8Array, length: number, position: number): Promise<number>;
  /** The same at once: for a page of state that is needed within a step. Never where a turn is kept waiting. */
  readSync(into: Uint8Array, length: number, position: number): number;
  /** Writes `length` bytes from `start` of `from`; it may write fewer and says how many. */
  write(from: Uint8Array, start: number, length: number, position: number): Promise<number>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Writes all of it, in as many writes as it takes. */
export async function writeAll(file: DiskFile, from: Uint8Array, length: number, position: number): Promise<void> {
  let done = await file.write(from, 0, length, position);
  while (done < length) {
    const more = await file.write(from, done, length - done, position + done);
    if (more === 0) throw new Error(`the disk took ${done} of ${length} bytes and no more`);
    done += more;
  }
}

/** Reads `length` bytes or fewer at the end of the file, in as many reads as it takes. */
export async function readUpTo(file: DiskFile, length: number, position: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const more = await file.read(bytes.subarray(done), length - done, position + done);
    if (more === 0) break;
    done += more;
  }
  return bytes.subarray(0, done);
}

/** Writes a whole small file beside its place, syncs it, and puts it there. */
export async function writeFileAtomically(disk: Disk, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const aside = `${folder}/${name}.new`;
  const file = await disk.create(aside);
  try {
    await writeAll(file, bytes, bytes.length, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(aside, `${folder}/${name}`);
  await disk.syncFolder(folder);
}

/** The same as readUpTo, at once. */
export function readUpToSync(file: DiskFile, length: number, position: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const more = file.readSync(bytes.subarray(done), length - done, position + done);
    if (more === 0) break;
    done += more;
  }
  return bytes.subarray(0, done);
}
