/**
 * Opens a log from its images alone, on a copy of the disk, now and then with one bit of an image turned over: it must come to the
 * state of all its records all the same, from an older image where the newest cannot be proven.
 */
import type { LogNodeSettings } from "../../src/compose/log-node.js";
import type { JournalRecord } from "../../src/domain/event.js";
import { ImageDamaged } from "../../src/images/image-damaged.js";
import { JournalError } from "../../src/journal/journal.js";
import type { MemoryDisk } from "../journal/memory-disk.js";
import { openFromImages } from "./log-from-images.js";
import { FOLDER } from "./simulated-process.js";
import { Finding, type SimulationContext } from "./simulation-context.js";
import { proveState } from "./state-proof.js";

export interface ImageTrial {
  readonly settings: LogNodeSettings;
  readonly recordsOf: (blocks: number) => Iterable<JournalRecord>;
  /** The log began with a backup, which has one image only. */
  readonly isRestored: boolean;
}

export async function tryImages(context: SimulationContext, disk: MemoryDisk, trial: ImageTrial): Promise<void> {
  const { random, coverage } = context;
  const copy = disk.copy();
  const images = [...copy.contents()].filter(([path]) => path.startsWith(FOLDER) && path.endsWith(".image"));
  if (images.length === 0) return;
  const [path, bytes] = random.pick(images);
  const isFlipped = random.chance(0.6);
  if (isFlipped) copy.flip(path, random.below(bytes.length * 8));
  try {
    const { checkpoint } = await openFromImages(context, { disk: copy, folder: FOLDER }, trial.settings);
    await proveState(checkpoint, trial.recordsOf, trial.settings);
    if (isFlipped) coverage.count("a flipped bit of an image did no harm");
  } catch (cause) {
    const isOnlyOne = trial.isRestored && images.length === 1 && isFlipped;
    if (isOnlyOne && (cause instanceof ImageDamaged || cause instanceof JournalError)) {
      context.note(`refused: ${cause.message}`);
      return;
    }
    // Two images are kept, and the journal since the older one, so that one damaged image is never the end of it.
    const how = isFlipped ? `${images.length} images, one of them damaged` : "images";
    throw new Finding(`from ${how}: ${(cause as Error).message}`, { cause });
  }
}
