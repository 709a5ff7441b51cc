/**
 * What callers may pass instead of a message: a plain object with the message's fields, all optional, in which a
 * whole number stands for an int64 (quantities). It checks nothing that the server checks.
 */
import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { HoldfastError } from "./holdfast-error.js";

/** The fields of a message as a plain object; every bigint may be a whole number instead. */
export type MessageInput<Desc extends DescMessage> = WithNumbers<MessageInitShape<Desc>>;

type WithNumbers<T> = T extends bigint
  ? bigint | number
  : T extends Uint8Array
    ? T
    : T extends readonly (infer Item)[]
      ? readonly WithNumbers<Item>[]
      : T extends object
        ? { [Key in keyof T]: WithNumbers<T[Key]> | UndefinedIfOptional<T, Key> }
        : T;

type UndefinedIfOptional<T, Key extends keyof T> = object extends Pick<T, Key> ? undefined : never;

/** Makes the message. Throws INVALID_ARGUMENT for a number that is not a safe whole number, with its field path. */
export function messageFromInput<Desc extends DescMessage>(desc: Desc, input: MessageInput<Desc>): MessageShape<Desc> {
  // A copy, because create() hands a message back as it is, and callers may send theirs again.
  const message = create(desc, { ...input } as MessageInitShape<Desc>);
  widenNumbers(desc, message as unknown as Fields, "");
  return message;
}

type Fields = Record<string, unknown>;

function widenNumbers(desc: DescMessage, message: Fields, parentPath: string): void {
  for (const field of desc.fields) {
    const path = parentPath === "" ? field.name : `${parentPath}.${field.name}`;
    if (field.oneof === undefined) {
      message[field.localName] = widen(field, message[field.localName], path);
      continue;
    }
    const chosen = message[field.oneof.localName] as { case: string | undefined; value?: unknown };
    if (chosen.case === field.localName) chosen.value = widen(field, chosen.value, path);
  }
}

function widen(field: DescField, value: unknown, path: string): unknown {
  if (value === undefined || value === null) return value;
  switch (field.fieldKind) {
    case "scalar":
      return isLong(field.scalar) ? widenNumber(value, path) : value;
    case "message":
      widenNumbers(field.message, value as Fields, path);
      return value;
    case "list":
      if (field.listKind !== "message") return value;
      for (const [index, item] of (value as Fields[]).entries()) widenNumbers(field.message, item, `${path}[${index}]`);
      return value;
    default:
      return value;
  }
}

function isLong(scalar: ScalarType): boolean {
  return scalar === ScalarType.INT64 || scalar === ScalarType.UINT64;
}

function widenNumber(value: unknown, path: string): unknown {
  if (typeof value !== "number") return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new HoldfastError({
    code: status.INVALID_ARGUMENT,
    message: `${path} is ${value}, which is not a whole number of at most 2^53 - 1`,
    reason: "INVALID_FIELD",
    fieldViolations: [{ field: path, description: "must be a whole number" }],
  });
}
