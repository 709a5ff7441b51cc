/**
 * How callers reach the service, whatever process it is in now. Each decision is seen as it is made, with its service time and its
 * place in the order, and told to the oracle; each outcome is held against what the oracle said.
 */
import type { Outcome, PositionRunPort } from "../../src/actor/service.js";
import type { Task } from "../../src/actor/task.js";
import type { Turn } from "../../src/actor/turn.js";
import type { LogNode } from "../../src/compose/log-node.js";
import type { LogStore } from "../../src/snapshots/log-store.js";
import type { DecisionLog, OpenDecision } from "./decision-log.js";
import type { JournalWatch } from "./journal-watch.js";
import type { Oracle } from "./oracle/oracle.js";
import type { Decision, Request } from "./oracle/request.js";
import { OutageCoverage } from "./outage-coverage.js";
import { Finding, type SimulationContext } from "./simulation-context.js";
import { watchUpkeep } from "./upkeep-watch.js";

/** What a caller is told. `lost`: the process went away first. */
export type Told = Outcome<unknown> | { readonly kind: "lost" };

/** How a decision was come to, for the coverage of rare events. */
export interface DecisionMade {
  readonly nowMs: number;
  readonly process: number;
  /** Records so far, before and after it. */
  readonly before: number;
  readonly total: number;
}

interface Call {
  readonly request: Request;
  readonly tell: (told: Told, made: DecisionMade | undefined) => void;
  decision?: Decision;
  open?: OpenDecision;
  made?: DecisionMade;
  isSettled: boolean;
}

/** What may be refused before anything was decided. */
const AT_THE_DOOR = new Set(["OVERLOADED", "JOURNAL_UNAVAILABLE", "SHUTTING_DOWN"]);

export class ServiceCalls {
  readonly #context: SimulationContext;
  readonly #oracle: Oracle;
  readonly #log: DecisionLog;
  readonly #found: (cause: unknown) => void;
  readonly #watch: JournalWatch;
  readonly #outages: OutageCoverage;
  #node: LogNode | undefined;
  #process = 0;
  /** The call that is being handed over right now. */
  #entering: Call | undefined;
  #waiting = new Set<Call>();
  #lastDecided = { timeMs: 0, monotonicMs: 0 };
  #decisions = 0;
  /** Runs of positions that this process was told of, by their ids. */
  readonly #runs = new Map<string, PositionRunPort>();
  /** The turn that the oracle was told of last. */
  #turn: Turn | undefined;

  constructor(options: {
    readonly context: SimulationContext;
    readonly oracle: Oracle;
    readonly log: DecisionLog;
    readonly found: (cause: unknown) => void;
    readonly watch: JournalWatch;
  }) {
    this.#context = options.context;
    this.#oracle = options.oracle;
    this.#log = options.log;
    this.#found = options.found;
    this.#watch = options.watch;
    this.#outages = new OutageCoverage(options.context.coverage);
  }

  /** Decisions made so far. */
  get decisions(): number {
    return this.#decisions;
  }

  /** Calls that have not been settled. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get process(): number {
    return this.#process;
  }

  /** Service time as it must be about now. */
  get serviceMs(): number {
    const { timeMs, monotonicMs } = this.#lastDecided;
    return timeMs === 0 ? this.#context.time.wallMs() : timeMs + this.#context.time.monotonicMs() - monotonicMs;
  }

  /** Sees what this node decides from now on. */
  connect(node: LogNode): void {
    for (const { request } of this.#waiting) this.#found(new Finding(`${nameOf(request)} was never settled`));
    this.#waiting.clear();
    const { engine } = node;
    const enqueue = engine.enqueue.bind(engine);
    engine.enqueue = (task) =>
      enqueue(this.#entering === undefined ? task : this.#observed(task, this.#entering, node));
    watchUpkeep(node.store, (turn, work) => this.#lookedAfter(turn, node, work));
    this.#node = node;
    this.#process += 1;
    this.#runs.clear();
    this.#outages.restarted();
    this.#lastDecided = { timeMs: 0, monotonicMs: 0 };
  }

  /** The process is gone. Whoever waited hears nothing more from it. */
  disconnect(): void {
    this.#node = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) {
      call.isSettled = true;
      call.tell({ kind: "lost" }, call.made);
    }
  }

  ask(node: LogNode | undefined, request: Request, tell: Call["tell"]): void {
    const call: Call = { request, tell, isSettled: false };
    if (node === undefined || node !== this.#node) {
      tell({ kind: "lost" }, undefined);
      return;
    }
    this.#waiting.add(call);
    const { commands, ingest, positions } = node.ports;
    const settle = (outcome: Outcome<unknown>): void => this.#settle(call, outcome);
    this.#entering = call;
    if (request.kind === "command") commands.submit(request.command, (answer) => structuredClone(answer), settle);
    else if (request.kind === "erp") ingest.offer(request.event, settle);
    else if (request.kind === "heartbeat") ingest.heartbeat({ ...request, erpResponseMs: undefined }, settle);
    else if (request.kind === "sourceStatus") ingest.sourceStatus(request.source, settle);
    else if (request.kind === "positions") {
      const run = positions.begin({ ...request, full: false });
      this.#runs.set(request.runId, run);
      run.compare(request.positions, settle);
    } else this.#runs.get(request.runId)!.finish(settle);
    this.#entering = undefined;
  }

  #observed(task: Task, call: Call, node: LogNode): Task {
    return {
      writes: task.writes,
      decide: (turn) => {
        this.#turnBegins(turn);
        const before = totalOf(node.store);
        task.decide(turn);
        this.#decided(call, turn, { before, total: totalOf(node.store) });
      },
      deliver: () => task.deliver(),
      abort: (refusal) => task.abort(refusal),
    };
  }

  /** The service looks after what time has brought about; what it records of that is a decision like others, with nobody to tell. */
  #lookedAfter(turn: Turn, node: LogNode, work: () => void): void {
    const mark = this.#turnBegins(turn);
    work();
    const total = totalOf(node.store);
    this.#log.decided({ mark, total, name: "what time brought about", isDelivered: false });
    this.#context.note(`looked after at ${turn.nowMs}, records ${total}`);
  }

  /** Tells the oracle of a turn, once. */
  #turnBegins(turn: Turn): number {
    if (turn === this.#turn) return this.#oracle.mark();
    this.#turn = turn;
    this.#checkTime(turn.nowMs);
    const seen = this.#oracle.turn(turn.nowMs);
    this.#outages.turn(seen);
    return seen.mark;
  }

  #decided(call: Call, turn: Turn, place: { readonly before: number; readonly total: number }): void {
    this.#decisions += 1;
    this.#checkTime(turn.nowMs);
    call.made = { nowMs: turn.nowMs, process: this.#process, ...place };
    call.decision = this.#oracle.decide(turn.nowMs, call.request);
    const { mark } = call.decision;
    call.open = { mark, total: place.total, name: nameOf(call.request), isDelivered: false };
    this.#log.decided(call.open);
    const { request } = call;
    if (request.kind === "command" && request.command.kind === "Commit") {
      this.#watch.commitDecided(request.command.reservationId, turn.nowMs);
    }
    if (this.#log.isAppending) this.#context.coverage.count("a decision was made while an append was in flight");
    this.#context.note(`decided ${call.open.name} at ${turn.nowMs}, records ${place.total}`);
  }

  /** Service time follows the monotonic clock, slewed by 5 % at most, and never stands back (decision 5). */
  #checkTime(timeMs: number): void {
    const last = this.#lastDecided;
    const monotonicMs = this.#context.time.monotonicMs();
    if (last.timeMs > 0) {
      const elapsedMs = monotonicMs - last.monotonicMs;
      const passedMs = timeMs - last.timeMs;
      if (passedMs < 0 || passedMs < elapsedMs * 0.95 - 1 || passedMs > elapsedMs * 1.05 + 1) {
        this.#found(new Finding(`service time went on by ${passedMs} ms while ${elapsedMs} ms passed`));
      }
    }
    this.#lastDecided = { timeMs, monotonicMs };
  }

  #settle(call: Call, outcome: Outcome<unknown>): void {
    if (call.isSettled && !this.#waiting.has(call)) {
      if (this.#node !== undefined) this.#found(new Finding(`${nameOf(call.request)} was settled twice`));
      return;
    }
    this.#waiting.delete(call);
    call.isSettled = true;
    const reason = outcome.kind === "refused" ? outcome.refusal.reason : outcome.kind;
    this.#context.note(`settled ${nameOf(call.request)}: ${reason}`);
    if (reason === "JOURNAL_UNAVAILABLE" || call.decision === undefined) {
      if (!AT_THE_DOOR.has(reason)) this.#found(new Finding(`${nameOf(call.request)}: ${reason}, and never decided`));
      call.tell(outcome, call.made);
      return;
    }
    call.open!.isDelivered = true;
    for (const difference of this.#oracle.compare(call.decision, outcome)) {
      this.#found(new Finding(`${nameOf(call.request)} at ${call.decision.nowMs}: ${difference}`));
    }
    try {
      this.#log.checkDelivered(call.open!);
    } catch (cause) {
      this.#found(cause);
    }
    call.tell(outcome, call.made);
  }
}

/** Records of all partitions together. */
export function totalOf(store: LogStore): number {
  let total = store.system.sequence;
  for (const partition of store.partitions.values()) total += partition.sequence;
  return total;
}

export function nameOf(request: Request): string {
  switch (request.kind) {
    case "erp":
      return `event ${request.event.source} ${request.event.sequence}`;
    case "heartbeat":
      return `heartbeat ${request.source} ${request.lastSequence}`;
    case "positions":
    case "positionsEnd":
      return `${request.kind} ${request.source} ${request.runId}`;
    case "sourceStatus":
      return `status ${request.source}`;
    case "command": {
      const { command } = request;
      return "requestId" in command ? `${command.kind} ${command.dealerId} ${command.requestId}` : command.kind;
    }
  }
}
