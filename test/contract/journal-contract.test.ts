/** The journal's contract, kept by each of its backends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Disk, DiskFile } from "../../src/journal/disk.js";
import { MemoryJournal } from "../../src/journal/memory-journal.js";
import { systemDisk } from "../../src/journal/system-disk.js";
import { openRun } from "../journal/journal-run.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { describeJournalContract, type JournalBackend, type OpenJournal } from "./journal-contract.js";

/** Small enough that the features roll over many segments, and that a block of 5000 bytes always needs a new one. */
const SEGMENT_BYTES = 4096;

describeJournalContract("the journal in memory", async () => {
  let journal = new MemoryJournal();
  return {
    async open() {
      journal = journal.reopen();
      return { journal, reader: journal };
    },
    failNext: async (kind) => journal.failWith(kind),
    remove: async () => {},
  };
});

describeJournalContract("the journal in memory, whose unknown appends are stored", async () => {
  let journal = new MemoryJournal();
  return {
    async open() {
      journal = journal.reopen();
      return { journal, reader: journal };
    },
    failNext: async (kind) => journal.failWith(kind, kind === "unknown"),
    remove: async () => {},
  };
});

describeJournalContract("the journal in files on a simulated disk", async () =>
  fileBackend(new MemoryDisk(), "/data/logs/0", async () => {}),
);

describeJournalContract("the journal in files on a real disk", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-journal-"));
  return fileBackend(systemDisk, join(folder, "logs", "0"), () => rm(folder, { recursive: true }));
});

function fileBackend(disk: Disk, folder: string, remove: () => Promise<void>): JournalBackend {
  const breakable = new BreakableDisk(disk);
  let isOpenedBefore = false;
  return {
    async open(): Promise<OpenJournal> {
      const options = { folder, segmentBytes: SEGMENT_BYTES, afterFailure: isOpenedBefore && breakable.hasFailed };
      isOpenedBefore = true;
      breakable.mend();
      return openRun(breakable.disk, options);
    },
    async failNext(kind) {
      breakable.break(kind === "failed" ? "create" : "write");
    },
    remove,
  };
}

/** A disk that can be told to fail whatever makes a file, or whatever writes. */
class BreakableDisk {
  readonly disk: Disk;
  #broken: "create" | "write" | undefined;
  hasFailed = false;

  constructor(inner: Disk) {
    const mayBreak = (what: "create" | "write") => {
      if (this.#broken !== what) return;
      this.hasFailed = true;
      throw Object.assign(new Error(`EIO: ${what} failed as told`), { code: "EIO" });
    };
    const wrap = (file: DiskFile): DiskFile => ({
      ...file,
      write: async (...bytes) => {
        mayBreak("write");
        return file.write(...bytes);
      },
    });
    this.disk = {
      makeFolder: (path) => inner.makeFolder(path),
      list: (path) => inner.list(path),
      open: (path) => inner.open(path),
      openDurable: async (path) => wrap(await inner.openDurable(path)),
      create: async (path) => {
        mayBreak("create");
        return inner.create(path);
      },
      rename: (from, to) => inner.rename(from, to),
      remove: (path) => inner.remove(path),
      syncFolder: (path) => inner.syncFolder(path),
      freeBytes: (path) => inner.freeBytes(path),
    };
  }

  break(what: "create" | "write"): void {
    this.#broken = what;
  }

  mend(): void {
    this.#broken = undefined;
  }
}
