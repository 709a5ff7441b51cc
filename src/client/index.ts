/**
 * The published client of Holdfast: `import { HoldfastClient } from "holdfast"`.
 * The only barrel of the code base, because it is the package's export.
 */
export type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
export {
  durationFromMs,
  durationMs,
  timestampDate,
  timestampFromDate,
  timestampFromMs,
  timestampMs,
} from "@bufbuild/protobuf/wkt";
export { status as GrpcStatus } from "@grpc/grpc-js";
export * from "../gen/holdfast/v1/at_risk_pb.js";
export * from "../gen/holdfast/v1/availability_pb.js";
export * from "../gen/holdfast/v1/availability_service_pb.js";
export * from "../gen/holdfast/v1/dead_letter_pb.js";
export * from "../gen/holdfast/v1/dispatch_exception_pb.js";
export * from "../gen/holdfast/v1/drift_pb.js";
export * from "../gen/holdfast/v1/erp_event_pb.js";
export * from "../gen/holdfast/v1/erp_service_pb.js";
export * from "../gen/holdfast/v1/freshness_pb.js";
export * from "../gen/holdfast/v1/operations_service_pb.js";
export * from "../gen/holdfast/v1/order_event_pb.js";
export * from "../gen/holdfast/v1/position_pb.js";
export * from "../gen/holdfast/v1/reservation_pb.js";
export * from "../gen/holdfast/v1/reservation_service_pb.js";
export * from "../gen/holdfast/v1/source_pb.js";
export * from "../gen/holdfast/v1/sync_health_pb.js";
export {
  type AvailabilityUpdate,
  AvailabilityWatch,
  type AvailabilityWatchOptions,
  type WatchedAvailability,
} from "./availability-watch.js";
export type { HoldfastClientOptions } from "./connection.js";
export type { MissingRange } from "./event-backlog.js";
export type { Acknowledgement, EventPusher, EventPusherOptions, PushedEvent, PushInput } from "./event-pusher.js";
export type { EventInput, EventStreamOptions } from "./event-stream.js";
export { HoldfastClient } from "./holdfast-client.js";
export { type FieldViolation, HoldfastError } from "./holdfast-error.js";
export type { LastingStreamOptions } from "./lasting-stream.js";
export type { MessageInput } from "./message-input.js";
export type { OrderWatchOptions, WatchedOrders } from "./order-watch.js";
export { everyPage } from "./pages.js";
export type { PositionInput, PositionsReport } from "./report-positions.js";
export type { ReserveStream, ReserveStreamOptions } from "./reserve-stream.js";
export type { RetryPolicy } from "./retry.js";
export type { CallOptions } from "./unary-call.js";
