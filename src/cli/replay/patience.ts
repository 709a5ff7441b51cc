/**
 * The replay's patience with a busy server. The published client retries UNAVAILABLE only; a load generator that is
 * told OVERLOADED waits as long as it is asked to, and sends the same request again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { GrpcStatus, HoldfastError } from "../../client/index.js";

const ATTEMPTS_MAX = 50;

/** Makes the call until it is not refused as OVERLOADED. The call must be the same request each time. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isOverloaded(error) || attempt >= ATTEMPTS_MAX) throw error;
      await sleep(error.retryAfterMs ?? 100);
    }
  }
}

/** Whether the same request, sent again, can still get its answer. */
export function canBeResolved(error: unknown): error is HoldfastError {
  return isOverloaded(error) || (error instanceof HoldfastError && error.code === GrpcStatus.UNAVAILABLE);
}

function isOverloaded(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError && error.code === GrpcStatus.RESOURCE_EXHAUSTED && error.reason === "OVERLOADED"
  );
}
