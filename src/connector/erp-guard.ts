/**
 * Every request to the ERP goes through here, so that the ERP is protected from the connector: so many at once, so many a second,
 * each with a time limit; repeated with jitter after a failure that may pass; none at all for a while after too many failures.
 * What the ERP refuses (ErpRefusal) is an answer: it is neither repeated nor held against it.
 */
import {
  type BulkheadPolicy,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  decorrelatedJitterGenerator,
  ExponentialBackoff,
  handleAll,
  handleWhen,
  isBrokenCircuitError,
  type RetryPolicy,
  retry,
  TimeoutStrategy,
  timeout,
} from "cockatiel";
import type { RetryEnvironment } from "../client/retry.js";
import { ErpRefusal } from "./erp-adapter.js";

export interface ErpLimits {
  /** For one request. */
  readonly timeoutMs: number;
  /** Tries of a request that may be repeated, the first included. */
  readonly attemptsMax: number;
  readonly concurrentMax: number;
  readonly requestsPerSecondMax: number;
  /** Failures in a row after which the ERP is left alone. */
  readonly breakAfterFailures: number;
  readonly breakForMs: number;
}

export interface GuardedRequest {
  /** What is asked for, for error messages. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Must not be repeated by itself: the first try may have been carried out. */
  readonly once?: boolean;
  /** Instead of the limit for all requests. */
  readonly timeoutMs?: number;
}

export interface GuardReports {
  /** How long a request took, whatever came of it; waiting for its turn not included. */
  responded(durationMs: number): void;
  /** The ERP is left alone from now on, or asked again. */
  circuitChanged(state: "open" | "trying" | "closed"): void;
}

/** A refusal passes the breaker as the answer that it is. */
type Answer<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "refused"; readonly refusal: ErpRefusal };

/** The ERP did not answer, or not in time, or is left alone for a while. Another try later may succeed. */
export class ErpUnavailable extends Error {
  readonly code = "ERP_UNAVAILABLE";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ErpUnavailable";
  }
}

const BACKOFF = { initialDelay: 200, maxDelay: 5_000, generator: decorrelatedJitterGenerator };
/** Requests that wait for their turn; the connector's own work never comes near it. */
const WAITING_MAX = 1_000;

export class ErpGuard {
  readonly #limits: ErpLimits;
  readonly #reports: GuardReports;
  readonly #environment: RetryEnvironment;
  readonly #retry: RetryPolicy;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #bulkhead: BulkheadPolicy;
  #nextTurnAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: ErpLimits, reports: GuardReports, environment: RetryEnvironment) {
    this.#limits = limits;
    this.#reports = reports;
    this.#environment = environment;
    this.#retry = retry(handleWhen(isWorthRepeating), {
      maxAttempts: limits.attemptsMax - 1,
      backoff: new ExponentialBackoff(BACKOFF),
    });
    this.#breaker = circuitBreaker(handleAll, {
      halfOpenAfter: limits.breakForMs,
      breaker: new ConsecutiveBreaker(limits.breakAfterFailures),
    });
    this.#breaker.onStateChange((state) => reports.circuitChanged(STATES[state]));
    this.#bulkhead = bulkhead(limits.concurrentMax, WAITING_MAX);
  }

  /** Carries out one request. Throws an ErpRefusal, or an ErpUnavailable with the cause. */
  async run<T>(request: GuardedRequest, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const answer = await this.#answer(request, call);
    if (answer.kind === "refused") throw answer.refusal;
    return answer.value;
  }

  async #answer<T>(request: GuardedRequest, call: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
    const attempt = ({ signal }: { signal: AbortSignal }): Promise<Answer<T>> =>
      this.#breaker.execute(
        ({ signal }) => this.#bulkhead.execute(() => this.#inTurn(request, call, signal), signal),
        signal,
      );
    try {
      if (request.once === true) return await attempt(request);
      return await this.#retry.execute(attempt, request.signal);
    } catch (cause) {
      throw new ErpUnavailable(`${request.what}: ${reasonOf(cause)}`, { cause });
    }
  }

  async #inTurn<T>(
    request: GuardedRequest,
    call: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    await this.#takeTurn(signal);
    const startedAtMs = this.#environment.nowMs();
    try {
      const limit = timeout(request.timeoutMs ?? this.#limits.timeoutMs, TimeoutStrategy.Aggressive);
      return { kind: "value", value: await limit.execute(({ signal }) => call(signal), signal) };
    } catch (error) {
      if (error instanceof ErpRefusal) return { kind: "refused", refusal: error };
      throw error;
    } finally {
      this.#reports.responded(this.#environment.nowMs() - startedAtMs);
    }
  }

  /** Spreads requests evenly over time. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    const nowMs = this.#environment.nowMs();
    const turnAtMs = Math.max(nowMs, this.#nextTurnAtMs);
    this.#nextTurnAtMs = turnAtMs + 1_000 / this.#limits.requestsPerSecondMax;
    if (turnAtMs > nowMs) await this.#environment.sleep(turnAtMs - nowMs, signal);
  }
}

const STATES = {
  [CircuitState.Closed]: "closed",
  [CircuitState.HalfOpen]: "trying",
  [CircuitState.Open]: "open",
  [CircuitState.Isolated]: "open",
} as const;

function isWorthRepeating(error: Error): boolean {
  return !isBrokenCircuitError(error);
}

function reasonOf(cause: unknown): string {
  if (isBrokenCircuitError(cause)) return "left alone for a while after too many failures";
  return cause instanceof Error ? cause.message : String(cause);
}
