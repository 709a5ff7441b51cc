/**
 * The one error that the client throws: a gRPC status with Holdfast's details taken out of google.rpc.Status.
 * It decides nothing; whether to retry is retry.ts's business.
 */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../gen/google/rpc/status_pb.js";

export interface FieldViolation {
  /** Path in the request, such as `lines[2].quantity`. */
  readonly field: string;
  readonly description: string;
}

interface ErrorFacts {
  readonly code: status;
  readonly message: string;
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly FieldViolation[];
  readonly retryAfterMs?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** A call that did not succeed. `reason` is Holdfast's stable word for why (docs/api.md, Errors), empty when the transport failed. */
export class HoldfastError extends Error {
  /** The gRPC status code. */
  readonly code: status;
  readonly reason: string;
  /** Every changing value of the message, by name. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly fieldViolations: readonly FieldViolation[];
  /** How long the server asks to wait before a retry; unset where it says nothing. */
  readonly retryAfterMs: number | undefined;
  /** Of the request that failed, generated ones included: a retry with it finds out what became of the first try. */
  readonly requestId: string | undefined;

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "HoldfastError";
    this.code = facts.code;
    this.reason = facts.reason ?? "";
    this.metadata = facts.metadata ?? {};
    this.fieldViolations = facts.fieldViolations ?? [];
    this.retryAfterMs = facts.retryAfterMs;
    this.requestId = facts.requestId;
  }

  /** The code's name, such as `FAILED_PRECONDITION`. */
  get codeName(): string {
    return status[this.code] ?? String(this.code);
  }

  /** The same failure as that of one request. */
  forRequest(requestId: string): HoldfastError {
    return new HoldfastError({ ...this, message: this.message, requestId, cause: this });
  }
}

/** From a failed call. Details that cannot be read are ignored: the code and the message still stand. */
export function errorFromCall(error: ServiceError): HoldfastError {
  const encoded = error.metadata?.get("grpc-status-details-bin")[0];
  const details = typeof encoded === "object" ? decodeDetails(encoded) : undefined;
  return new HoldfastError({
    ...(details === undefined ? {} : factsFromDetails(details)),
    code: error.code,
    message: error.details || error.message,
    cause: error,
  });
}

/** From a status that travels inside a message, as on ReserveStream. */
export function errorFromStatus(details: Status): HoldfastError {
  return new HoldfastError({ ...factsFromDetails(details), code: details.code, message: details.message });
}

function decodeDetails(encoded: Uint8Array): Status | undefined {
  try {
    return fromBinary(StatusSchema, encoded);
  } catch {
    return undefined;
  }
}

function factsFromDetails(details: Status): Omit<ErrorFacts, "code" | "message"> {
  const info = detail(details, ErrorInfoSchema);
  const badRequest = detail(details, BadRequestSchema);
  const retryDelay = detail(details, RetryInfoSchema)?.retryDelay;
  return {
    reason: info?.reason ?? "",
    metadata: { ...info?.metadata },
    fieldViolations: (badRequest?.fieldViolations ?? []).map(({ field, description }) => ({ field, description })),
    retryAfterMs: retryDelay === undefined ? undefined : durationMs(retryDelay),
  };
}

function detail<Desc extends DescMessage>(details: Status, desc: Desc): MessageShape<Desc> | undefined {
  for (const packed of details.details) {
    try {
      const unpacked = anyUnpack(packed, desc);
      if (unpacked !== undefined) return unpacked;
    } catch {
      // A damaged detail must not hide the failure that it describes.
    }
  }
  return undefined;
}
