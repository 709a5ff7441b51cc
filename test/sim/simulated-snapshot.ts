/**
 * The snapshot of a log on a simulated disk: what compose/snapshot-folder.ts is in a real folder. What cannot be proven is thrown
 * away whole and made anew from the newest image that can, or left empty for the journal to fill.
 */
import { ImageDamaged } from "../../src/images/image-damaged.js";
import { seedSnapshot } from "../../src/images/seed-snapshot.js";
import type { ImageSurvey } from "../../src/images/survey-images.js";
import { type Disk, readUpTo, writeFileAtomically } from "../../src/journal/disk.js";
import { listSegments } from "../../src/journal/segment.js";
import type { CheckpointFile } from "../../src/snapshots/log-store.js";
import type { PageStore } from "../../src/snapshots/page-store.js";
import type { SimulatedPages } from "./simulated-pages.js";
import { Finding, type SimulationContext } from "./simulation-context.js";

export class SimulatedSnapshot {
  readonly checkpointFile: CheckpointFile;
  readonly #context: SimulationContext;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #pages: SimulatedPages;
  readonly #survey: ImageSurvey;

  constructor(
    context: SimulationContext,
    place: { readonly disk: Disk; readonly folder: string; readonly pages: SimulatedPages },
    survey: ImageSurvey,
  ) {
    this.#context = context;
    this.#disk = place.disk;
    this.#folder = place.folder;
    this.#pages = place.pages;
    this.#survey = survey;
    this.checkpointFile = checkpointFileOn(place.disk, place.folder);
  }

  async isMissing(): Promise<boolean> {
    return (await this.checkpointFile.read()) === undefined;
  }

  open(): PageStore {
    return this.#pages.open();
  }

  /** A snapshot that was there must not turn out unproven unless something damaged it. */
  async remakeDamaged(): Promise<void> {
    if (this.#pages.faultsMet === 0) throw new Finding("a snapshot cannot be proven, though nothing damaged one");
    this.#context.coverage.count("the snapshot was made anew from the journal");
    await this.remake();
  }

  async remake(): Promise<void> {
    this.#context.note("the snapshot is made anew");
    await this.#discard();
    const [firstSegment = 1] = await listSegments(this.#disk, this.#folder);
    let damage: ImageDamaged | undefined = this.#survey.damaged[0];
    for (const { path, position } of this.#survey.images) {
      if (position.segment < firstSegment) continue;
      try {
        await seedSnapshot(this.#disk, path, { pages: this.open(), checkpointFile: this.checkpointFile });
        this.#context.coverage.count("the snapshot was made anew from an image");
        return;
      } catch (cause) {
        await this.#discard();
        if (!(cause instanceof ImageDamaged)) throw cause;
        damage = cause;
      }
    }
    if (firstSegment > 1 && damage !== undefined) throw damage;
  }

  async #discard(): Promise<void> {
    await this.#disk.remove(`${this.#folder}/CHECKPOINT`);
    this.#pages.clear();
  }
}

function checkpointFileOn(disk: Disk, folder: string): CheckpointFile {
  return {
    async read() {
      const file = await disk.open(`${folder}/CHECKPOINT`);
      if (file === undefined) return undefined;
      try {
        return await readUpTo(file, await file.size(), 0);
      } finally {
        await file.close();
      }
    },
    write: (bytes) => writeFileAtomically(disk, folder, "CHECKPOINT", bytes),
  };
}
