/**
 * One process of the service: it opens its log from a simulated disk as compose/log-folder.ts does from a real one, and after a
 * failure throws the node away and opens another as compose/host.ts does. The world starts, stalls, kills and crashes it.
 */
import type { Clock } from "../../src/actor/clock.js";
import type { EngineObserver } from "../../src/actor/engine.js";
import { ImageKeeper } from "../../src/compose/images/image-keeper.js";
import { LogNode, type LogNodeSettings } from "../../src/compose/log-node.js";
import type { BackedUp } from "../../src/images/back-up.js";
import { removeUnfinished } from "../../src/images/image-folder.js";
import { coveredTo, type ImageSurvey, surveyImages } from "../../src/images/survey-images.js";
import type { Disk } from "../../src/journal/disk.js";
import { openFileJournal } from "../../src/journal/file-journal.js";
import { readStoreId } from "../../src/journal/format-file.js";
import type { BlockPosition, Journal } from "../../src/journal/journal.js";
import { SnapshotDamaged } from "../../src/snapshots/page-store.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedImageWork } from "./simulated-image-work.js";
import type { SimulatedPages } from "./simulated-pages.js";
import { SimulatedSnapshot } from "./simulated-snapshot.js";
import { SimulatedTimers } from "./simulated-timers.js";
import { Finding, type SimulationContext } from "./simulation-context.js";
import type { VirtualTime } from "./virtual-time.js";

export const FOLDER = "/data/logs/0";
/** So that freed memory in a replay is no business of the simulation. */
const relieveMemory = (): void => {};

export interface ProcessOptions {
  readonly context: SimulationContext;
  readonly disk: SimulatedDisk;
  readonly pages: SimulatedPages;
  readonly settings: LogNodeSettings;
  readonly segmentBytes: number;
  /** Bytes of journal after which an image is due. */
  readonly imageEveryBytes: number;
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
  /** A node has been opened, and nobody can reach it yet. Its service time began when the wall clock showed `wallMs`. */
  nodeOpened(node: LogNode, journal: Journal, wallMs: number): void;
  serving(): void;
  /** The node is over; another is opened at once. */
  failed(cause: unknown): void;
  /** The process has ended by itself. */
  ended(cause: unknown): void;
  /** Something that must not be. */
  found(cause: unknown): void;
  checkpointed(): void;
  /** An image could not be made; the journal is kept. */
  imageFailed(cause: unknown): void;
}

/** Remembers what the wall clock showed when somebody looked first: with that, service time begins. */
class StartedClock implements Clock {
  readonly #time: VirtualTime;
  startedWallMs = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  wallMs(): number {
    if (this.startedWallMs === 0) this.startedWallMs = this.#time.wallMs();
    return this.#time.wallMs();
  }
}

export class SimulatedProcess {
  readonly #options: ProcessOptions;
  readonly #timers: SimulatedTimers;
  #journal: Journal | undefined;
  #node: LogNode | undefined;
  #images: ImageKeeper | undefined;
  #isServing = false;
  #isStopping = false;
  #isOver = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#timers = new SimulatedTimers(options.context);
  }

  /** The node that callers reach; undefined while there is none. */
  get node(): LogNode | undefined {
    return this.#isServing ? this.#node : undefined;
  }

  /** The last block that is known durable; undefined while nothing is served. */
  get head(): BlockPosition | undefined {
    return this.#isServing ? this.#journal?.head : undefined;
  }

  get isBackingUp(): boolean {
    return this.#images?.isBackingUp ?? false;
  }

  /** As compose/images/take-backup.ts, once it has looked at the folder. */
  backUp(to: string, head: BlockPosition): Promise<BackedUp> {
    return this.#images!.backUp(to, head);
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
    this.#isStopping = true;
    try {
      await node.engine.stop();
      this.#isServing = false;
      await this.#images?.stop();
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
        await this.#images?.stop();
        await this.#journal?.close().catch(() => {});
        this.#quit(cause);
      },
    );
  }

  async #open(how: { readonly afterFailure: boolean; readonly rebuild: boolean }): Promise<void> {
    const { context, segmentBytes, wrapJournal, observer } = this.#options;
    this.#journal = undefined;
    const disk = this.#options.wrapDisk(this.#options.disk);
    const randomBytes = (count: number) => context.random.bytes(count);
    const survey = await surveyImages(disk, FOLDER);
    for (const damage of survey.damaged) throw new Finding("an image cannot be proven", { cause: damage });
    const { journal, reader, history } = await openFileJournal({
      disk,
      folder: FOLDER,
      timers: this.#timers,
      randomBytes,
      segmentBytes,
      afterFailure: how.afterFailure,
      coveredTo: coveredTo(survey),
    });
    this.#journal = journal;
    await observer.journalOpened(journal);
    await this.#keepImages(disk, journal, survey);
    const snapshot = new SimulatedSnapshot(context, { disk, folder: FOLDER, pages: this.#options.pages }, survey);
    let startedWallMs = 0;
    const openNode = () => {
      const clock = new StartedClock(context.time);
      const opened = LogNode.open({
        journal: wrapJournal(journal),
        reader,
        history,
        pages: snapshot.open(),
        checkpointFile: snapshot.checkpointFile,
        clock,
        timers: this.#timers,
        scheduler: this.#timers,
        randomBytes,
        observer: this.#engineObserver(),
        settings: this.#options.settings,
        relieveMemory,
      });
      return opened.then((node) => {
        startedWallMs = clock.startedWallMs;
        return node;
      });
    };
    if (how.rebuild) await snapshot.remakeDamaged();
    else if (await snapshot.isMissing()) await snapshot.remake();
    try {
      this.#node = await openNode();
    } catch (cause) {
      if (!(cause instanceof SnapshotDamaged)) throw cause;
      await snapshot.remakeDamaged();
      this.#node = await openNode();
    }
    const { checkpointPosition } = this.#node.store;
    if (checkpointPosition !== undefined) this.#images?.checkpointed(checkpointPosition);
    observer.nodeOpened(this.#node, journal, startedWallMs);
  }

  /** Images are made in this thread, piece by piece between all else, as their I/O comes back. */
  async #keepImages(disk: Disk, journal: Journal, survey: ImageSurvey): Promise<void> {
    const { context, segmentBytes, settings, observer } = this.#options;
    await removeUnfinished(disk, FOLDER);
    this.#images = new ImageKeeper(
      {
        disk,
        folder: FOLDER,
        storeId: (await readStoreId(disk, FOLDER))!,
        journal,
        work: new SimulatedImageWork(disk),
        policy: { everyBytes: this.#options.imageEveryBytes, retention: { keepMs: 0, keepBytes: 0 } },
        segmentBytes,
        answerRetentionMs: settings.answerRetentionMs,
        freeBytesMin: 0,
        wallMs: () => context.time.wallMs(),
        log: {
          info: (_fields, message) => {
            if (message === "image made") context.coverage.count("an image was made");
            if (message === "journal shortened") context.coverage.count("segments were removed behind images");
          },
          warn: (_fields, message) => context.note(message),
          error: (fields, message) => {
            context.note(message);
            if (!this.#isOver) observer.imageFailed("err" in fields ? fields.err : message);
          },
        },
      },
      survey.images,
    );
  }

  #engineObserver(): EngineObserver {
    const { observer } = this.#options;
    return {
      failed: (cause) => {
        if (this.#isOver) return;
        observer.failed(cause);
        // A failure of the first epoch ends the opening of the node by itself, and who is stopping does not begin again.
        if (this.#isServing && !this.#isStopping) void this.#recover(cause);
      },
      decisionFailed: (cause) => observer.found(new Finding("a decision threw", { cause })),
      checkpointed: (position) => {
        observer.checkpointed();
        this.#images?.checkpointed(position);
      },
    };
  }

  async #recover(cause: unknown): Promise<void> {
    this.#isServing = false;
    await this.#images?.stop();
    await this.#journal?.close().catch(() => {});
    if (!this.#isOver) this.#serve({ afterFailure: true, rebuild: cause instanceof SnapshotDamaged });
  }
}
