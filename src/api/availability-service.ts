import type { ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  GetAvailabilityRequest,
  GetAvailabilityResponse,
  WatchAvailabilityRequest,
} from "../gen/holdfast/v1/availability_service_pb.js";
import { availabilityMessage, freshnessMessage } from "./answers/messages.js";
import { AvailabilityStream } from "./availability-stream.js";
import type { EdgeContext } from "./edge-context.js";
import { serviceError } from "./errors.js";
import { checkGetAvailability, checkWatchAvailability } from "./requests/operations-requests.js";
import type { Encoded } from "./service-definition.js";
import { directCall, isRefusal } from "./unary.js";

export function availabilityService(context: EdgeContext): UntypedServiceImplementation {
  const { ports, onFailure } = context;
  const { availability } = ports;
  return {
    watchAvailability(call: ServerWritableStream<WatchAvailabilityRequest, Encoded>) {
      const query = checkWatchAvailability(call.request);
      if (isRefusal(query)) call.emit("error", serviceError(query));
      else new AvailabilityStream({ ...context, call, watches: ports.watches, query });
    },
    getAvailability: directCall(onFailure, (request: GetAvailabilityRequest) => {
      const query = checkGetAvailability(request);
      if (isRefusal(query)) return query;
      const page = availability.read(query);
      if (isRefusal(page)) return page;
      return {
        $typeName: "holdfast.v1.GetAvailabilityResponse",
        availability: page.figures.map((figures) => availabilityMessage(figures, page.warehouseId, page.precision)),
        freshness: freshnessMessage(page.freshness),
        nextPageToken: page.nextPageToken,
      } satisfies GetAvailabilityResponse;
    }),
  };
}
