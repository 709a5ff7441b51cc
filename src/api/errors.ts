/** The one place that turns refusals into gRPC statuses with google.rpc details, and everything unforeseen into INTERNAL. */
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { Outcome } from "../actor/service.js";
import { type Refusal, type RefusalReason, refusal } from "../domain/refusal.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../gen/google/rpc/status_pb.js";

const DOMAIN = "holdfast";

const CODES: Readonly<Record<RefusalReason, status>> = {
  INVALID_FIELD: status.INVALID_ARGUMENT,
  LIMIT_EXCEEDED: status.INVALID_ARGUMENT,
  DEALER_NOT_FOUND: status.NOT_FOUND,
  WAREHOUSE_NOT_FOUND: status.NOT_FOUND,
  SKU_NOT_FOUND: status.NOT_FOUND,
  RESERVATION_NOT_FOUND: status.NOT_FOUND,
  RESERVATION_EXPIRED: status.FAILED_PRECONDITION,
  RESERVATION_RELEASED: status.FAILED_PRECONDITION,
  RESERVATION_FULFILLED: status.FAILED_PRECONDITION,
  RESERVATION_COMMITTED: status.FAILED_PRECONDITION,
  QUANTITY_EXCEEDED: status.FAILED_PRECONDITION,
  STOCK_SHORTFALL: status.FAILED_PRECONDITION,
  WAREHOUSE_NOT_ASSIGNED: status.FAILED_PRECONDITION,
  REQUEST_ID_REUSED: status.ALREADY_EXISTS,
  CURSOR_TOO_OLD: status.OUT_OF_RANGE,
  QUOTA_EXCEEDED: status.RESOURCE_EXHAUSTED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  JOURNAL_UNAVAILABLE: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  NOT_OWNER: status.UNAVAILABLE,
};

/** The google.rpc.Status of a refusal: one ErrorInfo, field violations for bad arguments, RetryInfo where a retry helps. */
export function statusOf(refused: Refusal): Status {
  const code = CODES[refused.reason];
  const details = [
    anyPack(
      ErrorInfoSchema,
      create(ErrorInfoSchema, { reason: refused.reason, domain: DOMAIN, metadata: { ...refused.metadata } }),
    ),
  ];
  if (code === status.INVALID_ARGUMENT) {
    const fieldViolations = refused.fields.map((field) => ({ field, description: refused.message }));
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (refused.retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(refused.retryAfterMs);
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  return create(StatusSchema, { code, message: refused.message, details });
}

/** What grpc-js ends a call with. */
export function serviceError(refused: Refusal): Partial<ServiceError> {
  return errorOf(statusOf(refused));
}

/** A status for everything unforeseen: generic text, the cause stays in the log. */
export function internalStatus(): Status {
  const info = create(ErrorInfoSchema, { reason: "INTERNAL", domain: DOMAIN });
  return create(StatusSchema, {
    code: status.INTERNAL,
    message: "Something went wrong inside the service.",
    details: [anyPack(ErrorInfoSchema, info)],
  });
}

export function internalError(): Partial<ServiceError> {
  return errorOf(internalStatus());
}

/** The status of an outcome that is not an answer. */
export function outcomeStatus(outcome: Exclude<Outcome<unknown>, { kind: "answered" }>): Status {
  return outcome.kind === "refused" ? statusOf(outcome.refusal) : internalStatus();
}

export function errorOf(rpcStatus: Status): Partial<ServiceError> {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, rpcStatus)));
  return { code: rpcStatus.code, details: rpcStatus.message, metadata };
}

/** One bad field and what is allowed there. */
export interface Violation {
  readonly field: string;
  readonly message: string;
  readonly limit?: boolean;
}

/** The refusal of a request with bad fields; the first one names the reason. */
export function badRequest(violations: readonly Violation[]): Refusal {
  const first = violations[0]!;
  return refusal(
    first.limit === true ? "LIMIT_EXCEEDED" : "INVALID_FIELD",
    violations.map((violation) => `${violation.field}: ${violation.message}`).join("; "),
    { fields: violations.map((violation) => violation.field), metadata: { field: first.field } },
  );
}
