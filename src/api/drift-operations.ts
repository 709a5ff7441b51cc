/** The methods of OperationsService about drift. Part of operations-service.ts. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  ListDiscrepanciesResponse,
  ListDriftRunsResponse,
  RequestPositionsRequest,
  RequestPositionsResponse,
  ResolveDriftResponse,
} from "../gen/holdfast/v1/drift_pb.js";
import { discrepancyMessage, driftRunMessage } from "./answers/drift-message.js";
import type { EdgeContext } from "./edge-context.js";
import {
  checkListDiscrepancies,
  checkListDriftRuns,
  checkRequestPositions,
  checkResolveDrift,
} from "./requests/drift-requests.js";
import { commandCall, directCall, isRefusal } from "./unary.js";

export function driftOperations(context: EdgeContext): UntypedServiceImplementation {
  const { ports, onFailure } = context;
  const { positions } = ports;
  return {
    requestPositions: directCall(onFailure, (request: RequestPositionsRequest) => {
      const checked = checkRequestPositions(request);
      if (isRefusal(checked)) return checked;
      const runId = positions.ask(checked.source, checked.asked);
      if (typeof runId !== "string") return runId;
      return { $typeName: "holdfast.v1.RequestPositionsResponse", runId } satisfies RequestPositionsResponse;
    }),
    listDriftRuns: commandCall(
      context,
      checkListDriftRuns,
      ({ runs, nextPageToken }): ListDriftRunsResponse => ({
        $typeName: "holdfast.v1.ListDriftRunsResponse",
        runs: runs.map(driftRunMessage),
        nextPageToken,
      }),
    ),
    listDiscrepancies: commandCall(
      context,
      checkListDiscrepancies,
      ({ warehouseId, discrepancies, nextPageToken }): ListDiscrepanciesResponse => ({
        $typeName: "holdfast.v1.ListDiscrepanciesResponse",
        discrepancies: discrepancies.map((found) => discrepancyMessage(warehouseId, found)),
        nextPageToken,
      }),
    ),
    resolveDrift: commandCall(
      context,
      checkResolveDrift,
      ({ warehouseId, discrepancy }): ResolveDriftResponse => ({
        $typeName: "holdfast.v1.ResolveDriftResponse",
        discrepancy: discrepancyMessage(warehouseId, discrepancy),
      }),
    ),
  };
}
