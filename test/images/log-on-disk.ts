/** A log node on a simulated disk, with random traffic; pages and checkpoint are in memory and survive `restart`. */
import type { Clock, Scheduler, Timers } from "../../src/actor/clock.js";
import { LogNode, type LogNodeSettings } from "../../src/compose/log-node.js";
import type { Command } from "../../src/domain/command.js";
import { seedSnapshot } from "../../src/images/seed-snapshot.js";
import { coveredTo, surveyImages } from "../../src/images/survey-images.js";
import type { Disk } from "../../src/journal/disk.js";
import { type OpenedJournal, openFileJournal } from "../../src/journal/file-journal.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import { reserve } from "../actor/commands.js";
import { FOLDER } from "../journal/journal-run.js";
import type { SeededRandom } from "../journal/seeded-random.js";
import { SETTINGS } from "../node/node-harness.js";

export class LogOnDisk implements Clock, Timers, Scheduler {
  nowMs = 1_800_000_000_000;
  pages = new MemoryPageStore();
  checkpoint: Uint8Array | undefined;
  readonly failures: unknown[] = [];
  node!: LogNode;
  opened!: OpenedJournal;
  readonly #disk: Disk;
  readonly #random: SeededRandom;
  readonly #settings: LogNodeSettings;
  readonly #segmentBytes: number;
  readonly #ids: string[] = [];
  #soon: (() => void)[] = [];
  #sequence = 0;
  #requests = 0;

  private constructor(
    disk: Disk,
    random: SeededRandom,
    options: { settings?: Partial<LogNodeSettings>; segmentBytes?: number },
  ) {
    this.#disk = disk;
    this.#random = random;
    this.#settings = { ...SETTINGS, ...options.settings };
    this.#segmentBytes = options.segmentBytes ?? 64 * 1024;
  }

  static async start(
    disk: Disk,
    random: SeededRandom,
    options: { settings?: Partial<LogNodeSettings>; segmentBytes?: number } = {},
  ): Promise<LogOnDisk> {
    const log = new LogOnDisk(disk, random, options);
    await log.open();
    return log;
  }

  wallMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Timers are lost: nothing here may depend on one. */
  after() {
    return { cancel: () => {} };
  }

  async open(): Promise<void> {
    this.#soon = [];
    const survey = await surveyImages(this.#disk, FOLDER);
    this.opened = await openFileJournal({
      disk: this.#disk,
      folder: FOLDER,
      timers: this,
      randomBytes: (count) => this.#random.bytes(count),
      segmentBytes: this.#segmentBytes,
      coveredTo: coveredTo(survey),
    });
    const checkpointFile = {
      read: async () => this.checkpoint,
      write: async (bytes: Uint8Array) => {
        this.checkpoint = bytes;
      },
    };
    const [newest] = survey.images;
    if (this.checkpoint === undefined && newest !== undefined) {
      await seedSnapshot(this.#disk, newest.path, { pages: this.pages, checkpointFile });
    }
    const opening = LogNode.open({
      ...this.opened,
      pages: this.pages,
      checkpointFile,
      clock: this,
      timers: this,
      scheduler: this,
      randomBytes: (count) => this.#random.bytes(count),
      observer: {
        failed: (cause) => this.failures.push(cause),
        decisionFailed: (cause) => this.failures.push(cause),
        checkpointed: () => {},
      },
      settings: this.#settings,
      relieveMemory: () => {},
    });
    this.node = await this.until(opening);
  }

  /** A clean stop: everything is in a checkpoint, and the journal is closed. */
  async stop(): Promise<void> {
    await this.until(this.node.engine.stop());
    await this.opened.journal.close();
  }

  /** The pages and their checkpoint are gone: the next opening makes them anew. */
  loseSnapshot(): void {
    this.pages = new MemoryPageStore();
    this.checkpoint = undefined;
  }

  /** What is known of every stock and the open reservations: the state, as far as two can be compared. */
  state(): unknown {
    const partitions = [...this.node.store.partitions.values()].map((partition) => ({
      head: partition.head(),
      stocks: Array.from({ length: partition.stocks.count }, (_, index) => partition.stocks.peek(index + 1)),
      reservations: Array.from({ length: partition.reservations.count }, (_, index) => {
        const { id, state, revision, lines } = partition.reservations.peek(index + 1)!;
        return { id, state, revision, lines };
      }),
    }));
    return structuredClone(partitions);
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    while (!settled) await this.#round();
    return promise;
  }

  /** Receipts, orders, commits, releases and expiries, in blocks of up to `perBlock` commands. */
  async traffic(commands: number, perBlock = 5): Promise<void> {
    const random = this.#random;
    for (let done = 0; done < commands; done += perBlock) {
      for (let index = 0; index < perBlock; index++) {
        if (random.chance(0.25)) this.#receive();
        else this.#submit(this.#command());
      }
      this.nowMs += random.below(20_000);
      while (await this.#round());
    }
  }

  #command(): Command {
    const random = this.#random;
    const requestId = this.#requestId();
    const reservationId = this.#ids.length === 0 ? "none" : random.pick(this.#ids);
    const dealerId = "D1";
    const choice = random.below(10);
    if (choice === 0) return { kind: "Commit", requestId, dealerId, reservationId, lines: [] };
    if (choice === 1) return { kind: "Release", requestId, dealerId, reservationId, lines: [], reason: "CANCELLED" };
    const lines = Object.fromEntries(Array.from({ length: 1 + random.below(4) }, () => [this.#sku(), 1]));
    const warehouseId = this.#warehouse();
    return reserve(requestId, lines, { warehouseId, partial: true, holdMs: 1_000 + random.below(600_000) });
  }

  #requestId(): string {
    this.#requests += 1;
    return `r${this.#requests}`;
  }

  #sku(): string {
    return `S${this.#random.below(200)}`;
  }

  #warehouse(): string {
    return `W${1 + this.#random.below(3)}`;
  }

  #submit(command: Command): void {
    this.node.ports.commands.submit(
      command,
      (answer) => ("reservation" in answer ? answer.reservation?.id : undefined),
      (outcome) => {
        if (outcome.kind === "answered" && outcome.value !== undefined && this.#ids.length < 500) {
          this.#ids.push(outcome.value);
        }
      },
    );
  }

  #receive(): void {
    this.#sequence += 1;
    const body = {
      kind: "StockReceived" as const,
      warehouseId: this.#warehouse(),
      sku: this.#sku(),
      quantity: 1 + this.#random.below(50),
      reference: "",
    };
    const event = { source: "erp", sequence: this.#sequence, eventId: `e${this.#sequence}`, occurredAtMs: 0, body };
    this.node.ports.ingest.offer(event, () => {});
  }

  async #round(): Promise<boolean> {
    const callbacks = this.#soon;
    this.#soon = [];
    for (const callback of callbacks) callback();
    await new Promise((resolve) => setImmediate(resolve));
    return callbacks.length > 0 || this.#soon.length > 0;
  }
}
