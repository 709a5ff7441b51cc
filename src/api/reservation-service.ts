import type { Metadata, ServerDuplexStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Outcome } from "../actor/service.js";
import type { Answers } from "../domain/command.js";
import type { Refusal } from "../domain/refusal.js";
import type { Status } from "../gen/google/rpc/status_pb.js";
import type {
  CommitResponse,
  ExtendResponse,
  GetReservationResponse,
  ListReservationsResponse,
  ReleaseResponse,
  ReserveStreamRequest,
  ReserveStreamResponse,
} from "../gen/holdfast/v1/reservation_service_pb.js";
import { EDGE_LIMITS } from "../limits.js";
import { freshnessMessage, reservationMessage } from "./answers/messages.js";
import { encodeReserveResponse, encodeStreamResponse } from "./answers/reserve-encoder.js";
import { clipText } from "./clip-text.js";
import type { EdgeContext } from "./edge-context.js";
import { badRequest, outcomeStatus, statusOf } from "./errors.js";
import { OrderedStream, type Settle } from "./ordered-stream.js";
import { isName } from "./requests/field-check.js";
import {
  checkCommit,
  checkExtend,
  checkGetReservation,
  checkListReservations,
  checkRelease,
  checkReserve,
} from "./requests/reservation-requests.js";
import type { Encoded, Undecodable } from "./service-definition.js";
import { commandCall, isRefusal } from "./unary.js";

export function reservationService(context: EdgeContext): UntypedServiceImplementation {
  return {
    reserve: commandCall(context, checkReserve, encodeReserveResponse),
    commit: commandCall(
      context,
      checkCommit,
      (answer): CommitResponse => ({
        $typeName: "holdfast.v1.CommitResponse",
        reservation: reservationMessage(answer.reservation),
        freshness: freshnessMessage(answer.freshness),
      }),
    ),
    release: commandCall(
      context,
      checkRelease,
      (answer): ReleaseResponse => ({
        $typeName: "holdfast.v1.ReleaseResponse",
        reservation: reservationMessage(answer.reservation),
      }),
    ),
    extend: commandCall(
      context,
      checkExtend,
      (answer): ExtendResponse => ({
        $typeName: "holdfast.v1.ExtendResponse",
        reservation: reservationMessage(answer.reservation),
      }),
    ),
    getReservation: commandCall(
      context,
      checkGetReservation,
      (answer): GetReservationResponse => ({
        $typeName: "holdfast.v1.GetReservationResponse",
        reservation: reservationMessage(answer.reservation),
      }),
    ),
    listReservations: commandCall(
      context,
      checkListReservations,
      (answer): ListReservationsResponse => ({
        $typeName: "holdfast.v1.ListReservationsResponse",
        reservations: answer.reservations.map(reservationMessage),
        nextPageToken: answer.nextPageToken,
      }),
    ),
    reserveStream(call: ServerDuplexStream<ReserveStreamRequest | Undecodable, Encoded>) {
      new OrderedStream<ReserveStreamRequest, Encoded>({
        ...context,
        call,
        costOf: ({ reserve }) => 1 + (reserve?.lines.length ?? 0),
        take: (request, settle) => takeReserve(context, call.metadata, request, settle),
      });
    },
  };
}

/** A refused request is answered with its error, and the stream goes on. */
function takeReserve(
  { ports, onFailure, observer }: EdgeContext,
  metadata: Metadata,
  { reserve }: ReserveStreamRequest,
  settle: Settle<Encoded>,
) {
  // As it came, however bad, so that the caller knows which one was refused; but not at any length.
  const named = reserve?.requestId ?? "";
  const requestId = isName(named) ? named : clipText(named, EDGE_LIMITS.faultyRequestIdBytesMax);
  const command = reserve === undefined ? missingReserve() : checkReserve(reserve);
  if (isRefusal(command)) {
    settle(errorResponse(requestId, statusOf(command)));
    return;
  }
  const render = (answer: Answers["Reserve"]) => encodeStreamResponse(requestId, answer);
  const onOutcome = (outcome: Outcome<Encoded>) => {
    if (outcome.kind === "answered") settle(outcome.value);
    else {
      if (outcome.kind === "failed") onFailure(outcome.cause);
      settle(errorResponse(requestId, outcomeStatus(outcome)));
    }
  };
  ports.commands.submit(command, render, onOutcome, observer?.follow(metadata, command));
}

function errorResponse(requestId: string, value: Status): ReserveStreamResponse {
  return { $typeName: "holdfast.v1.ReserveStreamResponse", requestId, result: { case: "error", value } };
}

function missingReserve(): Refusal {
  return badRequest([{ field: "reserve", message: "must be set" }]);
}
