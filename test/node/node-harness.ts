/** A log node on memory: journal, pages and checkpoint survive `restart`, time and turns are driven by hand. */
import type { Clock, Scheduler, Timers } from "../../src/actor/clock.js";
import type { EventDisposition, Outcome } from "../../src/actor/service.js";
import { LogNode, type LogNodeSettings } from "../../src/compose/log-node.js";
import type { Answers, Command } from "../../src/domain/command.js";
import type { ErpBody, IncomingErpEvent } from "../../src/domain/erp-event.js";
import type { Reservation } from "../../src/domain/reservation.js";
import { MemoryJournal } from "../../src/journal/memory-journal.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import { AppendGate } from "./append-gate.js";

export const SETTINGS: LogNodeSettings = {
  requireKnown: false,
  sourceThresholds: { laggingAfterMs: 60_000, staleAfterMs: 900_000, gapWaitMs: 30_000, gapPolicy: "WAIT" },
  erpQuantityMax: 100_000_000,
  watch: { conflateMs: 1, heartbeatMs: 10_000, unreadMaxMs: 60_000 },
  stocksResidentMax: 1_000,
  reservationsResidentMax: 1_000,
  answersMax: 100_000,
  answerRetentionMs: 7 * 24 * 3_600_000,
  inboxCommandsMax: 1_000,
  checkpointRecordsMax: 1_000_000,
  checkpointBytesMax: 1_000_000_000,
};

export class NodeHarness implements Clock, Timers, Scheduler {
  nowMs = 1_800_000_000_000;
  journal = new MemoryJournal();
  readonly gate = new AppendGate();
  readonly pages = new MemoryPageStore();
  checkpoint: Uint8Array | undefined;
  readonly failures: unknown[] = [];
  readonly settings: LogNodeSettings;
  node!: LogNode;
  #soon: (() => void)[] = [];
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  #sequences = new Map<string, number>();

  private constructor(settings: Partial<LogNodeSettings>) {
    this.settings = { ...SETTINGS, ...settings };
  }

  static async start(settings: Partial<LogNodeSettings> = {}): Promise<NodeHarness> {
    const harness = new NodeHarness(settings);
    await harness.restart();
    return harness;
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

  after(delayMs: number, callback: () => void) {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Opens a node on what is durable; the one before is forgotten, as by a crash. */
  async restart(): Promise<void> {
    this.#soon = [];
    this.#timers = [];
    this.gate.open();
    this.journal = this.journal.reopen();
    const opening = LogNode.open({
      journal: this.gate.around(this.journal),
      reader: this.journal,
      history: this.journal,
      pages: this.pages,
      checkpointFile: {
        read: async () => this.checkpoint,
        write: async (bytes) => {
          this.checkpoint = bytes;
        },
      },
      clock: this,
      timers: this,
      scheduler: this,
      randomBytes: (count) => new Uint8Array(count).fill(7),
      observer: {
        failed: (cause) => this.failures.push(cause),
        decisionFailed: (cause) => this.failures.push(cause),
        checkpointed: () => {},
      },
      settings: this.settings,
      relieveMemory: () => {},
    });
    this.node = await this.until(opening);
  }

  async #round(): Promise<boolean> {
    const callbacks = this.#soon;
    this.#soon = [];
    for (const callback of callbacks) callback();
    await new Promise((resolve) => setImmediate(resolve));
    return callbacks.length > 0 || this.#soon.length > 0;
  }

  /** Runs turns and appends until nothing is left to do. */
  async settle(): Promise<void> {
    while (await this.#round());
  }

  /** Lets service time pass, and the timers that fall due. */
  async advance(ms: number): Promise<void> {
    this.nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.nowMs);
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.nowMs);
    for (const timer of due) timer.callback();
    await this.settle();
  }

  /** Fires every armed timer now, due or not; they stay armed. */
  async fireTimers(): Promise<void> {
    for (const timer of [...this.#timers]) timer.callback();
    await this.settle();
  }

  /** Waits for something that ends by rounds of the engine. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    while (!settled) await this.#round();
    return promise;
  }

  /** Lets service time pass while every timer is lost. */
  pass(ms: number): void {
    this.nowMs += ms;
  }

  /** Submits without waiting; what comes back is added to `outcomes` when it is delivered. */
  submit(command: Command, outcomes: Outcome<unknown>[]): void {
    this.node.ports.commands.submit(
      command,
      (answer) => structuredClone(answer),
      (outcome) => outcomes.push(outcome),
    );
  }

  async ask<C extends Command, T>(command: C, render: (answer: Answers[C["kind"]]) => T): Promise<Outcome<T>> {
    let outcome: Outcome<T> | undefined;
    this.node.ports.commands.submit(command, render, (settled) => {
      outcome = settled;
    });
    await this.settle();
    if (outcome === undefined) throw new Error(`${command.kind} did not settle`);
    return outcome;
  }

  async offer(event: IncomingErpEvent): Promise<Outcome<EventDisposition>> {
    let outcome: Outcome<EventDisposition> | undefined;
    this.node.ports.ingest.offer(event, (settled) => {
      outcome = settled;
    });
    await this.settle();
    if (outcome === undefined) throw new Error("the event did not settle");
    return outcome;
  }

  /** The next event of a source. */
  async erp(body: ErpBody, source = "erp"): Promise<EventDisposition> {
    const sequence = (this.#sequences.get(source) ?? 0) + 1;
    this.#sequences.set(source, sequence);
    const outcome = await this.offer({ source, sequence, eventId: `${source}-${sequence}`, occurredAtMs: 0, body });
    if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
    return outcome.value;
  }

  /** How many events a source has sent through `erp`. */
  sent(source: string): number {
    return this.#sequences.get(source) ?? 0;
  }

  receive(sku: string, quantity: number, warehouseId = "W1"): Promise<EventDisposition> {
    return this.erp({ kind: "StockReceived", warehouseId, sku, quantity, reference: "" });
  }

  figures(sku: string, warehouseId = "W1") {
    const page = this.node.ports.availability.read({
      dealerId: "",
      warehouseId,
      skus: [sku],
      pageSize: 100,
      pageToken: "",
    });
    if ("reason" in page) throw new Error(page.message);
    return page.figures[0]!;
  }
}

/** What of a reservation a test compares. */
export function shape(reservation: Reservation | undefined) {
  if (reservation === undefined) return undefined;
  const { id, state, revision, expiresAtMs, atRisk } = reservation;
  const lines = reservation.lines.map(({ sku, requested, open, dispatched, released }) => ({
    sku,
    requested,
    open,
    dispatched,
    released,
  }));
  return { id, state, revision, expiresAtMs, atRisk, lines };
}
