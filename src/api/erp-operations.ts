/** The methods of OperationsService about the ERP side: what needs a person, and what a person decided. Part of operations-service.ts. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { ListAtRiskResponse, ResolveAtRiskResponse } from "../gen/holdfast/v1/at_risk_pb.js";
import type {
  AttachDispatchResponse,
  DropDeadLetterResponse,
  ListDeadLettersResponse,
  ListDispatchExceptionsResponse,
  ReplayDeadLetterResponse,
} from "../gen/holdfast/v1/dead_letter_pb.js";
import { atRiskLineMessage } from "./answers/at-risk-message.js";
import { deadLetterMessage } from "./answers/dead-letter-message.js";
import { dispatchExceptionMessage } from "./answers/dispatch-exception-message.js";
import { reservationMessage } from "./answers/messages.js";
import type { EdgeContext } from "./edge-context.js";
import {
  checkAttachDispatch,
  checkDropDeadLetter,
  checkListAtRisk,
  checkListDeadLetters,
  checkListDispatchExceptions,
  checkReplayDeadLetter,
  checkResolveAtRisk,
} from "./requests/erp-operations-requests.js";
import { commandCall } from "./unary.js";

export function erpOperations(context: EdgeContext): UntypedServiceImplementation {
  return {
    listDeadLetters: commandCall(
      context,
      checkListDeadLetters,
      ({ letters, nextPageToken }): ListDeadLettersResponse => ({
        $typeName: "holdfast.v1.ListDeadLettersResponse",
        deadLetters: letters.map(deadLetterMessage),
        nextPageToken,
      }),
    ),
    replayDeadLetter: commandCall(
      context,
      checkReplayDeadLetter,
      (letter): ReplayDeadLetterResponse => ({
        $typeName: "holdfast.v1.ReplayDeadLetterResponse",
        deadLetter: deadLetterMessage(letter),
      }),
    ),
    dropDeadLetter: commandCall(
      context,
      checkDropDeadLetter,
      (letter): DropDeadLetterResponse => ({
        $typeName: "holdfast.v1.DropDeadLetterResponse",
        deadLetter: deadLetterMessage(letter),
      }),
    ),
    listDispatchExceptions: commandCall(
      context,
      checkListDispatchExceptions,
      ({ exceptions, nextPageToken }): ListDispatchExceptionsResponse => ({
        $typeName: "holdfast.v1.ListDispatchExceptionsResponse",
        exceptions: exceptions.map(dispatchExceptionMessage),
        nextPageToken,
      }),
    ),
    attachDispatch: commandCall(
      context,
      checkAttachDispatch,
      (exception): AttachDispatchResponse => ({
        $typeName: "holdfast.v1.AttachDispatchResponse",
        exception: dispatchExceptionMessage(exception),
      }),
    ),
    listAtRisk: commandCall(
      context,
      checkListAtRisk,
      ({ lines, nextPageToken }): ListAtRiskResponse => ({
        $typeName: "holdfast.v1.ListAtRiskResponse",
        lines: lines.map(atRiskLineMessage),
        nextPageToken,
      }),
    ),
    resolveAtRisk: commandCall(
      context,
      checkResolveAtRisk,
      (reservation): ResolveAtRiskResponse => ({
        $typeName: "holdfast.v1.ResolveAtRiskResponse",
        reservation: reservationMessage(reservation),
      }),
    ),
  };
}
