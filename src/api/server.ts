/**
 * The gRPC server: our services, health checking and reflection on one port.
 * It stops in order: NOT_SERVING first, then no new calls, then a bounded wait for those under way.
 */
import type { DescService } from "@bufbuild/protobuf";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { ServicePorts } from "../actor/service.js";
import { AvailabilityService } from "../gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../gen/holdfast/v1/reservation_service_pb.js";
import { EDGE_LIMITS, type EdgeLimits } from "../limits.js";
import { availabilityService } from "./availability-service.js";
import type { EdgeContext } from "./edge-context.js";
import { erpService } from "./erp-service.js";
import { GuestServices } from "./guest-services.js";
import { Health } from "./health.js";
import { Listener } from "./listener.js";
import { OpenStreams } from "./open-streams.js";
import { operationsService } from "./operations-service.js";
import { pipelinedWrites } from "./pipelined-writes.js";
import { addReflection } from "./reflection.js";
import { reservationService } from "./reservation-service.js";
import { serviceDefinition } from "./service-definition.js";

const SERVICES: readonly DescService[] = [ReservationService, AvailabilityService, ErpService, OperationsService];

export interface GrpcServerOptions {
  readonly ports: ServicePorts;
  readonly log: { error(fields: object, message: string): void };
  /** Other bounds than EDGE_LIMITS has. */
  readonly limits?: Partial<EdgeLimits>;
}

export interface GrpcServer {
  /** Opens HOST:PORT (port 0 takes a free one) and begins to serve; resolves with the address that was taken. */
  bind(listen: string): Promise<string>;
  /** Stops within `graceMs`: calls under way are finished if they can be, then every connection is closed. */
  shutdown(graceMs: number): Promise<void>;
}

export function createGrpcServer({ ports, log, ...options }: GrpcServerOptions): GrpcServer {
  const limits: EdgeLimits = { ...EDGE_LIMITS, ...options.limits };
  const server = new Server({ ...channelOptions(limits), interceptors: [pipelinedWrites] });
  const streams = new OpenStreams(limits.streamsMax);
  const onFailure = (cause: unknown) => log.error({ err: cause }, "a call failed");
  const context: EdgeContext = { ports, streams, limits, onFailure };
  server.addService(serviceDefinition(ReservationService), reservationService(context));
  server.addService(serviceDefinition(AvailabilityService), availabilityService(context));
  server.addService(serviceDefinition(ErpService, ["reportPositions"]), erpService(context));
  server.addService(serviceDefinition(OperationsService), operationsService(context));
  const guests = new GuestServices(server, streams);
  const health = new Health(SERVICES);
  health.addTo(guests);
  addReflection(guests, SERVICES);
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = new Listener((socket) => connections.injectConnection(socket), limits);
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
      const port = await listener.open(listen);
      health.set("SERVING");
      return `${listen.slice(0, listen.lastIndexOf(":"))}:${port}`;
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
