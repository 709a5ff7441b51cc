/** What grpc-js would end a call with, as the Connect library tells it: the same code, message and details. */
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceError } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../gen/google/rpc/status_pb.js";
import { internalStatus } from "../errors.js";

/** With these, details are told in plain JSON too, beside their bytes. */
const DETAILS: ReadonlyMap<string, DescMessage> = new Map(
  [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema].map((schema) => [schema.typeName, schema]),
);

/** From what a handler ended its call with. */
export function connectErrorOf(error: Partial<ServiceError>): ConnectError {
  const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (Buffer.isBuffer(packed)) return errorOf(fromBinary(StatusSchema, packed));
  // A status without details; anything else is none of ours, and its text is not for callers.
  if (error.code !== undefined && error.details !== undefined)
    return new ConnectError(error.details, codeOf(error.code));
  return internalConnectError();
}

/** Something unforeseen: the cause is for the log. */
export function internalConnectError(): ConnectError {
  return errorOf(internalStatus());
}

function errorOf({ code, message, details }: Status): ConnectError {
  const error = new ConnectError(message, codeOf(code));
  for (const { typeUrl, value } of details) {
    const type = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
    const desc = DETAILS.get(type);
    error.details.push(desc === undefined ? { type, value } : { desc, value: fromBinary(desc, value) });
  }
  return error;
}

/** The codes are the same numbers. */
function codeOf(code: number): Code {
  return code in Code ? (code as Code) : Code.Unknown;
}
