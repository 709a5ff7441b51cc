/** The methods of OperationsService about ERP sources. Part of operations-service.ts. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { SequenceRange } from "../gen/holdfast/v1/erp_service_pb.js";
import type {
  GetSourceResponse,
  ListSourcesResponse,
  MoveStockSourceResponse,
  PutSourceResponse,
  SkipGapResponse,
} from "../gen/holdfast/v1/source_pb.js";
import { sourceMessage } from "./answers/source-message.js";
import type { EdgeContext } from "./edge-context.js";
import {
  checkGetSource,
  checkListSources,
  checkMoveStockSource,
  checkPutSource,
  checkSkipGap,
} from "./requests/source-requests.js";
import { commandCall } from "./unary.js";

export function sourceOperations(context: EdgeContext): UntypedServiceImplementation {
  return {
    putSource: commandCall(
      context,
      checkPutSource,
      (source): PutSourceResponse => ({
        $typeName: "holdfast.v1.PutSourceResponse",
        source: sourceMessage(source),
      }),
    ),
    getSource: commandCall(
      context,
      checkGetSource,
      (source): GetSourceResponse => ({
        $typeName: "holdfast.v1.GetSourceResponse",
        source: sourceMessage(source),
      }),
    ),
    listSources: commandCall(
      context,
      checkListSources,
      ({ sources, nextPageToken }): ListSourcesResponse => ({
        $typeName: "holdfast.v1.ListSourcesResponse",
        sources: sources.map(sourceMessage),
        nextPageToken,
      }),
    ),
    moveStockSource: commandCall(
      context,
      checkMoveStockSource,
      (moved): MoveStockSourceResponse => ({ $typeName: "holdfast.v1.MoveStockSourceResponse", ...moved }),
    ),
    skipGap: commandCall(
      context,
      checkSkipGap,
      ({ appliedSequence, skipped }): SkipGapResponse => ({
        $typeName: "holdfast.v1.SkipGapResponse",
        appliedSequence: BigInt(appliedSequence),
        skipped: skipped === undefined ? undefined : rangeMessage(skipped),
      }),
    ),
  };
}

function rangeMessage({ first, last }: { readonly first: number; readonly last: number }): SequenceRange {
  return { $typeName: "holdfast.v1.SequenceRange", first: BigInt(first), last: BigInt(last) };
}
