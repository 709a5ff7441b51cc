/**
 * The one place that turns refusals into gRPC statuses with google.rpc details, and everything unforeseen into INTERNAL.
 * A status travels in the trailers, and callers drop a call whose trailers are larger than they take (8 KiB for many of
 * them), so whatever a request made long is cut to EDGE_LIMITS here.
 */
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { Outcome } from "../actor/service.js";
import { type Refusal, type RefusalReason, refusal } from "../domain/refusal.js";
import {
  type BadRequest_FieldViolation,
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../gen/google/rpc/status_pb.js";
import { EDGE_LIMITS } from "../limits.js";
import { clipText } from "./clip-text.js";

const DOMAIN = "holdfast";

const CODES: Readonly<Record<RefusalReason, status>> = {
  INVALID_FIELD: status.INVALID_ARGUMENT,
  LIMIT_EXCEEDED: status.INVALID_ARGUMENT,
  DEALER_NOT_FOUND: status.NOT_FOUND,
  WAREHOUSE_NOT_FOUND: status.NOT_FOUND,
  SKU_NOT_FOUND: status.NOT_FOUND,
  RESERVATION_NOT_FOUND: status.NOT_FOUND,
  SOURCE_NOT_FOUND: status.NOT_FOUND,
  DEAD_LETTER_NOT_FOUND: status.NOT_FOUND,
  DISPATCH_EXCEPTION_NOT_FOUND: status.NOT_FOUND,
  DISCREPANCY_NOT_FOUND: status.NOT_FOUND,
  RESERVATION_EXPIRED: status.FAILED_PRECONDITION,
  RESERVATION_RELEASED: status.FAILED_PRECONDITION,
  RESERVATION_FULFILLED: status.FAILED_PRECONDITION,
  RESERVATION_COMMITTED: status.FAILED_PRECONDITION,
  QUANTITY_EXCEEDED: status.FAILED_PRECONDITION,
  STOCK_SHORTFALL: status.FAILED_PRECONDITION,
  WAREHOUSE_NOT_ASSIGNED: status.FAILED_PRECONDITION,
  DEAD_LETTER_REFUSED: status.FAILED_PRECONDITION,
  DEAD_LETTER_REPLAYED: status.FAILED_PRECONDITION,
  DEAD_LETTER_DROPPED: status.FAILED_PRECONDITION,
  DISPATCH_EXCEPTION_RESOLVED: status.FAILED_PRECONDITION,
  RESERVATION_PENDING: status.FAILED_PRECONDITION,
  NO_GAP: status.FAILED_PRECONDITION,
  DRIFT_RESOLVED: status.FAILED_PRECONDITION,
  DRIFT_OUTDATED: status.FAILED_PRECONDITION,
  NOT_AT_RISK: status.FAILED_PRECONDITION,
  REQUEST_ID_REUSED: status.ALREADY_EXISTS,
  CURSOR_TOO_OLD: status.OUT_OF_RANGE,
  QUOTA_EXCEEDED: status.RESOURCE_EXHAUSTED,
  READER_TOO_SLOW: status.RESOURCE_EXHAUSTED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  JOURNAL_UNAVAILABLE: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  NOT_OWNER: status.UNAVAILABLE,
  DIRECTORY_NOT_EMPTY: status.FAILED_PRECONDITION,
  DIRECTORY_NOT_WRITABLE: status.FAILED_PRECONDITION,
  DISK_FULL: status.RESOURCE_EXHAUSTED,
  DATA_DAMAGED: status.DATA_LOSS,
};

/** Reasons that always say when to come back, also where the refusal itself does not. */
const RETRY_AFTER_MS: Readonly<Partial<Record<RefusalReason, number>>> = {
  OVERLOADED: 100,
  JOURNAL_UNAVAILABLE: 1_000,
};

/** One bad field and what is allowed there. */
export interface Violation {
  readonly field: string;
  readonly message: string;
  /** Where there are too many of something: how many are allowed. */
  readonly limit?: number;
}

type FieldViolation = Pick<BadRequest_FieldViolation, "field" | "description">;

/** A refused request, with what is wrong in each of its fields. */
interface RefusedRequest extends Refusal {
  readonly violations: readonly Violation[];
}

/** The refusal of a request with bad fields; the first one gives the reason and the message. */
export function badRequest(violations: readonly Violation[]): Refusal {
  const { field, message, limit } = violations[0]!;
  const count = violations.length;
  const refused: RefusedRequest = {
    ...refusal(
      limit === undefined ? "INVALID_FIELD" : "LIMIT_EXCEEDED",
      count === 1 ? `${field}: ${message}` : `${field}: ${message} (one of ${count} bad fields)`,
      {
        fields: violations.map((violation) => violation.field),
        metadata: {
          field,
          ...(limit === undefined ? {} : { limit: String(limit) }),
          ...(count === 1 ? {} : { bad_fields: String(count) }),
        },
      },
    ),
    violations,
  };
  return refused;
}

/** The google.rpc.Status of a refusal: one ErrorInfo, field violations for bad arguments, RetryInfo where a retry helps. */
export function statusOf(refused: Refusal): Status {
  const code = CODES[refused.reason];
  const details = [errorInfo(refused.reason, metadataOf(refused, code))];
  if (code === status.INVALID_ARGUMENT)
    details.push(pack(BadRequestSchema, { fieldViolations: violationsOf(refused) }));
  const retryAfterMs = refused.retryAfterMs ?? RETRY_AFTER_MS[refused.reason];
  if (retryAfterMs !== undefined) details.push(pack(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) }));
  return create(StatusSchema, { code, message: clipText(refused.message, EDGE_LIMITS.statusMessageBytesMax), details });
}

/** What the transport answers to bytes that are not the message they should be: it has no details. */
export function undecodableStatus(): Status {
  return create(StatusSchema, { code: status.INTERNAL, message: "Error deserializing request" });
}

/** A status for everything unforeseen: generic text, the cause stays in the log. */
export function internalStatus(): Status {
  return create(StatusSchema, {
    code: status.INTERNAL,
    message: "Something went wrong inside the service.",
    details: [errorInfo("INTERNAL", {})],
  });
}

/** The status of an outcome that is not an answer. */
export function outcomeStatus(outcome: Exclude<Outcome<unknown>, { kind: "answered" }>): Status {
  return outcome.kind === "refused" ? statusOf(outcome.refusal) : internalStatus();
}

/** The reason that stands in the trailers of a refused call, for the telemetry of this process. */
const REASONS = new WeakMap<Metadata, string>();

/** The reason of the status that has these trailers, as in ErrorInfo; empty where there is none. */
export function reasonOf(trailers: Metadata | null | undefined): string {
  return (trailers && REASONS.get(trailers)) ?? "";
}

/** What grpc-js ends a call with: the code and message as they are, the whole status in the trailer. */
export function errorOf(rpcStatus: Status): Partial<ServiceError> {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, rpcStatus)));
  const [detail] = rpcStatus.details;
  const info = detail === undefined ? undefined : anyUnpack(detail, ErrorInfoSchema);
  if (info !== undefined) REASONS.set(metadata, info.reason);
  return { code: rpcStatus.code, details: rpcStatus.message, metadata };
}

export function serviceError(refused: Refusal): Partial<ServiceError> {
  return errorOf(statusOf(refused));
}

export function internalError(): Partial<ServiceError> {
  return errorOf(internalStatus());
}

function errorInfo(reason: string, metadata: Record<string, string>): Any {
  return pack(ErrorInfoSchema, { reason, domain: DOMAIN, metadata });
}

function metadataOf(refused: Refusal, code: status): Record<string, string> {
  const first = code === status.INVALID_ARGUMENT ? refused.fields[0] : undefined;
  const metadata: Record<string, string> = first === undefined ? {} : { field: first };
  // Violations come with bad arguments only; elsewhere their room is the metadata's (SKU_NOT_FOUND names many SKUs).
  let bytesLeft: number = EDGE_LIMITS.statusMetadataBytesMax;
  if (code !== status.INVALID_ARGUMENT) bytesLeft += EDGE_LIMITS.statusViolationsBytesMax;
  for (const [name, value] of Object.entries(refused.metadata)) {
    const clipped = clipText(value, bytesLeft);
    metadata[name] = clipped;
    bytesLeft = Math.max(0, bytesLeft - Buffer.byteLength(clipped));
  }
  return metadata;
}

/** As many as fit, in the order of the request. */
function violationsOf(refused: Refusal): FieldViolation[] {
  const all = "violations" in refused ? (refused as RefusedRequest).violations : undefined;
  const shown: FieldViolation[] = [];
  let bytesLeft: number = EDGE_LIMITS.statusViolationsBytesMax;
  for (let index = 0; index < refused.fields.length; index++) {
    const field = refused.fields[index]!;
    const description = clipText(all?.[index]?.message ?? refused.message, EDGE_LIMITS.statusMessageBytesMax);
    bytesLeft -= field.length + Buffer.byteLength(description);
    if (bytesLeft < 0) break;
    shown.push({ field, description });
  }
  return shown;
}

function pack<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, init));
}
