/**
 * Backups that a world takes of its service at random moments, under load and faults, and what must be in each: everything that was
 * answered before it was asked for. What was begun and not finished must not look like a backup, unless it is one.
 */
import type { BackedUp } from "../../src/images/back-up.js";
import type { BlockPosition } from "../../src/journal/journal.js";
import type { Oracle } from "./oracle/oracle.js";
import { BrokenOff } from "./simulated-image-work.js";
import { describe, Finding } from "./simulation-context.js";
import type { World } from "./world.js";

export interface SimulatedBackup {
  /** Of the log in it. */
  readonly folder: string;
  /** The block that it is to end with. */
  readonly head: BlockPosition;
  /** The bodies of the blocks up to that. */
  readonly blocks: readonly Buffer[];
  /** As it was at that block. */
  readonly oracle: Oracle;
  readonly takenAtUs: number;
  readonly wallErrorMs: number;
  /** Whoever asked for it was told that it is made. */
  isMade: boolean;
}

export class Backups {
  readonly #world: World;
  readonly #all: SimulatedBackup[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Asks for a backup, and does not wait. */
  take(backUp: (folder: string, head: BlockPosition) => Promise<BackedUp>, head: BlockPosition): void {
    const { log, oracle, time } = this.#world;
    if (head.block !== log.durableBlocks) {
      throw new Finding(
        `a backup would end with block ${head.block}, and ${log.durableBlocks} blocks are acknowledged`,
      );
    }
    const backup: SimulatedBackup = {
      folder: `/backups/${this.#all.length + 1}/logs/0`,
      head,
      blocks: log.bodies(head.block),
      oracle: oracle.branch(log.safeMark),
      takenAtUs: time.nowUs,
      wallErrorMs: time.wallErrorMs,
      isMade: false,
    };
    this.#all.push(backup);
    this.#world.note(`a backup begins, as of block ${head.block}`);
    backUp(backup.folder, head).then(
      (done) => this.#made(backup, done),
      (cause) => this.#failed(cause),
    );
  }

  /** Those that can be restored. Throws a Finding where one that was made is not there. */
  whole(): readonly SimulatedBackup[] {
    const files = this.#world.disk.memory.contents();
    return this.#all.filter(({ folder, isMade }) => {
      const isWhole = files.has(`${folder}/FORMAT`);
      if (isMade && !isWhole) throw new Finding(`the backup in ${folder} was made, and is gone`);
      return isWhole;
    });
  }

  #made(backup: SimulatedBackup, { block, bytes }: BackedUp): void {
    const { coverage } = this.#world;
    this.#world.note(`a backup is made: ${bytes} bytes as of block ${block}`);
    coverage.count("a backup was made");
    if (this.#world.log.durableBlocks > block) coverage.count("a backup was made while the service went on");
    if (block !== backup.head.block) {
      this.#world.found(new Finding(`a backup as of block ${backup.head.block} says that it is of block ${block}`));
    }
    backup.isMade = true;
  }

  #failed(cause: unknown): void {
    const { coverage } = this.#world;
    this.#world.note(`no backup: ${describe(cause)}`);
    if (cause instanceof BrokenOff) coverage.count("a backup was broken off");
    else if (this.#world.isOfAFault(cause)) coverage.count("a backup failed of a fault");
    else this.#world.found(new Finding(`no backup could be made: ${describe(cause)}`, { cause }));
  }
}
