/**
 * The engine of one log: a bounded inbox, turns, one append in flight, and the output gate.
 * Every outcome, refusals, repeats and reads included, is delivered only when everything that its decision could have seen
 * is durable (decision 3, I5). It is not the edge: it knows no protocol, and not the supervisor: after a failure it is over.
 */
import { assert } from "../domain/assertion.js";
import { type Refusal, refusal } from "../domain/refusal.js";
import type { BlockPosition, Journal } from "../journal/journal.js";
import { LIMITS } from "../limits.js";
import type { LogStore } from "../snapshots/log-store.js";
import { BlockBuilder } from "./block-builder.js";
import { Checkpointer } from "./checkpointer.js";
import type { Scheduler, Timer, Timers } from "./clock.js";
import { expireDue } from "./expiry.js";
import { journalUnavailable, overloaded, shuttingDown } from "./refusals.js";
import type { ServiceTime } from "./service-time.js";
import type { Task } from "./task.js";
import type { AppendObservation, EngineTelemetry } from "./telemetry.js";
import { Turn, type TurnOptions } from "./turn.js";

export interface EngineOptions extends Omit<TurnOptions, "onDeadline" | "onCheckpointWanted"> {
  readonly store: LogStore;
  readonly journal: Journal;
  readonly time: ServiceTime;
  readonly timers: Timers;
  readonly scheduler: Scheduler;
  readonly inboxCommandsMax: number;
  readonly checkpointRecordsMax: number;
  readonly checkpointBytesMax: number;
  /** What of the journal came after the checkpoint that the store was opened from. */
  readonly tail: { readonly records: number; readonly bytes: number; readonly timeMs: number };
  readonly observer: EngineObserver;
  readonly telemetry?: EngineTelemetry | undefined;
  readonly upkeep: Upkeep;
}

/** What is due by time alone, beside holds. */
export interface Upkeep {
  /** Service time; infinity for never. It may fall at any time in a turn. */
  readonly dueAtMs: number;
  /** Does what is due, or a bounded part of it. */
  run(turn: Turn): void;
}

/** What the supervisor hears. */
export interface EngineObserver {
  /** The engine is over: a write failed, a snapshot lied, or an invariant broke. Called once. */
  failed(cause: unknown): void;
  /** A decision threw and changed nothing; its caller gets INTERNAL. */
  decisionFailed(cause: unknown): void;
  /** A checkpoint is on disk. */
  checkpointed(position: BlockPosition): void;
}

type State = "running" | "stopping" | "over";

export class LogEngine {
  readonly #options: EngineOptions;
  readonly #turnOptions: TurnOptions;
  readonly #checkpointer: Checkpointer;
  readonly #telemetry: EngineTelemetry | undefined;
  readonly #inbox: Task[] = [];
  #inboxHead = 0;
  #building = new BlockBuilder();
  #inFlight: BlockBuilder | undefined;
  #appendInFlight: AppendObservation | undefined;
  #spare = new BlockBuilder();
  #scheduled = false;
  #state: State = "running";
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #earliestDeadlineMs = 0;
  #shortOfSpace: Refusal | undefined;
  /** Tasks whose outcome is durable already; delivered at the end of the step that decided them. */
  #atRest: Task[] = [];
  #onIdle: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  /** The block that ends a frozen state. Nothing may be added to it any more. */
  #barrier: BlockBuilder | undefined;
  #lastTimeMs: number;
  #roundsWaited = 0;
  /** Records appended since the start. */
  #records = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#telemetry = options.telemetry;
    this.#turnOptions = {
      ...options,
      onDeadline: (deadlineMs) => {
        if (deadlineMs < this.#earliestDeadlineMs) this.#earliestDeadlineMs = deadlineMs;
      },
      onCheckpointWanted: () => this.#checkpointer.want(),
    };
    this.#lastTimeMs = options.tail.timeMs;
    this.#checkpointer = new Checkpointer(
      {
        ...options,
        onWritten: (position) => {
          options.observer.checkpointed(position);
          this.#schedule();
        },
        onFailure: (cause) => this.fail(cause),
      },
      options.tail,
    );
    this.#schedule();
  }

  get records(): number {
    return this.#records;
  }

  /** Tasks that wait for a turn. */
  get inboxDepth(): number {
    return this.#inbox.length - this.#inboxHead;
  }

  /** Queues a task for the next turn, or aborts it at once when the inbox is full or the engine is not running. */
  enqueue(task: Task): void {
    if (this.#state !== "running") task.abort(this.#state === "stopping" ? shuttingDown() : journalUnavailable());
    else if (this.inboxDepth >= this.#options.inboxCommandsMax) task.abort(overloaded("inbox"));
    else if (task.writes && this.#shortOfSpace !== undefined) task.abort(this.#shortOfSpace);
    else {
      this.#inbox.push(task);
      this.#schedule();
    }
  }

  /** Refuses tasks that write, from now on or no longer. */
  setShortOfSpace(freeBytes: number | undefined): void {
    this.#shortOfSpace =
      freeBytes === undefined
        ? undefined
        : refusal("OVERLOADED", "The disk is nearly full: no new work is taken until there is room.", {
            metadata: { resource: "disk", free_bytes: String(freeBytes) },
            retryAfterMs: 5_000,
          });
  }

  /** Takes no more tasks, finishes those it took, and makes a last checkpoint. Resolves also when the engine is over. */
  stop(): Promise<void> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  async #finish(): Promise<void> {
    if (this.#isOver()) return;
    this.#state = "stopping";
    this.#timer?.cancel();
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#schedule();
    });
    try {
      await this.#checkpointer.finish();
      if (!this.#isOver() && this.#checkpointer.isBehind) {
        this.#freeze();
        await this.#checkpointer.finish();
      }
    } catch (cause) {
      this.fail(cause);
    }
    this.#state = "over";
  }

  #isOver(): boolean {
    return this.#state === "over";
  }

  /** Ends the engine: whoever waits is told that the outcome is unknown, and the working state is dropped (decision 11). */
  fail(cause: unknown): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#timer?.cancel();
    const queued = this.#inbox.splice(0).slice(this.#inboxHead);
    const waiting = [...this.#atRest.splice(0), ...(this.#inFlight?.tasks ?? []), ...this.#building.tasks, ...queued];
    this.#inboxHead = 0;
    this.#options.observer.failed(cause);
    for (const task of waiting) task.abort(journalUnavailable());
    this.#onIdle?.();
  }

  #schedule(): void {
    if (this.#scheduled || this.#state === "over") return;
    this.#scheduled = true;
    this.#options.scheduler.soon(() => {
      this.#scheduled = false;
      try {
        this.#step();
      } catch (cause) {
        this.fail(cause);
      }
    });
  }

  /** One round: a turn if there is something to decide, an append if there is something to write. */
  #step(): void {
    if (this.#state === "over") return;
    if (this.#mayDecide()) this.#turn();
    if (this.#checkpointer.isDue) this.#freeze();
    this.#append();
    for (const task of this.#atRest.splice(0)) this.#deliver(task);
    this.#checkpointer.step();
    if ((this.inboxDepth > 0 && this.#mayDecide()) || this.#checkpointer.isStaging) this.#schedule();
    else this.#checkIdle();
    this.#arm();
  }

  #mayDecide(): boolean {
    if (this.#building === this.#barrier || this.#checkpointer.mustCatchUp) return false;
    return this.#building.bytes < LIMITS.blockBytesMax;
  }

  /** Begins a checkpoint with everything that is decided; the next turn waits until that has a block of its own. */
  #freeze(): void {
    this.#checkpointer.begin(this.#lastTimeMs);
    this.#barrier = this.#building.recordCount > 0 ? this.#building : this.#inFlight;
    if (this.#barrier === undefined) this.#checkpointer.durable(this.#options.journal.head!);
  }

  #turn(): void {
    this.#telemetry?.turnBegan();
    const inboxDepth = this.inboxDepth;
    const nowMs = this.#options.time.nowMs();
    const turn = new Turn(this.#turnOptions, this.#building, nowMs);
    if (nowMs >= this.#earliestDeadlineMs) this.#earliestDeadlineMs = expireDue(turn, LIMITS.turnExpiriesMax);
    if (nowMs >= this.#earliestDeadlineMs) this.#schedule();
    else {
      if (nowMs >= this.#options.upkeep.dueAtMs) this.#options.upkeep.run(turn);
      this.#decideQueued(turn);
    }
    turn.finish();
    this.#telemetry?.turnEnded({ commands: inboxDepth - this.inboxDepth, inboxDepth });
    if (this.#building.lastTimeMs > 0) this.#lastTimeMs = this.#building.lastTimeMs;
  }

  #decideQueued(turn: Turn): void {
    const end = Math.min(this.#inbox.length, this.#inboxHead + LIMITS.turnCommandsMax);
    while (this.#inboxHead < end && this.#building.bytes < LIMITS.blockBytesMax) {
      const task = this.#inbox[this.#inboxHead++]!;
      this.#decide(task, turn);
    }
    if (this.#inboxHead === this.#inbox.length) {
      this.#inbox.length = 0;
      this.#inboxHead = 0;
    } else if (this.#inboxHead > 4096) {
      this.#inbox.splice(0, this.#inboxHead);
      this.#inboxHead = 0;
    }
  }

  /** Decides one task and holds it back until the newest record that it can have seen is durable. */
  #decide(task: Task, turn: Turn): void {
    const recordsBefore = this.#building.recordCount;
    let failure: unknown;
    const { probe } = task;
    try {
      probe?.decideBegan();
      task.decide(turn);
      probe?.decideEnded();
    } catch (cause) {
      // A throw before anything was recorded changed nothing; after that, the state cannot be trusted.
      if (this.#building.recordCount !== recordsBefore || isFatal(cause)) {
        this.#building.tasks.push(task);
        throw cause;
      }
      failure = cause;
    }
    if (failure !== undefined) this.#options.observer.decisionFailed(failure);
    if (this.#building.recordCount > 0) {
      this.#building.tasks.push(task);
      if (probe !== undefined) this.#building.probes.push(probe);
    } else if (this.#inFlight !== undefined) {
      this.#inFlight.tasks.push(task);
      if (this.#appendInFlight !== undefined) probe?.waitsFor(this.#appendInFlight);
    } else this.#atRest.push(task);
  }

  /**
   * Appends what is decided, unless an append is under way. A block of more than one caller waits for a few rounds of the event loop:
   * under load each round brings more for the same sync, and when there is none the rounds pass in microseconds.
   */
  #append(): void {
    if (this.#inFlight !== undefined || this.#building.recordCount === 0) return;
    const mayWait = this.#building.tasks.length > 1 && this.#building.bytes < LIMITS.blockBytesWorthWaiting;
    if (mayWait && this.#state === "running" && this.#roundsWaited < LIMITS.appendRoundsMax) {
      this.#roundsWaited += 1;
      this.#schedule();
      return;
    }
    this.#roundsWaited = 0;
    const block = this.#building;
    this.#building = this.#spare;
    this.#inFlight = block;
    this.#observeAppend(block);
    this.#options.journal
      .append(block.content())
      .then((position) => this.#durable(block, position))
      .catch((cause) => this.fail(cause));
  }

  #observeAppend(block: BlockBuilder): void {
    if (this.#telemetry === undefined) return;
    const { bytes, probes } = block;
    const append = this.#telemetry.appendBegan({
      bytes,
      records: block.recordCount,
      tasks: block.tasks.length,
      probes,
    });
    this.#appendInFlight = append;
    for (const probe of probes) probe.waitsFor(append);
  }

  #durable(block: BlockBuilder, position: BlockPosition): void {
    if (this.#state === "over") return;
    assert(this.#inFlight === block, "one append in flight");
    this.#inFlight = undefined;
    this.#appendInFlight?.durable();
    this.#appendInFlight = undefined;
    const { tasks, publications } = block;
    this.#records += block.recordCount;
    this.#checkpointer.appended(block.recordCount, block.bytes);
    if (this.#barrier === block) {
      this.#barrier = undefined;
      this.#checkpointer.durable(position);
    }
    block.reset();
    this.#spare = block;
    // The disk goes on with what the turns have decided meanwhile, before callers are told of this block.
    this.#append();
    for (const publish of publications) publish(position);
    this.#options.outcomes.durable(position);
    for (const task of tasks) this.#deliver(task);
    this.#schedule();
  }

  /** A caller's callback that throws harms nobody else. */
  #deliver(task: Task): void {
    try {
      task.probe?.settled();
      task.deliver();
    } catch (cause) {
      this.#options.observer.decisionFailed(cause);
    }
  }

  #arm(): void {
    const dueAtMs = Math.min(this.#earliestDeadlineMs, this.#options.upkeep.dueAtMs);
    if (this.#state !== "running" || dueAtMs === this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = dueAtMs;
    if (this.#timerAtMs === Number.POSITIVE_INFINITY) return;
    const delayMs = this.#timerAtMs - this.#options.time.nowMs();
    if (delayMs <= 0) {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      // Where no turn may be taken now, the end of the append that it waits for brings one.
      if (this.#mayDecide()) this.#schedule();
      return;
    }
    this.#timer = this.#options.timers.after(delayMs, () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#schedule();
    });
  }

  #checkIdle(): void {
    if (this.#onIdle === undefined || this.inboxDepth > 0) return;
    if (this.#inFlight === undefined && this.#building.recordCount === 0) this.#onIdle();
  }
}

function isFatal(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === "SnapshotDamaged" || cause.name === "AssertionFailed");
}
