/** From a protobuf-es service descriptor to a grpc-js service definition: the only bridge between the two libraries. */
import {
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { withinElementBounds } from "./element-bounds.js";

/** An answer that is already in bytes passes through; anything else is encoded. */
export type Encoded = Buffer | Message;

/** In the place of a message of a stream that is not the message's type: its bytes, so that the stream itself decides how it ends. */
export class Undecodable {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/** `undecoded`: local names of methods whose handlers get the bytes of each request, and decode them themselves. */
export function serviceDefinition(service: DescService, undecoded: readonly string[] = []): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => {
      const definition = methodDefinition(service, method);
      const isUndecoded = undecoded.includes(method.localName);
      return [method.localName, isUndecoded ? { ...definition, requestDeserialize: asIs } : definition];
    }),
  );
}

const asIs = (bytes: Buffer): Buffer => bytes;

function methodDefinition(service: DescService, method: DescMethod): MethodDefinition<Message | Undecodable, Encoded> {
  const requestStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const encodeInput = (message: Message | Undecodable) =>
    message instanceof Undecodable ? message.bytes : Buffer.from(toBinary(method.input, message));
  const encodeOutput = (answer: Encoded) =>
    Buffer.isBuffer(answer) ? answer : asBuffer(toBinary(method.output, answer));
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream,
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: encodeInput,
    // grpc-js ends a call whose request throws here at once: for one call that is right, for a stream answers would be lost.
    requestDeserialize: (bytes) => (requestStream ? decodeOrKeep(method.input, bytes) : decode(method.input, bytes)),
    responseSerialize: encodeOutput,
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

/** Fields that this version does not know are dropped: nothing passes them on. */
function decode(schema: DescMessage, bytes: Buffer): Message {
  return fromBinary(schema, withinElementBounds(schema, bytes), { readUnknownFields: false });
}

function decodeOrKeep(schema: DescMessage, bytes: Buffer): Message | Undecodable {
  try {
    return decode(schema, bytes);
  } catch {
    return new Undecodable(bytes);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
