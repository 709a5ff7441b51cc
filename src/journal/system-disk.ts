/** The Disk port on node:fs. Appends go through plain file descriptors: one operation of the thread pool each. */
import { close, constants, fdatasync, fstat, open, read, write } from "node:fs";
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import type { Disk, DiskFile } from "./disk.js";

const openAsync = promisify(open);
const closeAsync = promisify(close);
const syncAsync = promisify(fdatasync);
const statAsync = promisify(fstat);

export const systemDisk: Disk = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (cause) {
      if (isMissing(cause)) return [];
      throw cause;
    }
  },
  async open(path) {
    try {
      return fileOf(await openAsync(path, constants.O_RDWR));
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw cause;
    }
  },
  openDurable: async (path) => fileOf(await openAsync(path, constants.O_RDWR | constants.O_DSYNC)),
  create: async (path) =>
    fileOf(await openAsync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o644)),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async syncFolder(path) {
    const descriptor = await openAsync(path, constants.O_RDONLY);
    try {
      await syncAsync(descriptor);
    } finally {
      await closeAsync(descriptor);
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

function fileOf(descriptor: number): DiskFile {
  return {
    size: async () => (await statAsync(descriptor)).size,
    read: (into, length, position) =>
      new Promise((resolve, reject) => {
        read(descriptor, into, 0, length, position, (error, count) => (error ? reject(error) : resolve(count)));
      }),
    write: (from, start, length, position) =>
      new Promise((resolve, reject) => {
        write(descriptor, from, start, length, position, (error, count) => (error ? reject(error) : resolve(count)));
      }),
    sync: () => syncAsync(descriptor),
    close: () => closeAsync(descriptor),
  };
}

function isMissing(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === "ENOENT";
}
