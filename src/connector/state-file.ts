/**
 * A small JSON document that survives a crash: replaced as a whole, synced before the replacement shows, and proven by a hash.
 * A document that cannot be proven is a failure, never an empty start: starting over would number the same events twice.
 */
import { createHash } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Where a part of the connector keeps what has to last. Tests have one in memory that dies on demand. */
export interface StateStore<T> {
  /** Undefined when nothing was saved yet. */
  load(): Promise<T | undefined>;
  /** Durable once it resolves; one at a time. */
  save(value: T): Promise<void>;
}

export class StateDamaged extends Error {
  readonly code = "CONNECTOR_STATE_DAMAGED";

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is damaged: bring it back from a backup, or see "the state is lost" in docs/connect.md`, options);
    this.name = "StateDamaged";
  }
}

export class StateFile<T> implements StateStore<T> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<T | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw cause;
    }
    const [body = "", hash] = text.split("\n");
    if (hash !== hashOf(body)) throw new StateDamaged(this.#path);
    return JSON.parse(body) as T;
  }

  async save(value: T): Promise<void> {
    const body = JSON.stringify(value);
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(`${body}\n${hashOf(body)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    // The new name is durable only with the folder.
    await syncFolder(dirname(this.#path));
  }
}

/** Makes renames and new names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hashOf(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
