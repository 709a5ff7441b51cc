/**
 * The ceiling of the fan-out: a grpc-js server that writes as many bytes as a message of a watch has, to every open stream, as often as it
 * is told, and does nothing else. Run as a process of its own.
 */
import * as grpc from "@grpc/grpc-js";
import { paths } from "../load/paths.js";
import { type WritesAsked, writesPath } from "./writes.js";

const identity = (bytes: Buffer) => bytes;
const bytesOnly = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
  requestStream: false,
};

const open = new Set<grpc.ServerWritableStream<Buffer, Buffer>>();

const watch: grpc.handleServerStreamingCall<Buffer, Buffer> = (call) => {
  open.add(call);
  call.on("cancelled", () => open.delete(call));
  call.sendMetadata(new grpc.Metadata());
};

const write: grpc.handleUnaryCall<Buffer, Buffer> = ({ request }, callback) => {
  const { messageBytes, everyMs, times } = JSON.parse(request.toString()) as WritesAsked;
  const message = Buffer.alloc(messageBytes, 1);
  let written = 0;
  const round = () => {
    for (const call of open) call.write(message);
    written += 1;
    if (written === times) callback(null, Buffer.alloc(0));
    else setTimeout(round, everyMs);
  };
  round();
};

const server = new grpc.Server();
server.addService(
  {
    watch: { ...bytesOnly, path: paths.watchAvailability, responseStream: true },
    write: { ...bytesOnly, path: writesPath, responseStream: false },
  },
  { watch, write },
);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(JSON.stringify({ msg: "serving", listen: `127.0.0.1:${port}` }));
});
