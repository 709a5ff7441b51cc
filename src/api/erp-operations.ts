/** The methods of OperationsService about the ERP side: what needs a person, and what a person decided. Part of operations-service.ts. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  AttachDispatchResponse,
  DropDeadLetterResponse,
  ListDeadLettersResponse,
  ListDispatchExceptionsResponse,
  ReplayDeadLetterResponse,
} from "../gen/holdfast/v1/dead_letter_pb.js";
import { deadLetterMessage } from "./answers/dead-letter-message.js";
import { dispatchExceptionMessage } from "./answers/dispatch-exception-message.js";
import type { EdgeContext } from "./edge-context.js";
import {
  checkAttachDispatch,
  checkDropDeadLetter,
  checkListDeadLetters,
  checkListDispatchExceptions,
  checkReplayDeadLetter,
} from "./requests/erp-operations-requests.js";
import { commandCall } from "./unary.js";

export function erpOperations({ ports: { commands }, onFailure }: EdgeContext): UntypedServiceImplementation {
  return {
    listDeadLetters: commandCall(
      commands,
      onFailure,
      checkListDeadLetters,
      ({ letters, nextPageToken }): ListDeadLettersResponse => ({
        $typeName: "holdfast.v1.ListDeadLettersResponse",
        deadLetters: letters.map(deadLetterMessage),
        nextPageToken,
      }),
    ),
    replayDeadLetter: commandCall(
      commands,
      onFailure,
      checkReplayDeadLetter,
      (letter): ReplayDeadLetterResponse => ({
        $typeName: "holdfast.v1.ReplayDeadLetterResponse",
        deadLetter: deadLetterMessage(letter),
      }),
    ),
    dropDeadLetter: commandCall(
      commands,
      onFailure,
      checkDropDeadLetter,
      (letter): DropDeadLetterResponse => ({
        $typeName: "holdfast.v1.DropDeadLetterResponse",
        deadLetter: deadLetterMessage(letter),
      }),
    ),
    listDispatchExceptions: commandCall(
      commands,
      onFailure,
      checkListDispatchExceptions,
      ({ exceptions, nextPageToken }): ListDispatchExceptionsResponse => ({
        $typeName: "holdfast.v1.ListDispatchExceptionsResponse",
        exceptions: exceptions.map(dispatchExceptionMessage),
        nextPageToken,
      }),
    ),
    attachDispatch: commandCall(
      commands,
      onFailure,
      checkAttachDispatch,
      (exception): AttachDispatchResponse => ({
        $typeName: "holdfast.v1.AttachDispatchResponse",
        exception: dispatchExceptionMessage(exception),
      }),
    ),
  };
}
