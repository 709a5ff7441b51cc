/** The images of a log: `images/<block>.image` in its folder. What is being written ends in `.new` and is no image. */
import type { Disk } from "../journal/disk.js";

export function imageFolder(folder: string): string {
  return `${folder}/images`;
}

export function imagePath(folder: string, block: number): string {
  return `${imageFolder(folder)}/${String(block).padStart(12, "0")}.image`;
}

/** The blocks of which there are images, newest first. A strange name is passed over. */
export async function listImages(disk: Disk, folder: string): Promise<readonly number[]> {
  const names = await disk.list(imageFolder(folder));
  return names
    .map((name) => /^(\d{12,})\.image$/.exec(name))
    .flatMap((match) => (match === null ? [] : [Number(match[1])]))
    .sort((one, other) => other - one);
}

/** Takes away images. What is being made meanwhile is left alone. */
export async function removeImages(disk: Disk, folder: string, blocks: readonly number[]): Promise<void> {
  await removeAll(
    disk,
    folder,
    blocks.map((block) => imagePath(folder, block)),
  );
}

/** Takes away what is left of images that were never finished: only before any is made. */
export async function removeUnfinished(disk: Disk, folder: string): Promise<void> {
  const names = (await disk.list(imageFolder(folder))).filter((name) => name.endsWith(".new"));
  await removeAll(
    disk,
    folder,
    names.map((name) => `${imageFolder(folder)}/${name}`),
  );
}

async function removeAll(disk: Disk, folder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await disk.remove(path);
  if (paths.length > 0) await disk.syncFolder(imageFolder(folder));
}
