/** The methods that the load calls, as they stand in a request's :path. */
import { AvailabilityService } from "../../../src/gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { ReservationService } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";

export const paths = {
  reserve: `/${ReservationService.typeName}/${ReservationService.method.reserve.name}`,
  reserveStream: `/${ReservationService.typeName}/${ReservationService.method.reserveStream.name}`,
  commit: `/${ReservationService.typeName}/${ReservationService.method.commit.name}`,
  release: `/${ReservationService.typeName}/${ReservationService.method.release.name}`,
  streamEvents: `/${ErpService.typeName}/${ErpService.method.streamEvents.name}`,
  watchAvailability: `/${AvailabilityService.typeName}/${AvailabilityService.method.watchAvailability.name}`,
} as const;
