import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { GetAvailabilityRequest, GetAvailabilityResponse } from "../gen/holdfast/v1/availability_service_pb.js";
import { availabilityMessage, freshnessMessage } from "./answers/messages.js";
import type { EdgeContext } from "./edge-context.js";
import { checkGetAvailability } from "./requests/operations-requests.js";
import { directCall, isRefusal } from "./unary.js";

export function availabilityService({ ports, onFailure }: EdgeContext): UntypedServiceImplementation {
  const { availability } = ports;
  return {
    getAvailability: directCall(onFailure, (request: GetAvailabilityRequest) => {
      const query = checkGetAvailability(request);
      if (isRefusal(query)) return query;
      const page = availability.read(query);
      if (isRefusal(page)) return page;
      const forDealer = query.dealerId !== "";
      return {
        $typeName: "holdfast.v1.GetAvailabilityResponse",
        availability: page.figures.map((figures) => availabilityMessage(figures, page.warehouseId, forDealer)),
        freshness: freshnessMessage(page.freshness),
        nextPageToken: page.nextPageToken,
      } satisfies GetAvailabilityResponse;
    }),
  };
}
