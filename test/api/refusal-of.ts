/** What a refused call says, taken apart detail by detail, so that a test can compare all of it. */
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";
import { HoldfastError } from "../../src/client/holdfast-error.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../src/gen/google/rpc/status_pb.js";

export interface SeenRefusal {
  /** The status code's name. */
  readonly code: string;
  /** `domain/reason` of every ErrorInfo: exactly one is right. */
  readonly infos: readonly string[];
  /** Field paths of every BadRequest. */
  readonly fields: readonly string[];
}

export interface SeenDetails extends SeenRefusal {
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
  readonly message: string;
}

/** The refusal that a call ended with. Throws when the call succeeded, or failed without our details. */
export async function detailsOf(call: Promise<unknown>): Promise<SeenDetails> {
  const error = await call.then(
    (answer) => {
      throw new Error(
        `not refused: ${JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? `${value}` : value))}`,
      );
    },
    (thrown: unknown) => thrown,
  );
  const cause = (error instanceof HoldfastError ? error.cause : error) as ServiceError;
  const encoded = cause?.metadata?.get("grpc-status-details-bin") ?? [];
  if (encoded.length !== 1 || typeof encoded[0] === "string")
    throw new Error("refused without details", { cause: error });
  const details = detailsOfStatus(fromBinary(StatusSchema, encoded[0]!));
  if (details.code !== status[cause.code]) throw new Error("the details carry another code than the call");
  return details;
}

export async function refusalOf(call: Promise<unknown>): Promise<SeenRefusal> {
  const { code, infos, fields } = await detailsOf(call);
  return { code, infos, fields };
}

/** From a status that travels inside a message. */
export function detailsOfStatus(rpcStatus: Status): SeenDetails {
  const infos = rpcStatus.details.flatMap((detail) => anyUnpack(detail, ErrorInfoSchema) ?? []);
  const bad = rpcStatus.details.flatMap((detail) => anyUnpack(detail, BadRequestSchema) ?? []);
  const retry = rpcStatus.details.flatMap((detail) => anyUnpack(detail, RetryInfoSchema) ?? []);
  return {
    code: status[rpcStatus.code]!,
    infos: infos.map((info) => `${info.domain}/${info.reason}`),
    fields: bad.flatMap((detail) => detail.fieldViolations.map((violation) => violation.field)),
    metadata: Object.assign({}, ...infos.map((info) => info.metadata)),
    retryAfterMs: retry[0]?.retryDelay === undefined ? undefined : durationMs(retry[0].retryDelay),
    message: rpcStatus.message,
  };
}

/** What a malformed field is answered with. */
export function invalidField(...fields: string[]): SeenRefusal {
  return { code: "INVALID_ARGUMENT", infos: ["holdfast/INVALID_FIELD"], fields };
}

export function limitExceeded(...fields: string[]): SeenRefusal {
  return { code: "INVALID_ARGUMENT", infos: ["holdfast/LIMIT_EXCEEDED"], fields };
}

/** A refusal without bad fields. */
export function refusal(code: keyof typeof status, reason: string): SeenRefusal {
  return { code, infos: [`holdfast/${reason}`], fields: [] };
}
