/** The services of Holdfast, each with its handlers, as every server serves them. */
import type { DescService } from "@bufbuild/protobuf";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { AvailabilityService } from "../gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../gen/holdfast/v1/reservation_service_pb.js";
import { availabilityService } from "./availability-service.js";
import type { EdgeContext } from "./edge-context.js";
import { erpService } from "./erp-service.js";
import { operationsService } from "./operations-service.js";
import { reservationService } from "./reservation-service.js";

export interface ServedService {
  readonly descriptor: DescService;
  readonly handlers: UntypedServiceImplementation;
  /** Local names of methods whose handlers get the bytes of each request, and decode them themselves. */
  readonly undecoded: readonly string[];
}

export function servedServices(context: EdgeContext): readonly ServedService[] {
  return [
    { descriptor: ReservationService, handlers: reservationService(context), undecoded: [] },
    { descriptor: AvailabilityService, handlers: availabilityService(context), undecoded: [] },
    { descriptor: ErpService, handlers: erpService(context), undecoded: ["reportPositions"] },
    { descriptor: OperationsService, handlers: operationsService(context), undecoded: [] },
  ];
}
