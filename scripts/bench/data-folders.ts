/** Folders for the servers under test: on a real disk, since durability is part of what is measured; gone at the end. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** File systems that keep their files in memory, where a data sync costs nothing and proves nothing. */
const MEMORY_FILE_SYSTEMS = ["tmpfs", "ramfs"];
const FALLBACK_ROOT = fileURLToPath(new URL("../../.cache/bench", import.meta.url));

export class DataFolders {
  readonly root: string;
  readonly fileSystem: string;

  /** Without a root: the system's temporary folder, or one beside the sources where that is kept in memory. */
  constructor(root?: string) {
    const wanted = root ?? (MEMORY_FILE_SYSTEMS.includes(fileSystemOf(tmpdir())) ? FALLBACK_ROOT : tmpdir());
    mkdirSync(wanted, { recursive: true });
    this.root = realpathSync(wanted);
    this.fileSystem = fileSystemOf(this.root);
    if (MEMORY_FILE_SYSTEMS.includes(this.fileSystem)) {
      throw new Error(`${this.root} is on ${this.fileSystem}, which is memory: name a folder on a disk as --data-root`);
    }
  }

  /** Runs with a fresh folder, which is removed afterwards, also when the process ends in between. */
  async use<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(this.root, "holdfast-bench-"));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once("exit", remove);
    try {
      return await work(folder);
    } finally {
      process.off("exit", remove);
      remove();
    }
  }
}

function fileSystemOf(folder: string): string {
  return parseFileSystem(readFileSync("/proc/self/mounts", "latin1"), realpathSync(folder));
}

/** The type of the innermost mount that holds the path, from the lines of a mounts file. */
export function parseFileSystem(mounts: string, path: string): string {
  let type = "unknown";
  let longest = 0;
  for (const line of mounts.split("\n")) {
    const [, mountPoint, mountType] = line.split(" ");
    if (mountPoint === undefined || mountType === undefined) continue;
    const holds = mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
    // A later mount on the same point covers the earlier one.
    if (holds && mountPoint.length >= longest) {
      longest = mountPoint.length;
      type = mountType;
    }
  }
  return type;
}
