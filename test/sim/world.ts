/**
 * One simulated world: a service, its disk and pages, callers and an ERP, time and faults, all drawn from one seed, in one thread
 * on virtual time. A step is one move of the world; what the service makes of it happens in between, as its I/O comes back.
 */
import { createHash } from "node:crypto";
import type { LogNode, LogNodeSettings } from "../../src/compose/log-node.js";
import type { JournalRecord } from "../../src/domain/event.js";
import type { Disk } from "../../src/journal/disk.js";
import { type Journal, JournalError } from "../../src/journal/journal.js";
import { LIMITS } from "../../src/limits.js";
import { SnapshotDamaged } from "../../src/snapshots/page-store.js";
import { MemoryDisk } from "../journal/memory-disk.js";
import { SeededRandom } from "../journal/seeded-random.js";
import { Backups } from "./backups.js";
import { flipOneBit } from "./bit-flip.js";
import { Coverage } from "./coverage.js";
import { DecisionLog } from "./decision-log.js";
import { drawFaultPlan, type FaultPlan } from "./fault-plan.js";
import { tryImages } from "./image-trial.js";
import { JournalWatch } from "./journal-watch.js";
import { Oracle } from "./oracle/oracle.js";
import { OrderTruth } from "./order-truth.js";
import { readJournal } from "./read-journal.js";
import { auditStart } from "./restart-audit.js";
import { ServiceCalls } from "./service-calls.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedPages } from "./simulated-pages.js";
import { FOLDER, type ProcessObserver, SimulatedProcess } from "./simulated-process.js";
import { describe, Finding, type SimulationContext } from "./simulation-context.js";
import { VirtualTime } from "./virtual-time.js";
import { drawSettings } from "./world-settings.js";

const TRACE_LINES = 2_000;
/** CHECKPOINT is read only at a start, so it is damaged there, so many times as often as a page in a step. */
const CHECKPOINT_SHARE = 8;

/** Where a test puts a deliberate bug: around what the service is given. */
export interface Seams {
  readonly disk?: (disk: SimulatedDisk) => Disk;
  /** `journal` is the one that the node appends to. */
  readonly node?: (node: LogNode, options: { readonly journal: Journal }) => void;
}

/** What a restored world goes on with. */
export interface Origin {
  readonly before: World;
  readonly disk: MemoryDisk;
  readonly oracle: Oracle;
  /** The bodies of all blocks of its journal. */
  readonly blocks: readonly Buffer[];
  readonly startUs: number;
  readonly wallErrorMs: number;
}

export class World implements SimulationContext {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  readonly calls: ServiceCalls;
  readonly log: DecisionLog;
  readonly oracle: Oracle;
  /** What dealers are to be told. */
  readonly orders = new OrderTruth();
  readonly settings: LogNodeSettings;
  faults: FaultPlan;
  readonly backups: Backups;
  readonly #seams: Seams;
  /** Whose history this one goes on with. */
  readonly #before: World | undefined;
  readonly #segmentBytes: number;
  readonly #imageEveryBytes: number;
  readonly #pages: SimulatedPages;
  readonly #digest = createHash("sha256");
  readonly #trace: string[] = [];
  #disk: SimulatedDisk;
  #process: SimulatedProcess | undefined;
  #finding: Finding | undefined;
  #faultsBefore = 0;
  #isCalm = false;
  #recoveryFailed = false;
  #engineFailed = false;

  /** A world of nothing, with deliberate bugs or without; or one that goes on from a backup. */
  constructor(seed: number, from: Seams | Origin = {}) {
    const origin = "before" in from ? from : undefined;
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.#seams = origin === undefined ? (from as Seams) : origin.before.#seams;
    this.#before = origin?.before;
    this.time = new VirtualTime(origin?.startUs, origin?.wallErrorMs);
    this.coverage = origin?.before.coverage ?? new Coverage();
    this.faults = drawFaultPlan(this.random);
    this.settings = origin?.before.settings ?? drawSettings(this.random);
    this.#segmentBytes = this.random.pick([2_048, 8_192, 32_768]);
    this.#imageEveryBytes = this.random.pick([4_096, 30_000, 1e9]);
    this.#disk = new SimulatedDisk(this, origin?.disk ?? new MemoryDisk());
    this.#pages = new SimulatedPages(this);
    this.backups = new Backups(this);
    this.oracle = origin?.oracle ?? new Oracle({ ...this.settings, bufferedEventsMax: LIMITS.bufferedEventsMax });
    const watch = new JournalWatch(this.coverage);
    const onDurable = (records: readonly JournalRecord[]) => {
      watch.durable(records);
      this.orders.durable(records);
    };
    this.log = new DecisionLog(this, onDurable, { blocks: origin?.blocks ?? [], mark: this.oracle.mark() });
    this.calls = new ServiceCalls({
      context: this,
      oracle: this.oracle,
      log: this.log,
      found: (cause) => this.found(cause),
      watch,
    });
  }

  /** The node that callers reach. */
  get node(): LogNode | undefined {
    return this.#process?.node;
  }

  get isDown(): boolean {
    return this.#process === undefined;
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  get pages(): SimulatedPages {
    return this.#pages;
  }

  /** Faults have stopped. */
  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.#isCalm = true;
    this.isDiskFull = false;
    this.node?.engine.setShortOfSpace(undefined);
  }

  get isDiskFull(): boolean {
    return this.#disk.isFull;
  }

  set isDiskFull(isFull: boolean) {
    this.#disk.isFull = isFull;
  }

  /** Records that the snapshot had when the process that serves now was started. */
  get snapshotTotal(): number {
    return this.log.totalOf(this.node?.report.checkpointBlock ?? 0);
  }

  note(line: string): void {
    if (this.#before !== undefined) {
      this.#before.note(`restored, ${this.time.nowUs} ${line}`);
      return;
    }
    const stamped = `${this.time.nowUs} ${line}`;
    this.#digest.update(stamped);
    this.#trace.push(stamped);
    if (this.#trace.length > TRACE_LINES * 2) this.#trace.splice(0, TRACE_LINES);
  }

  /** The last lines of the history. */
  get trace(): readonly string[] {
    return this.#trace.slice(-TRACE_LINES);
  }

  /** Of everything that was noted so far. */
  digest(): string {
    return this.#digest.copy().digest("hex").slice(0, 16);
  }

  /** Remembers the first thing that must not be; `check` throws it. */
  found(cause: unknown): void {
    this.#finding ??= cause instanceof Finding ? cause : new Finding(String(cause), { cause });
  }

  check(): void {
    if (this.#finding !== undefined) throw this.#finding;
  }

  /** Starts a process on what the disk has; before that, a bit of it may be tried turned over. */
  async startAgain(): Promise<void> {
    if (this.random.chance(this.faults.bitFlip / 1000)) {
      await flipOneBit(this, this.#disk.memory);
      const recordsOf = (blocks: number) => this.log.records(blocks);
      await tryImages(this, this.#disk.memory, {
        settings: this.settings,
        recordsOf,
        isRestored: this.#before !== undefined,
      });
    }
    if (this.random.below(1000) < this.faults.pageDamage * CHECKPOINT_SHARE) {
      this.#pages.damageCheckpoint(this.#disk.memory, `${FOLDER}/CHECKPOINT`);
    }
    this.start();
  }

  start(): void {
    if (this.#process !== undefined) return;
    this.note("process starts");
    this.#disk.slowness = 1;
    if (this.random.chance(this.faults.slowStart / 1000)) {
      this.#disk.slowness = 50;
      this.coverage.count("process: a slow start");
    }
    const process: SimulatedProcess = new SimulatedProcess({
      context: this,
      disk: this.#disk,
      pages: this.#pages,
      settings: this.settings,
      segmentBytes: this.#segmentBytes,
      imageEveryBytes: this.#imageEveryBytes,
      observer: this.#observer(),
      wrapJournal: (journal) => this.log.around(journal),
      wrapDisk: (disk) => this.#seams.disk?.(disk) ?? disk,
    });
    this.#process = process;
    process.start();
  }

  /** Asks the service for a backup, unless one is being made. */
  backUp(): void {
    const process = this.#process;
    if (process?.head === undefined || process.isBackingUp) return;
    this.backups.take((folder, head) => process.backUp(folder, head), process.head);
  }

  /** The machine loses power. */
  async crash(): Promise<void> {
    if (this.#disk.isBusyWith("/CHECKPOINT.new"))
      this.coverage.count("a crash fell while a checkpoint was being written");
    if (this.#process !== undefined && this.node === undefined) {
      this.coverage.count("a crash fell while the log was being opened");
    }
    this.coverage.count("process: the machine crashed");
    this.note("machine crashes");
    this.#endProcess();
    this.#replaceDisk(await this.#disk.crash());
  }

  async kill(): Promise<void> {
    this.coverage.count("process: killed");
    this.note("process is killed");
    this.#endProcess();
    this.#replaceDisk(await this.#disk.kill());
  }

  /** Asks the process to end; it takes its time. */
  stop(): void {
    if (this.node === undefined) return;
    this.note("process is asked to stop");
    void this.#process?.stop();
  }

  #endProcess(): void {
    this.#process?.end();
    this.#process = undefined;
    this.calls.disconnect();
    this.#pages.crash();
  }

  #replaceDisk(memory: MemoryDisk): void {
    this.#faultsBefore += this.#disk.faultsMet;
    const { isFull } = this.#disk;
    this.#disk = new SimulatedDisk(this, memory);
    this.#disk.isFull = isFull;
  }

  get #diskFaults(): number {
    return this.#faultsBefore + this.#disk.faultsMet;
  }

  #observer(): ProcessObserver {
    return {
      journalOpened: (journal) => this.#journalOpened(journal),
      nodeOpened: (node, journal, wallMs) => this.#nodeOpened(node, journal, wallMs),
      serving: () => {
        this.#disk.slowness = 1;
        this.#countRecovery();
        this.note("serving");
      },
      failed: (cause) => this.#failed(cause),
      ended: (cause) => this.#ended(cause),
      found: (cause) => this.found(cause),
      checkpointed: () => this.note("checkpoint"),
      imageFailed: (cause) => {
        // An image that a fault has damaged is passed over, and says so without a cause.
        if (typeof cause === "string" && this.#diskFaults > 0) return;
        if (this.isOfAFault(cause)) return;
        this.found(new Finding(`no image: ${describe(cause)}`, { cause }));
      },
    };
  }

  async #journalOpened(journal: Journal): Promise<void> {
    const { before, bodies } = await readJournal(this.#disk.memory, journal.head);
    const mark = this.log.survived(before, bodies);
    for (const lost of this.oracle.rewindTo(mark)) throw new Finding(lost);
    this.note(`opened with ${before + bodies.length} blocks`);
  }

  #countRecovery(): void {
    if (this.#engineFailed) this.coverage.count("a failed write was overcome without a crash");
    if (this.#recoveryFailed) this.coverage.count("recovery failed, and a later start succeeded");
    this.#engineFailed = false;
    this.#recoveryFailed = false;
    const { checkpointBlock, replayedRecords } = this.node!.report;
    if (checkpointBlock > 0 && replayedRecords > 0) {
      this.coverage.count("a start replayed the journal's tail after a checkpoint");
    }
  }

  #nodeOpened(node: LogNode, journal: Journal, wallMs: number): void {
    // Service time begins with the wall clock, and goes on where the journal ends at the earliest (decision 5).
    this.oracle.starts(Math.floor(Math.max(wallMs, this.log.lastTimeMs)));
    this.calls.connect(node);
    auditStart(this, node);
    this.#seams.node?.(node, { journal });
  }

  /** An engine is over. That has to be the doing of a fault. */
  #failed(cause: unknown): void {
    this.note(`engine is over: ${describe(cause)}`);
    this.#engineFailed = true;
    if (!this.isOfAFault(cause)) this.found(new Finding(`the engine failed: ${describe(cause)}`, { cause }));
  }

  #ended(cause: unknown): void {
    this.note(`process ends: ${cause === undefined ? "stopped" : describe(cause)}`);
    if (cause === undefined) this.coverage.count("process: stopped cleanly");
    else this.#recoveryFailed = true;
    this.#engineFailed = false;
    if (cause !== undefined && !this.isOfAFault(cause))
      this.found(new Finding(`the process ended: ${describe(cause)}`, { cause }));
    this.#process = undefined;
    this.calls.disconnect();
  }

  /** Faults say that they were told to happen; a page that lies does not. */
  isOfAFault(cause: unknown): boolean {
    if (this.#diskFaults + this.#pages.faultsMet === 0) return false;
    if (cause instanceof JournalError && (cause.kind === "damaged" || cause.kind === "fenced")) return false;
    for (let one: unknown = cause; one instanceof Error; one = one.cause) {
      if (one.message.includes("as told")) return true;
      if (one.message.includes("the first epoch could not begin")) return true;
    }
    return cause instanceof SnapshotDamaged && this.#pages.faultsMet > 0;
  }
}
