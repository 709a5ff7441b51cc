import type { ServerDuplexStream, UntypedServiceImplementation } from "@grpc/grpc-js";
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
  const { ports, onFailure } = context;
  const { commands } = ports;
  return {
    reserve: commandCall(commands, onFailure, checkReserve, encodeReserveResponse),
    commit: commandCall(
      commands,
      onFailure,
      checkCommit,
      (answer): CommitResponse => ({
        $typeName: "holdfast.v1.CommitResponse",
        reservation: reservationMessage(answer.reservation),
        freshness: freshnessMessage(answer.freshness),
      }),
    ),
    release: commandCall(
      commands,
      onFailure,
      checkRelease,
      (answer): ReleaseResponse => ({
        $typeName: "holdfast.v1.ReleaseResponse",
        reservation: reservationMessage(answer.reservation),
      }),
    ),
    extend: commandCall(
      commands,
      onFailure,
      checkExtend,
      (answer): ExtendResponse => ({
        $typeName: "holdfast.v1.ExtendResponse",
        reservation: reservationMessage(answer.reservation),
      }),
    ),
    getReservation: commandCall(
      commands,
      onFailure,
      checkGetReservation,
      (answer): GetReservationResponse => ({
        $typeName: "holdfast.v1.GetReservationResponse",
        reservation: reservationMessage(answer.reservation),
      }),
    ),
    listReservations: commandCall(
      commands,
      onFailure,
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
        take: (request, settle) => takeReserve(context, request, settle),
      });
    },
  };
}

/** A refused request is answered with its error, and the stream goes on. */
function takeReserve({ ports, onFailure }: EdgeContext, { reserve }: ReserveStreamRequest, settle: Settle<Encoded>) {
  // As it came, however bad, so that the caller knows which one was refused; but not at any length.
  const named = reserve?.requestId ?? "";
  const requestId = isName(named) ? named : clipText(named, EDGE_LIMITS.faultyRequestIdBytesMax);
  const command = reserve === undefined ? missingReserve() : checkReserve(reserve);
  if (isRefusal(command)) {
    settle(errorResponse(requestId, statusOf(command)));
    return;
  }
  const render = (answer: Answers["Reserve"]) => encodeStreamResponse(requestId, answer);
  ports.commands.submit(command, render, (outcome) => {
    if (outcome.kind === "answered") settle(outcome.value);
    else {
      if (outcome.kind === "failed") onFailure(outcome.cause);
      settle(errorResponse(requestId, outcomeStatus(outcome)));
    }
  });
}

function errorResponse(requestId: string, value: Status): ReserveStreamResponse {
  return { $typeName: "holdfast.v1.ReserveStreamResponse", requestId, result: { case: "error", value } };
}

function missingReserve(): Refusal {
  return badRequest([{ field: "reserve", message: "must be set" }]);
}
