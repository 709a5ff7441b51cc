/**
 * A folder into which an ERP drops files, and what becomes of them: a file is taken into working/, alone; from there it goes to
 * done/, or to failed/ with what is wrong with it beside it.
 *
 * 1. Once in working/ a file is out of the ERP's reach: its rows stay what they are while they are told.
 * 2. A name is taken once. A second file of a name that is done would repeat its event ids, and fails.
 */
import { mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../state-file.js";
import { BadFile } from "./csv-rows.js";

export interface DroppedFile {
  readonly name: string;
  readonly kind: "events" | "positions";
  /** Of a positions file: it names every stock. */
  readonly full: boolean;
}

/** A file is read into memory as a whole, so that it is taken as a whole or not at all. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
/** With ":" and a line number it has to make an event id of at most 128 characters. */
const NAME_LENGTH_MAX = 110;
const NAME = /^(events|positions-full|positions)-(.+)\.csv$/;

const WORKING = "working";
const DONE = "done";
const FAILED = "failed";

export class DropFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folders that are not there yet. */
  async prepare(): Promise<void> {
    for (const name of [WORKING, DONE, FAILED]) await mkdir(join(this.#folder, name), { recursive: true });
  }

  /** What the ERP has dropped and nobody took, in order: by what follows the kind in the name, events before positions. */
  async waiting(): Promise<DroppedFile[]> {
    return filesIn(await readdir(this.#folder));
  }

  /** The file that is being told; there is at most one. */
  async working(): Promise<DroppedFile | undefined> {
    return filesIn(await readdir(join(this.#folder, WORKING)))[0];
  }

  /** Takes a file out of the ERP's reach. What is wrong when it failed at once; `lastDone` is known to be done, there or not. */
  async take({ name }: DroppedFile, lastDone: string | undefined): Promise<string | undefined> {
    const fault = await this.#faultOf(name, lastDone);
    if (fault !== undefined) await this.#putAside(name, fault, "");
    else await this.#move(name, "", WORKING);
    return fault;
  }

  /** The content of the file in working/. */
  async read(name: string): Promise<{ readonly content: Uint8Array; readonly writeTime: Date }> {
    const path = join(this.#folder, WORKING, name);
    const { size, mtime } = await stat(path);
    if (size > FILE_BYTES_MAX) {
      throw new BadFile(`the file has ${size} bytes; at most ${FILE_BYTES_MAX} are taken: split it`);
    }
    return { content: await readFile(path), writeTime: mtime };
  }

  /** Everything in the file is told. */
  async finish(name: string): Promise<void> {
    await this.#move(name, WORKING, DONE);
  }

  /** Nothing of the file in working/ is told. */
  async fail(name: string, fault: string): Promise<void> {
    await this.#putAside(name, fault, WORKING);
  }

  /** What is wrong is written down before the file moves: after a crash in between it is found out again. */
  async #putAside(name: string, fault: string, from: string): Promise<void> {
    const note = await open(join(this.#folder, FAILED, `${name}.error`), "w");
    try {
      await note.writeFile(`${fault}\n`);
      await note.sync();
    } finally {
      await note.close();
    }
    await this.#move(name, from, FAILED);
  }

  async #faultOf(name: string, lastDone: string | undefined): Promise<string | undefined> {
    if (name.length > NAME_LENGTH_MAX) return `the file's name is longer than ${NAME_LENGTH_MAX} characters`;
    const wasDone = name === lastDone || (await readdir(join(this.#folder, DONE))).includes(name);
    return wasDone ? "a file of this name was taken before: its events would be taken for the same" : undefined;
  }

  async #move(name: string, from: string, to: string): Promise<void> {
    await rename(join(this.#folder, from, name), join(this.#folder, to, name));
    await syncFolder(join(this.#folder, to));
    await syncFolder(join(this.#folder, from));
  }
}

function filesIn(names: readonly string[]): DroppedFile[] {
  return names
    .map((name) => ({ name, match: NAME.exec(name) }))
    .filter(({ match }) => match !== null)
    .map(({ name, match }) => {
      const kind = match?.[1] === "events" ? ("events" as const) : ("positions" as const);
      return { name, kind, full: match?.[1] === "positions-full", order: match?.[2] ?? "" };
    })
    .sort(
      (one, other) => compare(one.order, other.order) || compare(one.kind, other.kind) || compare(one.name, other.name),
    );
}

/** By code units, the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
