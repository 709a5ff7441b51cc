/**
 * A disk in memory that keeps apart what was written and what is durable, and that fails as it is told.
 * A crash takes everything that was not synced: names as well as bytes, and a write may survive in part.
 * It is stricter than most file systems, not looser: what holds here may hold there.
 */
import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "../../src/journal/disk.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Survival } from "./survival.js";

export type OperationKind =
  | "makeFolder"
  | "list"
  | "open"
  | "openDurable"
  | "create"
  | "rename"
  | "remove"
  | "syncFolder"
  | "freeBytes"
  | "size"
  | "read"
  | "write"
  | "writeDurable"
  | "sync"
  | "close";

export interface Operation {
  readonly kind: OperationKind;
  readonly path: string;
}

/** What one operation does instead of its work. */
export type Fault =
  /** The machine stops in the middle of it. */
  | { readonly kind: "crash" }
  /**
   * It fails. Of its work `nothing` happened, or all is `seen` by readers and not durable (a failed sync forgets what it should
   * have written), or all was `done` in spite of the error.
   */
  | { readonly kind: "error"; readonly code: string; readonly effect: "nothing" | "seen" | "done" }
  /** A write that takes only its first bytes, or a read that gives only these: at least one, as none would say that the file ends. */
  | { readonly kind: "short"; readonly bytes: number };

/** Every operation after the machine stopped ends so. */
export class MachineStopped extends Error {
  override readonly name = "MachineStopped";
}

interface PendingWrite {
  readonly position: number;
  readonly bytes: Buffer;
}

class StoredFile {
  seen: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  pending: PendingWrite[] = [];

  sync(): void {
    for (const { position, bytes } of this.pending) this.durable = overwritten(this.durable, position, bytes);
    this.pending = [];
  }
}

type Names = Map<string, StoredFile>;

interface State {
  readonly folders: Set<string>;
  readonly seen: Names;
  readonly durable: Names;
  pendingNames: { readonly folder: string; change(names: Names): void }[];
}

export class MemoryDisk implements Disk {
  readonly #state: State;
  readonly #faults = new Map<number, Fault>();
  readonly #done: Operation[] = [];
  #isStopped = false;
  #openFiles = 0;
  /** Bytes that reads have asked for and got. */
  bytesRead = 0;
  freeSpaceBytes = 1e12;
  /** Lets other work go first before an operation takes effect, to try many interleavings. */
  delays: SeededRandom | undefined;

  constructor(state: State = { folders: new Set(), seen: new Map(), durable: new Map(), pendingNames: [] }) {
    this.#state = state;
  }

  /** The operations so far, failed ones included. */
  get operations(): readonly Operation[] {
    return this.#done;
  }

  get openFiles(): number {
    return this.#openFiles;
  }

  /** Faults that have happened. */
  get faultsMet(): number {
    return this.#faultsMet;
  }
  #faultsMet = 0;

  /** Some of what was written would be lost in a crash. */
  get hasPendingWrites(): boolean {
    if (this.#state.pendingNames.length > 0) return true;
    return [...this.#state.seen.values()].some((file) => file.pending.length > 0);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Gives the operation with this index, the first is 0, a fault. */
  failAt(index: number, fault: Fault): void {
    this.#faults.set(index, fault);
  }

  /** Gives a fault to the next operation of a kind, or one of the next, on a path that ends so. */
  failNext(kind: OperationKind, fault: Fault, pathEnd = ""): void {
    this.#nextFaults.push({ kind, fault, pathEnd });
  }
  #nextFaults: { readonly kind: OperationKind; readonly fault: Fault; readonly pathEnd: string }[] = [];

  /** Stops the machine now: whoever still holds this disk gets nothing more from it. */
  stop(): void {
    this.#isStopped = true;
  }

  /** The disk as the next start finds it after a crash. This one stays as it is, so that many outcomes can be tried. */
  afterCrash(survival: Survival): MemoryDisk {
    this.stop();
    const names: Names = new Map(this.#state.durable);
    for (const { change } of this.#state.pendingNames) if (survival.keepsName()) change(names);
    const files = new Map<StoredFile, StoredFile>();
    for (const [path, file] of names) files.set(file, files.get(file) ?? survivorOf(file, path, survival));
    const survivors = () => new Map([...names].map(([path, file]) => [path, files.get(file)!]));
    return new MemoryDisk({
      folders: new Set(this.#state.folders),
      seen: survivors(),
      durable: survivors(),
      pendingNames: [],
    });
  }

  /** The disk as the next process finds it after this one was killed: what was written is seen, durable or not. */
  afterKill(): MemoryDisk {
    this.stop();
    return new MemoryDisk(this.#state);
  }

  /** The bytes of every file as a reader sees them. */
  contents(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#state.seen].map(([path, file]) => [path, Buffer.from(file.seen)]));
  }

  /** A word for each file and what is in it, to compare. */
  fingerprint(): string[] {
    return [...this.contents()].map(([path, bytes]) => `${path} ${bytes.length} ${crc32(bytes)}`).sort();
  }

  has(path: string): boolean {
    return this.#state.seen.has(path);
  }

  bytesOf(path: string): Buffer {
    const file = this.#state.seen.get(path);
    if (file === undefined) throw new Error(`there is no ${path}`);
    return Buffer.from(file.seen);
  }

  /** Puts a file on the disk, durably, behind the back of whoever uses it; undefined takes it away. */
  put(path: string, bytes: Uint8Array | undefined): void {
    for (const names of [this.#state.seen, this.#state.durable]) names.delete(path);
    if (bytes === undefined) return;
    const file = new StoredFile();
    file.seen = Buffer.from(bytes);
    file.durable = Buffer.from(bytes);
    for (const names of [this.#state.seen, this.#state.durable]) names.set(path, file);
  }

  /** Turns one bit over. */
  flip(path: string, bit: number): void {
    const bytes = this.bytesOf(path);
    if (bit >> 3 >= bytes.length) throw new Error(`${path} has no bit ${bit}`);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    this.put(path, bytes);
  }

  /** Takes back that a file's bytes are durable, from an offset on: readers see them, a crash takes them. */
  forget(path: string, offset: number): void {
    const file = this.#state.seen.get(path);
    if (file === undefined) throw new Error(`there is no ${path}`);
    file.durable = Buffer.concat([file.durable.subarray(0, offset), Buffer.alloc(file.durable.length - offset)]);
  }

  /** A disk with the same contents, all durable. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const folder of this.#state.folders) copy.#state.folders.add(folder);
    for (const [path, bytes] of this.contents()) copy.put(path, bytes);
    return copy;
  }

  makeFolder(path: string): Promise<void> {
    return this.#operate({ kind: "makeFolder", path }, () => {
      this.#state.folders.add(path);
    });
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#operate({ kind: "list", path: folder }, () =>
      [...this.#state.seen.keys()].filter((path) => folderOf(path) === folder).map(nameOf),
    );
  }

  open(path: string): Promise<DiskFile | undefined> {
    return this.#operate({ kind: "open", path }, () => {
      const file = this.#state.seen.get(path);
      return file === undefined ? undefined : this.#handle(file, path, "read");
    });
  }

  openDurable(path: string): Promise<DiskFile> {
    return this.#operate({ kind: "openDurable", path }, () => {
      const file = this.#state.seen.get(path);
      if (file === undefined) throw systemError("ENOENT", `there is no ${path}`);
      return this.#handle(file, path, "durable");
    });
  }

  create(path: string): Promise<DiskFile> {
    return this.#operate({ kind: "create", path }, () => {
      this.#assertFolder(path);
      const file = new StoredFile();
      this.#changeNames(path, (names) => names.set(path, file));
      return this.#handle(file, path, "write");
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate({ kind: "rename", path: to }, () => {
      const file = this.#state.seen.get(from);
      if (file === undefined) throw systemError("ENOENT", `there is no ${from}`);
      this.#changeNames(to, (names) => {
        names.delete(from);
        names.set(to, file);
      });
    });
  }

  remove(path: string): Promise<void> {
    return this.#operate({ kind: "remove", path }, () => this.#changeNames(path, (names) => names.delete(path)));
  }

  syncFolder(path: string): Promise<void> {
    return this.#operate({ kind: "syncFolder", path }, () => {
      this.#assertFolder(`${path}/`);
      for (const { folder, change } of this.#state.pendingNames) if (folder === path) change(this.#state.durable);
      this.#state.pendingNames = this.#state.pendingNames.filter(({ folder }) => folder !== path);
    });
  }

  freeBytes(path: string): Promise<number> {
    return this.#operate({ kind: "freeBytes", path }, () => this.freeSpaceBytes);
  }

  #assertFolder(path: string): void {
    const folder = folderOf(path);
    const isThere = [...this.#state.folders].some((known) => known === folder || known.startsWith(`${folder}/`));
    if (!isThere) throw systemError("ENOENT", `there is no folder ${folder}`);
  }

  #changeNames(path: string, change: (names: Names) => void): void {
    change(this.#state.seen);
    this.#state.pendingNames.push({ folder: folderOf(path), change });
  }

  #handle(file: StoredFile, path: string, mode: "read" | "write" | "durable"): DiskFile {
    this.#openFiles += 1;
    let isClosed = false;
    const operate = <T>(kind: OperationKind, act: (fault?: Fault) => T) =>
      this.#operate({ kind, path }, (fault) => {
        if (isClosed) throw systemError("EBADF", `${path} is closed`);
        return act(fault);
      });
    const write = (bytes: Buffer, position: number, fault: Fault | undefined) => {
      if (mode === "read") throw systemError("EBADF", `${path} is open for reading only`);
      file.seen = overwritten(file.seen, position, bytes);
      if (fault?.kind === "error" && fault.effect === "seen") return;
      file.pending.push({ position, bytes });
      if (mode === "durable" && fault?.kind !== "crash") file.sync();
    };
    return {
      size: () => operate("size", () => file.seen.length),
      read: (into, length, position) => operate("read", (fault) => this.#read(file, { into, length, position }, fault)),
      readSync: (into, length, position) => {
        const fault = this.#begin({ kind: "read", path });
        if (isClosed) throw systemError("EBADF", `${path} is closed`);
        return this.#perform({ kind: "read", path }, fault, () => this.#read(file, { into, length, position }, fault));
      },
      write: (from, start, length, position) =>
        operate(mode === "durable" ? "writeDurable" : "write", (fault) => {
          const taken = fault?.kind === "short" ? Math.min(length, fault.bytes) : length;
          write(Buffer.from(from.subarray(start, start + taken)), position, fault);
          return taken;
        }),
      sync: () =>
        operate("sync", (fault) => {
          if (fault?.kind === "crash") return;
          if (fault?.kind === "error" && fault.effect === "seen") file.pending = [];
          else file.sync();
        }),
      close: () =>
        operate("close", () => {
          isClosed = true;
          this.#openFiles -= 1;
        }),
    };
  }

  #read(
    file: StoredFile,
    { into, length, position }: { into: Uint8Array; length: number; position: number },
    fault: Fault | undefined,
  ): number {
    const given = fault?.kind === "short" ? Math.min(length, Math.max(1, fault.bytes)) : length;
    const count = file.seen.copy(into, 0, position, Math.min(file.seen.length, position + given));
    this.bytesRead += count;
    return count;
  }

  /** Counts an operation, and does its work or what its fault says. */
  async #operate<T>(operation: Operation, act: (fault?: Fault) => T): Promise<T> {
    const fault = this.#begin(operation);
    for (let turns = this.delays?.below(4) ?? 0; turns > 0; turns--) await Promise.resolve();
    if (this.#isStopped) throw new MachineStopped();
    return this.#perform(operation, fault, act);
  }

  #begin(operation: Operation): Fault | undefined {
    if (this.#isStopped) throw new MachineStopped();
    const fault = this.#takeFault(operation);
    this.#done.push(operation);
    if (fault !== undefined) this.#faultsMet += 1;
    return fault;
  }

  #perform<T>(operation: Operation, fault: Fault | undefined, act: (fault?: Fault) => T): T {
    if (fault === undefined || fault.kind === "short") return act(fault);
    if (fault.kind === "crash") {
      if (operation.kind !== "syncFolder") act(fault);
      this.stop();
      throw new MachineStopped();
    }
    if (fault.effect !== "nothing") act(fault);
    throw systemError(fault.code, `${operation.kind} of ${operation.path} failed as told`);
  }

  #takeFault(operation: Operation): Fault | undefined {
    const byIndex = this.#faults.get(this.#done.length);
    if (byIndex !== undefined) return byIndex;
    const index = this.#nextFaults.findIndex(
      ({ kind, pathEnd }) => kind === operation.kind && operation.path.endsWith(pathEnd),
    );
    return index === -1 ? undefined : this.#nextFaults.splice(index, 1)[0]!.fault;
  }
}

function survivorOf(file: StoredFile, path: string, survival: Survival): StoredFile {
  let bytes: Buffer = file.durable;
  for (const write of file.pending) {
    for (const [start, end] of survival.bytesOf({ path, length: write.bytes.length })) {
      if (start < end) bytes = overwritten(bytes, write.position + start, write.bytes.subarray(start, end));
    }
  }
  const survivor = new StoredFile();
  survivor.seen = Buffer.from(bytes);
  survivor.durable = Buffer.from(bytes);
  return survivor;
}

/** `bytes` with others written over them, in a buffer of its own; a hole reads as zeros. */
function overwritten(bytes: Buffer, position: number, by: Uint8Array): Buffer {
  const result = Buffer.alloc(Math.max(bytes.length, position + by.length));
  bytes.copy(result);
  result.set(by, position);
  return result;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
