/**
 * The gRPC server: our services, health checking and reflection on one port.
 * It stops in order: NOT_SERVING first, then no new calls, then a bounded wait for those under way.
 */
import { createServer } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { EdgeLimits } from "../limits.js";
import type { EdgeContext } from "./edge-context.js";
import { GuestServices } from "./guest-services.js";
import { Health } from "./health.js";
import { Listener } from "./listener.js";
import { observedCalls } from "./observed-calls.js";
import { pipelinedWrites } from "./pipelined-writes.js";
import { addReflection } from "./reflection.js";
import { serviceDefinition } from "./service-definition.js";
import { servedServices } from "./services.js";

export interface GrpcServer {
  /** Opens HOST:PORT (port 0 takes a free one) and begins to serve; resolves with the address that was taken. */
  bind(listen: string): Promise<string>;
  /** Stops within `graceMs`: calls under way are finished if they can be, then every connection is closed. */
  shutdown(graceMs: number): Promise<void>;
}

export function createGrpcServer(context: EdgeContext): GrpcServer {
  const { limits, streams } = context;
  const observed = context.observer === undefined ? [] : [observedCalls(context.observer)];
  const server = new Server({ ...channelOptions(limits), interceptors: [pipelinedWrites, ...observed] });
  const services = servedServices(context);
  for (const { descriptor, handlers, undecoded } of services) {
    server.addService(serviceDefinition(descriptor, undecoded), handlers);
  }
  const descriptors = services.map(({ descriptor }) => descriptor);
  const guests = new GuestServices(server, streams);
  const health = new Health(descriptors);
  health.addTo(guests);
  addReflection(guests, descriptors);
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = new Listener(() => createServer((socket) => connections.injectConnection(socket)), limits);
  let stopped: Promise<void> | undefined;
  const stop = (graceMs: number) => {
    health.set("NOT_SERVING");
    streams.endAll();
    // Each connection ends when its calls have; the listener waits for that, and sees to those that do not end.
    server.tryShutdown(() => {});
    return listener.close(graceMs);
  };
  return {
    async bind(listen) {
      const address = await listener.open(listen);
      health.set("SERVING");
      return address;
    },
    shutdown(graceMs) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}

function channelOptions(limits: EdgeLimits): ConstructorParameters<typeof Server>[0] {
  return {
    "grpc.max_receive_message_length": limits.receiveBytesMax,
    "grpc.max_concurrent_streams": limits.concurrentStreamsMax,
    "grpc-node.max_session_memory": limits.sessionMemoryMb,
    "grpc.max_connection_idle_ms": limits.connectionIdleMs,
    "grpc.max_connection_age_ms": limits.connectionAgeMs,
    "grpc.keepalive_time_ms": limits.keepaliveMs,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
    // Nothing here serves channelz, and its counters cost about a twelfth of a unary call.
    "grpc.enable_channelz": 0,
  };
}
