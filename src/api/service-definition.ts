/** From a protobuf-es service descriptor to a grpc-js service definition: the only bridge between the two libraries. */
import { type DescMethod, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

/** An answer that is already in bytes passes through; anything else is encoded. */
export type Encoded = Buffer | Message;

export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(service, method)]));
}

function methodDefinition(service: DescService, method: DescMethod): MethodDefinition<Message, Encoded> {
  const encodeInput = (message: Message) => Buffer.from(toBinary(method.input, message));
  const encodeOutput = (answer: Encoded) =>
    Buffer.isBuffer(answer) ? answer : asBuffer(toBinary(method.output, answer));
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: encodeInput,
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: encodeOutput,
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
