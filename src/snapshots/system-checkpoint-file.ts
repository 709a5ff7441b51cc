import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CheckpointFile } from "./log-store.js";

/** The checkpoint file in a folder: written aside, synced, and put in place by a rename that is synced too. */
export function systemCheckpointFile(folder: string): CheckpointFile {
  const path = join(folder, "CHECKPOINT");
  return {
    async read() {
      try {
        return await readFile(path);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw cause;
      }
    },
    async write(bytes) {
      await mkdir(folder, { recursive: true });
      const aside = `${path}.new`;
      const file = await open(aside, "w");
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(aside, path);
      const parent = await open(dirname(path), "r");
      try {
        await parent.sync();
      } finally {
        await parent.close();
      }
    },
  };
}
