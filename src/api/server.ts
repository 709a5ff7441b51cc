/**
 * The gRPC server: our services, health checking and reflection on one port.
 * It stops in order: NOT_SERVING first, then no new calls, then a bounded wait for those under way.
 */
import type { DescService } from "@bufbuild/protobuf";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { ServicePorts } from "../actor/service.js";
import { AvailabilityService } from "../gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../gen/holdfast/v1/reservation_service_pb.js";
import { availabilityService } from "./availability-service.js";
import { EDGE_LIMITS } from "./edge-limits.js";
import { erpService } from "./erp-service.js";
import { operationsService } from "./operations-service.js";
import { OpenStreams } from "./ordered-stream.js";
import { addReflection } from "./reflection.js";
import { reservationService } from "./reservation-service.js";
import { serviceDefinition } from "./service-definition.js";

export const SERVICES: readonly DescService[] = [
  ReservationService,
  AvailabilityService,
  ErpService,
  OperationsService,
];

export interface GrpcServerOptions {
  readonly ports: ServicePorts;
  readonly log: { error(fields: object, message: string): void };
}

export interface GrpcServer {
  /** Opens HOST:PORT (port 0 takes a free one) and begins to serve; resolves with the address that was taken. */
  bind(listen: string): Promise<string>;
  /** Stops within about `graceMs`: calls under way are finished if they can be, then everything is closed. */
  shutdown(graceMs: number): Promise<void>;
}

export function createGrpcServer({ ports, log }: GrpcServerOptions): GrpcServer {
  const server = new Server({
    "grpc.max_receive_message_length": EDGE_LIMITS.receiveBytesMax,
    "grpc.max_concurrent_streams": EDGE_LIMITS.concurrentStreamsMax,
    "grpc-node.max_session_memory": EDGE_LIMITS.sessionMemoryMb,
    "grpc.max_connection_idle_ms": EDGE_LIMITS.connectionIdleMs,
    "grpc.keepalive_time_ms": EDGE_LIMITS.keepaliveMs,
    "grpc.keepalive_timeout_ms": EDGE_LIMITS.keepaliveTimeoutMs,
  });
  const streams = new OpenStreams();
  const onFailure = (cause: unknown) => log.error({ err: cause }, "a call failed");
  server.addService(serviceDefinition(ReservationService), reservationService(ports, streams, onFailure));
  server.addService(serviceDefinition(AvailabilityService), availabilityService(ports, onFailure));
  server.addService(serviceDefinition(ErpService), erpService(ports, streams, onFailure));
  server.addService(serviceDefinition(OperationsService), operationsService(ports, onFailure));
  const names = ["", ...SERVICES.map((service) => service.typeName)];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, "NOT_SERVING" as const])));
  health.addToServer(server);
  addReflection(server, SERVICES);
  return {
    async bind(listen) {
      const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) =>
          error === null ? resolve(bound) : reject(error),
        );
      });
      for (const name of names) health.setStatus(name, "SERVING");
      return `${listen.slice(0, listen.lastIndexOf(":"))}:${port}`;
    },
    async shutdown(graceMs) {
      for (const name of names) health.setStatus(name, "NOT_SERVING");
      streams.endAll();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, graceMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
