/**
 * What a person or a script is told when a command did not succeed: what happened, why, and what to do. Never a stack.
 */
import { type FieldViolation, GrpcStatus, HoldfastError } from "../client/index.js";
import { adviceFor } from "./advice.js";
import { EXIT_FAILURE, EXIT_REFUSED, type ExitCode } from "./exit-code.js";

const REFUSALS: ReadonlySet<number> = new Set([
  GrpcStatus.FAILED_PRECONDITION,
  GrpcStatus.NOT_FOUND,
  GrpcStatus.ALREADY_EXISTS,
  GrpcStatus.INVALID_ARGUMENT,
  GrpcStatus.RESOURCE_EXHAUSTED,
  GrpcStatus.OUT_OF_RANGE,
]);

/** Whether the server said no, or cannot say now: an overloaded one may say yes later. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof HoldfastError) || error.reason === "OVERLOADED") return EXIT_FAILURE;
  return REFUSALS.has(error.code) ? EXIT_REFUSED : EXIT_FAILURE;
}

/** The failure in a few lines for a person. */
export function describeFailure(error: unknown, server: string): string {
  if (!(error instanceof HoldfastError)) return `Failed: ${error instanceof Error ? error.message : String(error)}`;
  const verdict = exitCodeOf(error) === EXIT_REFUSED ? "Refused" : "Failed";
  const why = error.reason === "" ? error.codeName : error.reason;
  return [
    `${verdict}: ${why}`,
    `  ${error.message}`,
    ...error.fieldViolations
      .filter(saysMoreThan(error.message))
      .map(({ field, description }) => `  ${field}: ${description}`),
    ...adviceFor(error, server).map((line) => `  ${line}`),
  ].join("\n");
}

function saysMoreThan(message: string): (violation: FieldViolation) => boolean {
  return ({ description }) => !message.includes(description);
}

/** The failure as one JSON line for a script. */
export function failureAsJson(error: unknown): string {
  if (!(error instanceof HoldfastError)) {
    return JSON.stringify({ error: { message: error instanceof Error ? error.message : String(error) } });
  }
  const { codeName, reason, message, metadata, fieldViolations, retryAfterMs, requestId } = error;
  return JSON.stringify({
    error: { code: codeName, reason, message, metadata, fieldViolations, retryAfterMs, requestId },
  });
}
