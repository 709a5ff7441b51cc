/**
 * One bit of the journal turned over while nobody looked, on a copy of the disk: opening must refuse, or serve exactly what was
 * there before, or cut no more than the last block where WITNESS does not name it yet (decision 2). Then the run goes on without it.
 */
import { coveredTo, surveyImages } from "../../src/images/survey-images.js";
import { openFileJournal } from "../../src/journal/file-journal.js";
import { JournalError } from "../../src/journal/journal.js";
import { readWitness } from "../../src/journal/witness.js";
import type { MemoryDisk } from "../journal/memory-disk.js";
import { readJournal } from "./read-journal.js";
import { FOLDER } from "./simulated-process.js";
import { Finding, type SimulationContext } from "./simulation-context.js";

/** Bytes after the last one that is not zero which a flip may fall into as well. */
const FREE_BYTES = 600;
/** Where the last block lies, more or less. */
const LAST_BYTES = FREE_BYTES + 500;

export async function flipOneBit(context: SimulationContext, disk: MemoryDisk): Promise<void> {
  const { random, coverage } = context;
  const files = [...disk.contents()].filter(([path]) => isOfJournal(path));
  if (files.length === 0) return;
  const whole = await blocksServed(context, disk.copy());
  if (whole === "refused") throw new Finding("a journal that nothing damaged is refused");
  const [path, bytes] = random.pick(files);
  const end = Math.min(bytes.length, endOf(bytes) + FREE_BYTES);
  const start = random.chance(0.4) ? Math.max(0, end - LAST_BYTES) : 0;
  const bit = start * 8 + random.below((end - start) * 8);
  const damaged = disk.copy();
  damaged.flip(path, bit);
  coverage.count("disk: a bit flipped at rest");
  context.note(`bit ${bit} of ${path} flips`);
  const served = await blocksServed(context, damaged);
  if (served === "refused") {
    coverage.count("a flipped bit was refused");
    return;
  }
  const where = `with bit ${bit} of ${path} turned over`;
  for (const [index, body] of served.entries()) {
    if (whole[index]?.equals(body) !== true) throw new Finding(`${where}, block ${index + 1} is served wrong`);
  }
  if (served.length === whole.length) return;
  const { before } = await readJournal(disk.copy(), undefined);
  const witnessed = (await readWitness(disk.copy(), FOLDER))?.position?.block ?? 0;
  if (served.length < whole.length - 1 || witnessed > before + served.length) {
    throw new Finding(
      `${where}, blocks ${served.length + 1} to ${whole.length} are gone, and WITNESS is at ${witnessed}`,
    );
  }
  coverage.count("a flipped bit fell into the last moments, and was cut as torn");
}

function isOfJournal(path: string): boolean {
  return (
    path === `${FOLDER}/FORMAT` || path === `${FOLDER}/WITNESS` || (path.startsWith(FOLDER) && path.endsWith(".seg"))
  );
}

function endOf(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}

async function blocksServed(context: SimulationContext, disk: MemoryDisk): Promise<readonly Buffer[] | "refused"> {
  try {
    const { journal } = await openFileJournal({
      disk,
      folder: FOLDER,
      timers: { after: () => ({ cancel: () => {} }) },
      randomBytes: (count) => context.random.bytes(count),
      segmentBytes: 4_096,
      coveredTo: coveredTo(await surveyImages(disk, FOLDER)),
    });
    const { bodies } = await readJournal(disk, journal.head);
    await journal.close();
    return bodies;
  } catch (cause) {
    if (cause instanceof JournalError && (cause.kind === "damaged" || cause.kind === "format")) return "refused";
    throw cause;
  }
}
