/**
 * One process of the service: it opens its log from a simulated disk as compose/log-folder.ts does from a real one, and after a
 * failure throws the node away and opens another as compose/host.ts does. The world starts, stalls, kills and crashes it.
 */
import type { EngineObserver } from "../../src/actor/engine.js";
import { LogNode, type LogNodeSettings } from "../../src/compose/log-node.js";
import { type Disk, readUpTo, writeFileAtomically } from "../../src/journal/disk.js";
import { openFileJournal } from "../../src/journal/file-journal.js";
import type { Journal } from "../../src/journal/journal.js";
import type { CheckpointFile } from "../../src/snapshots/log-store.js";
import { SnapshotDamaged } from "../../src/snapshots/page-store.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import type { SimulatedPages } from "./simulated-pages.js";
import { SimulatedTimers } from "./simulated-timers.js";
import { Finding, type SimulationContext } from "./simulation-context.js";

export const FOLDER = "/data/logs/0";
/** So that freed memory in a replay is no business of the simulation. */
const relieveMemory = (): void => {};

export interface ProcessOptions {
  readonly context: SimulationContext;
  readonly disk: SimulatedDisk;
  readonly pages: SimulatedPages;
  readonly settings: LogNodeSettings;
  readonly segmentBytes: number;
  readonly observer: ProcessObserver;
  /** Stands between journal and engine. */
  readonly wrapJournal: (journal: Journal) => Journal;
  /** Stands between disk and journal. */
  readonly wrapDisk: (disk: SimulatedDisk) => Disk;
}

/** What the world hears of a process. */
export interface ProcessObserver {
  /** The journal has been opened, and nothing was appended to it yet. Rejects with a Finding. */
  journalOpened(journal: Journal): Promise<void>;
  /** A node has been opened, and nobody can reach it yet. */
  nodeOpened(node: LogNode, journal: Journal): void;
  serving(): void;
  /** The node is over; another is opened at once. */
  failed(cause: unknown): void;
  /** The process has ended by itself. */
  ended(cause: unknown): void;
  /** Something that must not be. */
  found(cause: unknown): void;
  checkpointed(): void;
}

export class SimulatedProcess {
  readonly #options: ProcessOptions;
  readonly #timers: SimulatedTimers;
  #journal: Journal | undefined;
  #node: LogNode | undefined;
  #isServing = false;
  #isOver = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#timers = new SimulatedTimers(options.context);
  }

  /** The node that callers reach; undefined while there is none. */
  get node(): LogNode | undefined {
    return this.#isServing ? this.#node : undefined;
  }

  start(): void {
    this.#serve({ afterFailure: false, rebuild: false });
  }

  /** It is gone, with everything that it had in memory. */
  end(): void {
    this.#isOver = true;
    this.#isServing = false;
    this.#timers.end();
  }

  /** Finishes what was taken, and ends. */
  async stop(): Promise<void> {
    const node = this.#node;
    if (!this.#isServing || node === undefined) return;
    try {
      await node.engine.stop();
      this.#isServing = false;
      await this.#journal?.close();
      this.#quit(undefined);
    } catch (cause) {
      this.#quit(cause);
    }
  }

  #quit(cause: unknown): void {
    if (this.#isOver) return;
    this.end();
    this.#options.observer.ended(cause);
  }

  #serve(how: { readonly afterFailure: boolean; readonly rebuild: boolean }): void {
    const { observer } = this.#options;
    this.#open(how).then(
      () => {
        if (this.#isOver) return;
        this.#isServing = true;
        observer.serving();
      },
      async (cause) => {
        if (this.#isOver) return;
        if (cause instanceof Finding) observer.found(cause);
        await this.#journal?.close().catch(() => {});
        this.#quit(cause);
      },
    );
  }

  async #open(how: { readonly afterFailure: boolean; readonly rebuild: boolean }): Promise<void> {
    const { context, disk, segmentBytes, wrapDisk, wrapJournal, observer } = this.#options;
    this.#journal = undefined;
    const randomBytes = (count: number) => context.random.bytes(count);
    const { journal, reader } = await openFileJournal({
      disk: wrapDisk(disk),
      folder: FOLDER,
      timers: this.#timers,
      randomBytes,
      segmentBytes,
      afterFailure: how.afterFailure,
    });
    this.#journal = journal;
    await observer.journalOpened(journal);
    const openNode = () =>
      LogNode.open({
        journal: wrapJournal(journal),
        reader,
        pages: this.#options.pages.open(),
        checkpointFile: checkpointFileOn(disk),
        clock: context.time,
        timers: this.#timers,
        scheduler: this.#timers,
        randomBytes,
        observer: this.#engineObserver(),
        settings: this.#options.settings,
        relieveMemory,
      });
    if (how.rebuild) await this.#discard();
    try {
      this.#node = await openNode();
    } catch (cause) {
      if (!(cause instanceof SnapshotDamaged)) throw cause;
      await this.#discard();
      this.#node = await openNode();
    }
    observer.nodeOpened(this.#node, journal);
  }

  async #discard(): Promise<void> {
    const { disk, pages, context } = this.#options;
    context.note("the snapshot is made anew");
    if (pages.faultsMet === 0) throw new Finding("a snapshot cannot be proven, though nothing damaged one");
    context.coverage.count("the snapshot was made anew from the journal");
    await disk.remove(`${FOLDER}/CHECKPOINT`);
    pages.clear();
  }

  #engineObserver(): EngineObserver {
    const { observer } = this.#options;
    return {
      failed: (cause) => {
        if (this.#isOver) return;
        observer.failed(cause);
        // A failure of the first epoch ends the opening of the node by itself.
        if (this.#isServing) void this.#recover(cause);
      },
      decisionFailed: (cause) => observer.found(new Finding("a decision threw", { cause })),
      checkpointed: () => observer.checkpointed(),
    };
  }

  async #recover(cause: unknown): Promise<void> {
    this.#isServing = false;
    await this.#journal?.close().catch(() => {});
    if (!this.#isOver) this.#serve({ afterFailure: true, rebuild: cause instanceof SnapshotDamaged });
  }
}

function checkpointFileOn(disk: SimulatedDisk): CheckpointFile {
  return {
    async read() {
      const file = await disk.open(`${FOLDER}/CHECKPOINT`);
      if (file === undefined) return undefined;
      try {
        return await readUpTo(file, await file.size(), 0);
      } finally {
        await file.close();
      }
    },
    write: (bytes) => writeFileAtomically(disk, FOLDER, "CHECKPOINT", bytes),
  };
}
