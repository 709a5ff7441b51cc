/** Every kind of damage to every file of a data folder: one at a time, at positions spread by a seed. */
import { open, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { SeededRandom } from "../journal/seeded-random.js";
import type { Subject } from "./damage-subject.js";

const SECTOR = 512;

export type Damage =
  | { readonly kind: "bit flipped"; readonly path: string; readonly offset: number; readonly bit: number }
  | { readonly kind: "cut short"; readonly path: string; readonly bytes: number }
  | { readonly kind: "block zeroed"; readonly path: string; readonly offset: number }
  | { readonly kind: "deleted"; readonly path: string };

/** `flips` flipped bits over all files, more in larger ones but some in each; three cuts, two zeroed blocks and a deletion of each file. */
export function damagesTo(subject: Subject, random: SeededRandom, flips: number): readonly Damage[] {
  const files = subject.files.filter(({ bytes }) => bytes > 0);
  const total = files.reduce((sum, { bytes }) => sum + Math.sqrt(bytes), 0);
  const damages: Damage[] = subject.files.map(({ path }) => ({ kind: "deleted", path }));
  for (const { path, bytes } of files) {
    const count = Math.max(4, Math.round((flips * Math.sqrt(bytes)) / total));
    for (let flip = 0; flip < count; flip++) {
      // One position in each of as many equal parts.
      const offset = Math.min(bytes - 1, Math.floor(((flip + random.next()) * bytes) / count));
      damages.push({ kind: "bit flipped", path, offset, bit: random.below(8) });
    }
    for (const length of new Set([0, Math.floor(bytes * random.next()), bytes - 1])) {
      damages.push({ kind: "cut short", path, bytes: length });
    }
    const sectors = Math.ceil(bytes / SECTOR);
    for (const sector of new Set([0, random.below(sectors)])) {
      damages.push({ kind: "block zeroed", path, offset: sector * SECTOR });
    }
  }
  return damages;
}

export async function inflict(folder: string, damage: Damage): Promise<void> {
  const path = join(folder, damage.path);
  switch (damage.kind) {
    case "deleted":
      return rm(path);
    case "cut short":
      return truncate(path, damage.bytes);
    case "block zeroed": {
      const { size } = await stat(path);
      return overwrite(path, damage.offset, () => Buffer.alloc(Math.min(SECTOR, size - damage.offset)));
    }
    case "bit flipped":
      return overwrite(path, damage.offset, (before) => Buffer.from([before ^ (1 << damage.bit)]));
  }
}

async function overwrite(path: string, offset: number, make: (before: number) => Buffer): Promise<void> {
  const file = await open(path, "r+");
  try {
    const before = Buffer.alloc(1);
    await file.read(before, 0, 1, offset);
    const bytes = make(before[0]!);
    await file.write(bytes, 0, bytes.length, offset);
  } finally {
    await file.close();
  }
}

/** What kind of file it is, for the table of outcomes. */
export function fileKind(path: string): string {
  if (path.includes("segments/")) return "journal segment";
  if (path.includes("images/")) return "image";
  if (path.includes("level/")) return "level/ (LevelDB)";
  if (path.startsWith("lock/")) return "lock/";
  return path.split("/").at(-1)!;
}
