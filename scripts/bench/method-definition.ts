/** Joins grpc-js and protobuf-es for the benchmark's own servers: a method of the contract, by its path and messages. */
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";

export interface MethodMessages<I extends DescMessage, O extends DescMessage> {
  readonly path: string;
  /** Both ways. */
  readonly streamed: boolean;
  readonly input: I;
  readonly output: O;
}

export function methodDefinition<I extends DescMessage, O extends DescMessage>(
  method: MethodMessages<I, O>,
): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  return {
    path: method.path,
    requestStream: method.streamed,
    responseStream: method.streamed,
    requestSerialize: (request) => asBuffer(toBinary(method.input, request)),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (response) => asBuffer(toBinary(method.output, response)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
