/**
 * The oracle: says what Holdfast must answer to each request, and compares what it did answer.
 * It is told every decision in decision order with its service time; it never looks into the service.
 * After a crash it goes back to the decisions that survived, always a prefix of that order.
 *
 * Invariants: the state is that of the newest saved state plus the log after it; memory is bounded by what `settled` leaves,
 * and by the last few saved states where it is never called.
 *
 * Where docs/api.md is silent, these readings:
 * - a quota is looked at last: an order that is rejected, or names unknown SKUs, is told so; OVERLOADED goes before all but the
 *   dealer's and the warehouse's refusals; a repeat goes before the owner (docs/api.md);
 * - a partial order that is granted nothing is REJECTED; a default hold beyond the maximum is the maximum;
 * - a change of at_risk is a revision of its own, unless the lines at risk end with the change that made it;
 * - retention is over at exactly its length; the longest hold is of any policy now, or ever given;
 * - an event that waits and comes again is BUFFERED again; a heartbeat is APPLIED, with what is missing;
 * - a dead-lettered event brings its warehouse into being, not its stock; an OrderClosed that names a SKU does; an OrderClosed by
 *   order_id is ambiguous when several dealers have anything open under it there, whatever its SKU;
 * - the sources of a warehouse are those that had an event of a stock applied there; freshness follows what is durable.
 */
import type { Command } from "../../../src/domain/command.js";
import { commit, extend, release } from "./change-rules.js";
import { OutcomeComparison } from "./compare-outcome.js";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "./dead-letter-rules.js";
import { expireDue } from "./ending-rules.js";
import { attachDispatch, listDispatchExceptions } from "./exception-rules.js";
import { getSyncHealth } from "./health-rules.js";
import { atRest, invariants } from "./invariants.js";
import { forgetUnjournalled, settle } from "./link-rules.js";
import { copyState, emptyState, type ModelState } from "./model-state.js";
import { getPolicy, putPolicy } from "./policy-rules.js";
import { endPositions, figuresThen, tellPositions } from "./position-rules.js";
import { getReservation, getStock, listReservations, putDealer } from "./read-rules.js";
import type { ActualOutcome, Decision, Expected, OracleSettings, Request, View } from "./request.js";
import { reserve } from "./reserve-rules.js";
import { listAtRisk, resolveAtRisk } from "./risk-rules.js";
import { sourceStatus, takeErpEvent, takeHeartbeat } from "./sequence-rules.js";
import { getSource, listSources, moveStockSource, putSource, skipGap } from "./source-rules.js";
import { beginTurn, type TurnSeen } from "./turn-rules.js";

/** Decisions between two saved states, and how many states are kept where nothing was said to be settled. */
const SAVE_EVERY = 512;
const SAVED_MAX = 8;

interface Logged {
  readonly mark: number;
  readonly nowMs: number;
  /** Undefined for the beginning of a turn. */
  readonly request: Request | undefined;
  /** Whether it left something durable; what a source said without that is logged for freshness alone. */
  readonly effect: boolean;
}

export class Oracle {
  #state: ModelState;
  #mark = 0;
  /** The last decision with a lasting effect that was answered: no crash may lose it. */
  #acknowledged = 0;
  #log: Logged[] = [];
  #saved: { readonly mark: number; readonly state: ModelState }[];
  readonly #comparison: OutcomeComparison;

  constructor(settings: OracleSettings, comparison = new OutcomeComparison()) {
    this.#state = emptyState(settings);
    this.#saved = [{ mark: 0, state: copyState(this.#state) }];
    this.#comparison = comparison;
  }

  /** Decides one request; what comes back is compared later with `compare`, or never, if a crash swallowed the answer. */
  decide(nowMs: number, request: Request): Decision {
    if (this.#mark - this.#saved.at(-1)!.mark >= SAVE_EVERY) this.#save();
    const before = this.#state.effects;
    const expected = this.#apply(nowMs, request);
    this.#mark += 1;
    const effect = this.#state.effects > before;
    if (effect || request.kind !== "command") this.#log.push({ mark: this.#mark, nowMs, request, effect });
    return { mark: this.#mark, nowMs, request, expected };
  }

  /**
   * A turn begins, and with it what time and silence bring about. To be told of each turn in which the service looked after that, and of
   * each in which it decided something, before its first decision. Its mark is its place in the order.
   */
  turn(nowMs: number): TurnSeen & { readonly mark: number } {
    if (this.#mark - this.#saved.at(-1)!.mark >= SAVE_EVERY) this.#save();
    const before = this.#state.effects;
    const seen = this.#begin(nowMs);
    this.#mark += 1;
    this.#log.push({ mark: this.#mark, nowMs, request: undefined, effect: this.#state.effects > before });
    return { ...seen, mark: this.#mark };
  }

  /** A process listens from now on, service time. To be told after `rewindTo`, before anything else. */
  starts(nowMs: number): void {
    this.#state.startedAtMs = nowMs;
    this.#saved = [{ mark: this.#mark, state: copyState(this.#state) }];
  }

  /** What the real outcome has wrong, one sentence each; empty when it agrees. Learns reservation ids. */
  compare(decision: Decision, actual: ActualOutcome): string[] {
    const logged = this.#log.findLast(({ mark }) => mark <= decision.mark);
    const hadEffect = logged?.mark === decision.mark && logged.effect;
    if (hadEffect && actual.kind === "answered") this.#acknowledged = Math.max(this.#acknowledged, decision.mark);
    return this.#comparison.differences(decision, actual);
  }

  /** `decide` and `compare` in one: for a world that hears each outcome in decision order. */
  check(nowMs: number, request: Request, actual: ActualOutcome): string[] {
    return this.compare(this.decide(nowMs, request), actual);
  }

  /** What a source has of a stock at a sequence, if nothing went wrong between it and the service. */
  truth(source: string, at: { readonly warehouseId: string; readonly sku: string; readonly asOfSequence: number }) {
    return figuresThen(this.#state, source, at);
  }

  /** The number of decisions so far. */
  mark(): number {
    return this.#mark;
  }

  /**
   * A crash: forgets every decision after this one, and what is in no journal. To be called at each restart, with `mark()` when
   * nothing was lost. What survived one crash survives the next. Answers with what an acknowledgement promised and the crash took (I5). Throws when that is too far back.
   */
  rewindTo(mark: number): string[] {
    const lost = this.#acknowledged > mark ? [`I5: decision ${this.#acknowledged} was answered and is lost`] : [];
    this.#state = this.#stateAt(mark);
    for (const source of this.#state.sources.values()) forgetUnjournalled(this.#state, source);
    this.#state.runs.clear();
    this.#mark = mark;
    this.#saved = [{ mark, state: copyState(this.#state) }];
    this.#log = [];
    this.#acknowledged = Math.min(this.#acknowledged, mark);
    this.#comparison.ids.dropAfter(this.#state.lastReservation);
    this.#comparison.sightings.dropAfter(mark);
    return lost;
  }

  /**
   * Another oracle, that knows what this one knew at a mark and goes its own way from there: for what is restored from a backup.
   * The reservation ids that this one learns from then on are told to the other by `retireIds`.
   */
  branch(mark: number): Oracle {
    const branch = new Oracle(this.#state.settings, new OutcomeComparison(this.#comparison.ids.copy()));
    branch.#saved = [{ mark, state: this.#stateAt(mark) }];
    branch.#mark = mark;
    branch.rewindTo(mark);
    return branch;
  }

  /** No reservation that is made from now on may get an id that the other oracle was ever told. */
  retireIds(of: Oracle): void {
    this.#comparison.ids.retire(of.#comparison.ids.told, this.#state.lastReservation);
  }

  /**
   * Decisions up to this one are durable: the oracle need not go back before it. Where that is all of them, freshness is exact
   * from here on; to be called whenever nothing is under way.
   */
  settled(mark: number): void {
    if (mark === this.#mark) for (const source of this.#state.sources.values()) settle(source);
    const base = this.#saved.findLast((one) => one.mark <= mark);
    if (base !== undefined) this.#forgetBefore(base.mark);
  }

  /** I1, I2, I3, I5, I9, I10 and I12 of what was read back. Empty when all hold. */
  checkInvariants(view: View): string[] {
    expireDue(this.#state, view.nowMs);
    return invariants(this.#state, this.#mark, this.#comparison, view);
  }

  /** At the end, after time enough: the invariants, every hold has ended, and no event waits for nothing. */
  checkAtRest(view: View): string[] {
    return [...this.checkInvariants(view), ...atRest(this.#state, view)];
  }

  /** The state after a decision that was made, apart from what was not journalled. Throws when that is too far back. */
  #stateAt(mark: number): ModelState {
    const saved = this.#saved.findLast((one) => one.mark <= mark);
    if (saved === undefined || mark > this.#mark) throw new Error(`cannot go to mark ${mark} of ${this.#mark}`);
    const now = this.#state;
    this.#state = copyState(saved.state);
    const survived = this.#log.filter((one) => one.mark > saved.mark && one.mark <= mark);
    for (const { nowMs, request } of survived) {
      if (request === undefined) this.#begin(nowMs);
      else this.#apply(nowMs, request);
    }
    const then = this.#state;
    this.#state = now;
    return then;
  }

  #begin(nowMs: number): TurnSeen {
    expireDue(this.#state, nowMs);
    return beginTurn(this.#state, { nowMs, numberOf: (id) => this.#comparison.ids.numberOf(id) });
  }

  #apply(nowMs: number, request: Request): Expected {
    const state = this.#state;
    expireDue(state, nowMs);
    const numberOf = (id: string) => this.#comparison.ids.numberOf(id);
    switch (request.kind) {
      case "erp":
        return takeErpEvent(state, nowMs, request.event, numberOf);
      case "heartbeat":
        return takeHeartbeat(state, nowMs, request.source, request.lastSequence);
      case "positions":
        return tellPositions(state, request);
      case "positionsEnd":
        return endPositions(state, nowMs, request);
      case "sourceStatus":
        return sourceStatus(state, nowMs, request.source);
      case "command":
        return this.#command(nowMs, request.command);
    }
  }

  #command(nowMs: number, command: Command): Expected {
    const state = this.#state;
    const { ids } = this.#comparison;
    switch (command.kind) {
      case "Reserve":
        return reserve(state, nowMs, command);
      case "Commit":
        return commit(state, { nowMs, command, number: ids.numberOf(command.reservationId) });
      case "Release":
        return release(state, { nowMs, command, number: ids.numberOf(command.reservationId) });
      case "Extend":
        return extend(state, { nowMs, command, number: ids.numberOf(command.reservationId) });
      case "GetReservation":
        return getReservation(state, nowMs, command, ids.numberOf(command.reservationId));
      case "ListReservations":
        return listReservations(state, command);
      case "GetStock":
        return getStock(state, command);
      case "PutDealer":
        return putDealer(state, nowMs, command);
      case "PutPolicy":
        return putPolicy(state, command);
      case "GetPolicy":
        return getPolicy(state, command);
      default:
        return this.#operation(nowMs, command);
    }
  }

  #operation(nowMs: number, command: Command): Expected {
    const state = this.#state;
    const numberOf = (id: string) => this.#comparison.ids.numberOf(id);
    switch (command.kind) {
      case "ListDeadLetters":
        return listDeadLetters(state, command);
      case "ReplayDeadLetter":
        return replayDeadLetter(state, command, { nowMs, numberOf });
      case "DropDeadLetter":
        return dropDeadLetter(state, command);
      case "ListDispatchExceptions":
        return listDispatchExceptions(state, command);
      case "AttachDispatch":
        return attachDispatch(state, { nowMs, number: numberOf(command.reservationId), command });
      case "ListAtRisk":
        return listAtRisk(state, command);
      case "ResolveAtRisk":
        return resolveAtRisk(state, { nowMs, number: numberOf(command.reservationId) }, command);
      case "PutSource":
        return putSource(state, nowMs, command);
      case "GetSource":
        return getSource(state, nowMs, command);
      case "ListSources":
        return listSources(state, nowMs);
      case "MoveStockSource":
        return moveStockSource(state, command);
      case "SkipGap":
        return skipGap(state, command, { nowMs, numberOf });
      case "GetSyncHealth":
        return getSyncHealth(state, nowMs, command);
      default:
        throw new Error(`the model does not know ${command.kind}`);
    }
  }

  #save(): void {
    this.#saved.push({ mark: this.#mark, state: copyState(this.#state) });
    const oldest = this.#saved.at(-SAVED_MAX);
    if (oldest !== undefined) this.#forgetBefore(oldest.mark);
  }

  #forgetBefore(mark: number): void {
    this.#saved = this.#saved.filter((one) => one.mark >= mark);
    this.#log = this.#log.filter((one) => one.mark > mark);
  }
}
