/**
 * The threads of images on simulated parts. Stopping them breaks off whatever is under way: the disk operation that was begun still
 * ends, no other is begun, and whoever waits for the job is told.
 */
import type { BackUpJob, BuildJob, ImageWork } from "../../src/compose/images/image-work.js";
import { imageWorkHere } from "../../src/compose/images/image-work.js";
import type { BackedUp } from "../../src/images/back-up.js";
import type { BuiltImage } from "../../src/images/build-image.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import type { Disk, DiskFile } from "../../src/journal/disk.js";

/** The job ended with its thread. */
export class BrokenOff extends Error {
  override readonly name = "BrokenOff";
}

export class SimulatedImageWork implements ImageWork {
  readonly #disk: Disk;
  readonly #breakOffs = new Set<() => Promise<unknown>>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  build(job: BuildJob, onDamaged: (file: string, message: string) => void): Promise<BuiltImage> {
    return this.#run((work) => work.build(job, onDamaged));
  }

  backUp(job: BackUpJob): Promise<BackedUp> {
    return this.#run((work) => work.backUp(job));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#breakOffs].map((breakOff) => breakOff()));
  }

  /** A job in a thread of its own. */
  #run<T>(begin: (work: ImageWork) => Promise<T>): Promise<T> {
    const disk = new ThreadDisk(this.#disk);
    const work = imageWorkHere(disk, WITHOUT_REST);
    return new Promise<T>((resolve, reject) => {
      const breakOff = async (): Promise<void> => {
        this.#breakOffs.delete(breakOff);
        await disk.end();
        reject(new BrokenOff("the thread of images was ended"));
      };
      this.#breakOffs.add(breakOff);
      begin(work)
        .then(resolve, reject)
        .finally(() => this.#breakOffs.delete(breakOff));
    });
  }
}

/** The disk as one thread has it. */
class ThreadDisk implements Disk {
  readonly #disk: Disk;
  readonly #inFlight = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The thread is gone once what it had asked of the disk has ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#inFlight);
  }

  makeFolder(path: string): Promise<void> {
    return this.#pass(() => this.#disk.makeFolder(path));
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#pass(() => this.#disk.list(folder));
  }

  async open(path: string): Promise<DiskFile | undefined> {
    const file = await this.#pass(() => this.#disk.open(path));
    return file && this.#handle(file);
  }

  async openDurable(path: string): Promise<DiskFile> {
    return this.#handle(await this.#pass(() => this.#disk.openDurable(path)));
  }

  async create(path: string): Promise<DiskFile> {
    return this.#handle(await this.#pass(() => this.#disk.create(path)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#pass(() => this.#disk.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#pass(() => this.#disk.remove(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#pass(() => this.#disk.syncFolder(path));
  }

  freeBytes(folder: string): Promise<number> {
    return this.#pass(() => this.#disk.freeBytes(folder));
  }

  #handle(file: DiskFile): DiskFile {
    return {
      size: () => this.#pass(() => file.size()),
      read: (into, length, position) => this.#pass(() => file.read(into, length, position)),
      readSync: (into, length, position) => file.readSync(into, length, position),
      write: (from, start, length, position) => this.#pass(() => file.write(from, start, length, position)),
      sync: () => this.#pass(() => file.sync()),
      close: () => file.close(),
    };
  }

  async #pass<T>(operate: () => Promise<T>): Promise<T> {
    if (this.#isOver) return new Promise<T>(() => {});
    const operation = operate();
    this.#inFlight.add(operation);
    try {
      return await operation;
    } finally {
      this.#inFlight.delete(operation);
      // Nobody is there any more to hear of it.
      if (this.#isOver) await new Promise(() => {});
    }
  }
}
