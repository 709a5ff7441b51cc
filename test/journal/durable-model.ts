/** What must be found after a crash: every acknowledged block, and of the one of unknown outcome all or nothing (I5, I6). */
import { expect } from "vitest";
import type { BlockContent } from "../../src/journal/journal.js";
import { type JournalRun, openRun, type RunOptions, readAll, shapeOf, verifyAll } from "./journal-run.js";
import type { MemoryDisk } from "./memory-disk.js";

export class DurableModel {
  #acknowledged: string[] = [];
  #unknown: string | undefined;

  /** Sequence of the next block. */
  get next(): number {
    return this.#acknowledged.length + 1;
  }

  async append(run: JournalRun, content: BlockContent): Promise<void> {
    this.#unknown = shapeOf(content);
    const position = await run.journal.append(content);
    this.#acknowledged.push(this.#unknown);
    this.#unknown = undefined;
    expect(position.block).toBe(this.#acknowledged.length);
  }

  /** Verifies the disk, opens it, and compares. What is found counts as acknowledged from now on, as it is served. */
  async recover(disk: MemoryDisk, options: RunOptions = {}): Promise<JournalRun> {
    const verified = await verifyUntouched(disk);
    const run = await openRun(disk, options);
    const found = (await readAll(run.reader)).map(shapeOf);
    const outcomes = [this.#acknowledged];
    if (this.#unknown !== undefined) outcomes.push([...this.#acknowledged, this.#unknown]);
    expect(outcomes).toContainEqual(found);
    expect(verified?.shapes ?? []).toEqual(found);
    expect(run.report.cutBytes).toBe(verified?.tornBytes ?? 0);
    expect(run.journal.head?.block ?? 0).toBe(found.length);
    this.#acknowledged = found;
    this.#unknown = undefined;
    return run;
  }

  copy(): DurableModel {
    const copy = new DurableModel();
    copy.#acknowledged = [...this.#acknowledged];
    copy.#unknown = this.#unknown;
    return copy;
  }
}

/** What a reader finds who changes nothing; undefined where no journal was begun. */
async function verifyUntouched(disk: MemoryDisk) {
  const before = disk.fingerprint();
  const hasFormat = [...disk.contents().keys()].some((path) => path.endsWith("/FORMAT"));
  if (!hasFormat) {
    await expect(verifyAll(disk)).rejects.toMatchObject({ kind: "damaged" });
    return undefined;
  }
  const { blocks, tornBytes } = await verifyAll(disk);
  expect(disk.fingerprint()).toEqual(before);
  return { shapes: blocks.map(shapeOf), tornBytes };
}
