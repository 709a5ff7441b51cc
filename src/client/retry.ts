/**
 * Retries of unary calls that ended with UNAVAILABLE, and of no others: the outcome of such a call is unknown, and the same
 * request_id resolves it. Also what streams that are opened again go by: which failures pass, and how long to wait.
 *
 * 1. Every attempt is the same request; this module never changes it.
 * 2. Attempts and the time for all of them are bounded; a wait that would pass the deadline is not begun.
 * 3. A server's RetryInfo is a lower bound of the wait; the jitter comes on top, so that callers spread.
 */
import { status } from "@grpc/grpc-js";
import { HoldfastError } from "./holdfast-error.js";

export interface RetryPolicy {
  /** The first try included; 1 means no retry. */
  readonly attemptsMax: number;
  /** The backoff before the first retry; it doubles with each. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { attemptsMax: 5, backoffMinMs: 100, backoffMaxMs: 2_000 };

/** Between the tries of a stream that is opened again for as long as it takes. */
export const STREAM_BACKOFF = { backoffMinMs: 100, backoffMaxMs: 5_000 } as const;

/** Time and chance, so that tests own them. */
export interface RetryEnvironment {
  nowMs(): number;
  /** Resolves after the delay; rejects at once when the signal aborts. */
  sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void>;
  /** At least 0, below 1. */
  random(): number;
}

export const SYSTEM_RETRY_ENVIRONMENT: RetryEnvironment = {
  nowMs: () => performance.now(),
  sleep: sleepUnlessAborted,
  random: Math.random,
};

/** Runs attempts until one succeeds, fails for good, or the policy or `deadlineMs` (for all of them) is used up. */
export async function retryUnavailable<T>(
  attempt: (remainingMs: number) => Promise<T>,
  limits: { policy: RetryPolicy; deadlineMs: number; signal?: AbortSignal | undefined },
  environment: RetryEnvironment,
): Promise<T> {
  const endsAtMs = environment.nowMs() + limits.deadlineMs;
  for (let attemptNumber = 1; ; attemptNumber++) {
    try {
      return await attempt(endsAtMs - environment.nowMs());
    } catch (error) {
      if (!isUnavailable(error) || attemptNumber >= limits.policy.attemptsMax) throw error;
      const random = environment.random();
      const delayMs = retryDelayMs(attemptNumber, error.retryAfterMs, { policy: limits.policy, random });
      if (environment.nowMs() + delayMs >= endsAtMs) throw error;
      await environment.sleep(delayMs, limits.signal);
    }
  }
}

/** Codes of failures that stay as they are, however often the same is tried. */
const FINAL_CODES: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
]);

/** Whether a stream that ended so is worth opening again: the server was away, busy, restarted, or the line broke. */
export function isPassing(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && !FINAL_CODES.has(error.code);
}

/** The wait before the given retry (1, 2, 3 ...): doubling, with jitter, above what the server asks for. */
export function retryDelayMs(
  retryNumber: number,
  retryAfterMs: number | undefined,
  limits: { readonly policy: Pick<RetryPolicy, "backoffMinMs" | "backoffMaxMs">; readonly random: number },
): number {
  const { policy, random } = limits;
  const backoffMs = Math.min(policy.backoffMaxMs, policy.backoffMinMs * 2 ** (retryNumber - 1));
  return (retryAfterMs ?? 0) + backoffMs * (0.5 + random / 2);
}

function isUnavailable(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code === status.UNAVAILABLE;
}

function sleepUnlessAborted(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new HoldfastError({ code: status.CANCELLED, message: "cancelled by the caller" }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, delayMs);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
