/**
 * The ceiling of the transport: a grpc-js server with the contract's own descriptors that decodes each request, answers
 * at once with a response of the size of Holdfast's, keeps nothing and writes nothing. Run as a process of its own; it
 * prints the two lines that the benchmark reads from Holdfast as well.
 */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { StreamEventsRequestSchema, StreamEventsResponseSchema } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import {
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  ReserveRequestSchema,
  ReserveResponseSchema,
  ReserveStreamRequestSchema,
  ReserveStreamResponseSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { paths } from "../load/paths.js";
import { type MethodMessages, methodDefinition } from "../method-definition.js";
import { answerEvent, answerRelease, answerReserve, answerReserveStream, reservationsMade } from "./echo-answers.js";

interface EchoMethod<I extends DescMessage, O extends DescMessage> extends MethodMessages<I, O> {
  readonly answer: (request: MessageShape<I>) => MessageShape<O>;
}

const server = new grpc.Server();
addMethod("reserve", {
  path: paths.reserve,
  streamed: false,
  input: ReserveRequestSchema,
  output: ReserveResponseSchema,
  answer: answerReserve,
});
addMethod("reserveStream", {
  path: paths.reserveStream,
  streamed: true,
  input: ReserveStreamRequestSchema,
  output: ReserveStreamResponseSchema,
  answer: answerReserveStream,
});
addMethod("release", {
  path: paths.release,
  streamed: false,
  input: ReleaseRequestSchema,
  output: ReleaseResponseSchema,
  answer: answerRelease,
});
addMethod("streamEvents", {
  path: paths.streamEvents,
  streamed: true,
  input: StreamEventsRequestSchema,
  output: StreamEventsResponseSchema,
  answer: answerEvent,
});

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(JSON.stringify({ msg: "serving", listen: `127.0.0.1:${port}` }));
});
process.once("SIGTERM", () => {
  console.log(JSON.stringify({ msg: "stopped", levelPuts: 0, reservations: reservationsMade() }));
  process.exit(0);
});

function addMethod<I extends DescMessage, O extends DescMessage>(name: string, method: EchoMethod<I, O>): void {
  const unary: grpc.handleUnaryCall<MessageShape<I>, MessageShape<O>> = (call, callback) =>
    callback(null, method.answer(call.request));
  const stream: grpc.handleBidiStreamingCall<MessageShape<I>, MessageShape<O>> = (call) => {
    call.on("data", (request: MessageShape<I>) => {
      call.write(method.answer(request));
    });
    call.on("end", () => call.end());
  };
  server.addService({ [name]: methodDefinition(method) }, { [name]: method.streamed ? stream : unary });
}
