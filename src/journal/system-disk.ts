/** The Disk port on node:fs. Appends go through plain file descriptors: one operation of the thread pool each. */
import { close, constants, fdatasync, fstat, fsync, open, read, readSync, write } from "node:fs";
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import type { Disk, DiskFile } from "./disk.js";

const openAsync = promisify(open);
const closeAsync = promisify(close);
const syncAsync = promisify(fsync);
/** What a folder above ours may answer that we have no business with. */
const NOT_OURS = new Set(["EACCES", "EPERM", "EINVAL", "EROFS"]);

export const systemDisk: Disk = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
    // A folder is durable once the one above it is synced; any of these may be new.
    for (let at = dirname(resolve(path)); ; at = dirname(at)) {
      await syncFolder(at).catch((cause) => {
        if (!NOT_OURS.has(codeOf(cause))) throw cause;
      });
      if (at === dirname(at)) return;
    }
  },
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return [];
      throw cause;
    }
  },
  async open(path) {
    try {
      return fileOf(await openAsync(path, constants.O_RDONLY), path);
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return undefined;
      throw cause;
    }
  },
  openDurable: async (path) => fileOf(await openAsync(path, constants.O_RDWR | constants.O_DSYNC), path),
  create: async (path) =>
    fileOf(await openAsync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o644), path),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncFolder,
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

/** fsync, not fdatasync: a new name is metadata, which the latter may leave out. */
async function syncFolder(path: string): Promise<void> {
  const descriptor = await openAsync(path, constants.O_RDONLY);
  try {
    await syncAsync(descriptor);
  } finally {
    await closeAsync(descriptor);
  }
}

function fileOf(descriptor: number, path: string): DiskFile {
  let isClosed = false;
  const named = (error: unknown) =>
    Object.assign(error as Error, { path, message: `${(error as Error).message}, '${path}'` });
  /** The number of a closed descriptor may be another file's by now. */
  const operate = <T>(run: (done: (error: unknown, result: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      if (isClosed) reject(named(Object.assign(new Error("EBADF: the file is closed"), { code: "EBADF" })));
      else run((error, result) => (error ? reject(named(error)) : resolve(result)));
    });
  return {
    size: async () => (await operate<{ size: number }>((done) => fstat(descriptor, done))).size,
    read: (into, length, position) => operate((done) => read(descriptor, into, 0, length, position, done)),
    readSync(into, length, position) {
      try {
        if (isClosed) throw Object.assign(new Error("EBADF: the file is closed"), { code: "EBADF" });
        return readSync(descriptor, into, 0, length, position);
      } catch (cause) {
        throw named(cause);
      }
    },
    write: (from, start, length, position) => operate((done) => write(descriptor, from, start, length, position, done)),
    sync: () => operate<void>((done) => fdatasync(descriptor, (error) => done(error, undefined))),
    close: () =>
      operate<void>((done) => {
        isClosed = true;
        close(descriptor, (error) => done(error, undefined));
      }),
  };
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? "";
}
