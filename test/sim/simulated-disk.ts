/**
 * A disk on virtual time: each operation takes a while, may fail as the fault plan has it, and can be caught by a crash before,
 * in the middle, or after its work. What is on the disk, and what a crash leaves of it, is MemoryDisk's business.
 */
import type { Disk, DiskFile } from "../../src/journal/disk.js";
import type { Fault, MemoryDisk, Operation, OperationKind } from "../journal/memory-disk.js";
import { randomSurvival } from "../journal/survival.js";
import type { SimulationContext } from "./simulation-context.js";

const CHANGING = new Set<OperationKind>(["create", "rename", "remove", "syncFolder", "write", "writeDurable", "sync"]);
/** What a full disk refuses. A write into a preallocated file, which is what appends are, goes on. */
const NEEDS_SPACE = new Set<OperationKind>(["makeFolder", "create", "write"]);

interface Waiting extends Operation {
  /** Before its work, or after it. */
  phase: "before" | "after";
  readonly act: () => Promise<unknown>;
}

export class SimulatedDisk implements Disk {
  readonly #context: SimulationContext;
  readonly #memory: MemoryDisk;
  readonly #waiting = new Set<Waiting>();
  #isOver = false;
  /** Operations take this many times as long. */
  slowness = 1;
  /** There is no space for anything new. */
  isFull = false;

  constructor(context: SimulationContext, memory: MemoryDisk) {
    this.#context = context;
    this.#memory = memory;
  }

  /** What is on it, without delay or fault. */
  get memory(): MemoryDisk {
    return this.#memory;
  }

  /** Faults that its operations have met. */
  get faultsMet(): number {
    return this.#memory.faultsMet;
  }

  /** An operation on a file whose path ends so is under way. */
  isBusyWith(pathEnd: string): boolean {
    return [...this.#waiting].some(({ path }) => path.endsWith(pathEnd));
  }

  /** The machine loses power. What the next start finds. */
  async crash(): Promise<MemoryDisk> {
    const { random, coverage } = this.#context;
    const inFlight = this.#end();
    const append = inFlight.find(({ kind, path }) => kind === "writeDurable" && path.endsWith(".seg"));
    if (append?.phase === "before") coverage.count("a crash fell before an append was written");
    if (append?.phase === "after") coverage.count("a crash fell between sync and answer");
    const begun = inFlight.filter(({ phase, kind }) => phase === "before" && CHANGING.has(kind));
    if (begun.length > 0 && random.chance(0.7)) {
      const caught = append?.phase === "before" && random.chance(0.7) ? append : random.pick(begun);
      if (caught === append) coverage.count("a crash fell between append and sync");
      if (caught.kind === "writeDurable" || caught.kind === "write") {
        coverage.count("disk: a write was torn by a crash");
      }
      this.#memory.failNext(caught.kind, { kind: "crash" }, caught.path);
      await caught.act().catch(() => {});
    }
    if (this.#memory.hasPendingWrites) coverage.count("disk: unsynced writes were lost in a crash");
    return this.#memory.afterCrash(randomSurvival(random));
  }

  /** The process is killed: what it had asked of the disk is done or not, and what it had written stays. */
  async kill(): Promise<MemoryDisk> {
    for (const operation of this.#end()) {
      if (operation.phase === "before" && this.#context.random.chance(0.5)) await operation.act().catch(() => {});
    }
    return this.#memory.afterKill();
  }

  #end(): readonly Waiting[] {
    this.#isOver = true;
    const inFlight = [...this.#waiting];
    this.#waiting.clear();
    return inFlight;
  }

  makeFolder(path: string): Promise<void> {
    return this.#operate("makeFolder", path, () => this.#memory.makeFolder(path));
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#operate("list", folder, () => this.#memory.list(folder));
  }

  async open(path: string): Promise<DiskFile | undefined> {
    const file = await this.#operate("open", path, () => this.#memory.open(path));
    return file && this.#handle(file, path, "write");
  }

  async openDurable(path: string): Promise<DiskFile> {
    return this.#handle(
      await this.#operate("openDurable", path, () => this.#memory.openDurable(path)),
      path,
      "writeDurable",
    );
  }

  async create(path: string): Promise<DiskFile> {
    return this.#handle(await this.#operate("create", path, () => this.#memory.create(path)), path, "write");
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate("rename", to, () => this.#memory.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#operate("remove", path, () => this.#memory.remove(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#operate("syncFolder", path, () => this.#memory.syncFolder(path));
  }

  async freeBytes(folder: string): Promise<number> {
    const bytes = await this.#operate("freeBytes", folder, () => this.#memory.freeBytes(folder));
    return this.isFull ? 0 : bytes;
  }

  #handle(file: DiskFile, path: string, writeKind: "write" | "writeDurable"): DiskFile {
    return {
      size: () => this.#operate("size", path, () => file.size()),
      read: (into, length, position) => this.#operate("read", path, () => file.read(into, length, position)),
      readSync: (into, length, position) => file.readSync(into, length, position),
      write: (from, start, length, position) =>
        this.#operate(writeKind, path, () => file.write(from, start, length, position)),
      sync: () => this.#operate("sync", path, () => file.sync()),
      close: () => file.close(),
    };
  }

  /** Once its process or its machine is gone, an operation never ends. */
  async #operate<T>(kind: OperationKind, path: string, work: () => Promise<T>): Promise<T> {
    const act = (): Promise<T> => {
      const fault = this.#drawFault(kind);
      if (fault !== undefined) this.#memory.failNext(kind, fault, path);
      return work();
    };
    const waiting: Waiting = { kind, path, phase: "before", act: work };
    await this.#pass(waiting);
    const done = act();
    if (CHANGING.has(kind)) {
      waiting.phase = "after";
      await done.catch(() => {});
      await this.#pass(waiting);
    }
    return done;
  }

  #pass(operation: Waiting): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isOver) return;
      const { random, faults, time } = this.#context;
      this.#waiting.add(operation);
      time.in(random.below(faults.diskLatencyUs) * this.slowness, () => {
        if (this.#waiting.delete(operation)) resolve();
      });
    });
  }

  #drawFault(kind: OperationKind): Fault | undefined {
    const { random, faults, coverage } = this.#context;
    if (this.isFull && NEEDS_SPACE.has(kind)) {
      coverage.count("disk: no space, for long");
      return { kind: "error", code: "ENOSPC", effect: "nothing" };
    }
    if (kind === "close") return undefined;
    const canBeShort = kind === "read" || kind === "write" || kind === "writeDurable";
    if (canBeShort && random.chance(faults.diskShort / 1000)) {
      coverage.count(kind === "read" ? "disk: a short read" : "disk: a short write");
      return { kind: "short", bytes: 1 + random.below(600) };
    }
    // Of the many operations few are appends, and their failures matter most.
    const weight = kind === "writeDurable" || kind === "sync" ? 4 : 1;
    if (!random.chance((faults.diskError * weight) / 1000)) return undefined;
    const changes = CHANGING.has(kind);
    const code = changes && random.chance(0.4) ? "ENOSPC" : "EIO";
    coverage.count(code === "EIO" ? "disk: an operation failed with EIO" : "disk: no space, once");
    const effect = changes ? random.pick(["nothing", "seen", "done"] as const) : "nothing";
    const isWrite = kind === "write" || kind === "writeDurable" || kind === "sync";
    if (isWrite && effect === "seen") coverage.count("disk: a write or sync failed, and reading back lied");
    if (isWrite && effect === "done") coverage.count("disk: a write or sync failed, and was done all the same");
    return { kind: "error", code, effect };
  }
}
