/**
 * Pages in memory that fail as LevelDB was seen to: acknowledged batches that a crash takes, single pages missing, stale or wrong,
 * reads and writes that fail. They outlive the process; `open` gives each process its own way in.
 */
import type { PageBatch, PageStore } from "../../src/snapshots/page-store.js";
import type { MemoryDisk } from "../journal/memory-disk.js";
import type { SimulationContext } from "./simulation-context.js";

/** How many of the newest batches a crash may take. */
const BATCHES_LOST_MAX = 3;
/** Where a store key ends its page and begins its generation. */
const GENERATION_AT = 9;

type Undo = ReadonlyMap<string, Uint8Array | undefined>;

export class SimulatedPages {
  readonly #context: SimulationContext;
  readonly #values = new Map<string, Uint8Array>();
  /** For each page its newest version, and the bytes of the one before. */
  readonly #versions = new Map<string, { key: string; bytes: Uint8Array; before?: Uint8Array }>();
  #undo: Undo[] = [];
  #process = 0;
  /** Faults so far: a start may find a snapshot damaged only after one. */
  faultsMet = 0;

  constructor(context: SimulationContext) {
    this.#context = context;
  }

  open(): PageStore {
    this.#process += 1;
    const process = this.#process;
    return {
      get: (key) => this.#get(nameOf(key)),
      write: (batch) => this.#write(batch, process),
      close: async () => {},
    };
  }

  /** The process or the machine is gone: what was in flight never ends, and some of what was acknowledged may be lost. */
  crash(): void {
    const { random, faults, coverage } = this.#context;
    this.#process += 1;
    if (this.#undo.length === 0 || !random.chance(faults.batchesLost / 1000)) return;
    for (let left = 1 + random.below(BATCHES_LOST_MAX); left > 0; left--) {
      for (const [key, before] of this.#undo.pop() ?? []) this.#put(key, before);
    }
    this.#met();
    this.#context.note("batches of pages are lost");
    coverage.count("snapshots: acknowledged batches were lost");
  }

  /** Throws everything away. */
  clear(): void {
    this.#values.clear();
    this.#versions.clear();
    this.#undo = [];
  }

  /** One page goes missing, is an older version of itself, or is not what was written. */
  damageOne(): void {
    const { random, coverage } = this.#context;
    const keys = [...this.#values.keys()];
    if (keys.length === 0) return;
    const replaced = [...this.#versions.values()].filter(
      ({ key, before }) => before !== undefined && this.#values.has(key),
    );
    const stale = replaced.length > 0 && random.chance(0.5) ? random.pick(replaced) : undefined;
    const key = stale?.key ?? random.pick(keys);
    this.#context.note(`a page is damaged: ${Buffer.from(key, "latin1").toString("hex")}`);
    if (stale !== undefined) {
      this.#values.set(key, stale.before!);
      coverage.count("snapshots: a page was stale");
    } else if (random.chance(0.5)) {
      this.#values.delete(key);
      coverage.count("snapshots: a page went missing");
    } else {
      const bytes = Uint8Array.from(this.#values.get(key)!);
      bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      this.#values.set(key, bytes);
      coverage.count("snapshots: a page was wrong");
    }
    this.#met();
  }

  /** The file that says which pages there are loses a bit, its end, or its name. */
  damageCheckpoint(disk: MemoryDisk, path: string): void {
    const { random, coverage } = this.#context;
    const bytes = disk.contents().get(path);
    if (bytes === undefined || bytes.length === 0) return;
    const damage = random.below(3);
    if (damage === 0) disk.flip(path, random.below(bytes.length * 8));
    else disk.put(path, damage === 1 ? bytes.subarray(0, random.below(bytes.length)) : undefined);
    this.#context.note("CHECKPOINT is damaged");
    coverage.count("snapshots: CHECKPOINT was damaged or gone");
    this.#met();
  }

  #get(key: string): Uint8Array | undefined {
    const { random, faults, coverage } = this.#context;
    if (random.chance((faults.pageError * 3) / 1000)) {
      this.#met();
      coverage.count("snapshots: a read failed");
      throw new Error("the page store cannot read, as told");
    }
    return this.#values.get(key);
  }

  #write(batch: PageBatch, process: number): Promise<void> {
    const { time, random, faults, coverage } = this.#context;
    const entries = new Map<string, Uint8Array | undefined>();
    for (const { key, value } of batch.puts) entries.set(nameOf(key), Uint8Array.prototype.slice.call(value));
    for (const key of batch.deletes) entries.set(nameOf(key), undefined);
    return new Promise((resolve, reject) => {
      time.in(random.below(faults.diskLatencyUs * 4), () => {
        if (process !== this.#process) return;
        if (random.chance((faults.pageError * 40) / 1000)) {
          this.#met();
          coverage.count("snapshots: a write failed");
          reject(new Error("the page store cannot write, as told"));
          return;
        }
        this.#undo.push(new Map([...entries.keys()].map((key) => [key, this.#values.get(key)])));
        if (this.#undo.length > BATCHES_LOST_MAX) this.#undo.shift();
        for (const [key, value] of entries) {
          this.#put(key, value);
          if (value !== undefined) this.#seeVersion(key, value);
        }
        resolve();
      });
    });
  }

  #put(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  #seeVersion(key: string, bytes: Uint8Array): void {
    const page = key.slice(0, GENERATION_AT);
    const newest = this.#versions.get(page);
    this.#versions.set(page, newest === undefined ? { key, bytes } : { key, bytes, before: newest.bytes });
  }

  #met(): void {
    this.faultsMet += 1;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}
