/** Refusals that are nobody's fault: there is no room, no journal, or no service. */
import { type Refusal, refusal } from "../domain/refusal.js";

export function overloaded(resource: string, metadata: Record<string, string> = {}, retryAfterMs = 100): Refusal {
  return refusal("OVERLOADED", `The ${resource} is full; nothing was changed.`, {
    metadata: { resource, ...metadata },
    retryAfterMs,
  });
}

export function shuttingDown(): Refusal {
  return refusal("SHUTTING_DOWN", "The service is shutting down.", { retryAfterMs: 1_000 });
}

export function journalUnavailable(): Refusal {
  return refusal(
    "JOURNAL_UNAVAILABLE",
    "The journal cannot be written; whether the request took effect is unknown. A retry with the same request_id resolves it.",
    { retryAfterMs: 1_000 },
  );
}
