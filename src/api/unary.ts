/** Unary calls: check the request, submit the command, send what was rendered inside the turn. No promise on the way. */
import type { Message } from "@bufbuild/protobuf";
import type { handleUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import type { Outcome } from "../actor/service.js";
import type { Answers, Command } from "../domain/command.js";
import type { Refusal } from "../domain/refusal.js";
import type { EdgeContext } from "./edge-context.js";
import { errorOf, internalError, outcomeStatus, serviceError } from "./errors.js";
import type { Encoded } from "./service-definition.js";

/** Told of causes that callers must not see. */
export type OnFailure = (cause: unknown) => void;

export function isRefusal(value: object): value is Refusal {
  return "reason" in value && "metadata" in value;
}

/** A call that is decided in a turn. `render` runs there: it must be quick and keep nothing. */
export function commandCall<Request, C extends Command>(
  { ports, onFailure, observer }: EdgeContext,
  check: (request: Request) => C | Refusal,
  render: (answer: Answers[C["kind"]]) => Encoded,
): handleUnaryCall<Request, Encoded> {
  return (call, callback) => {
    guard(callback, onFailure, () => {
      const command = check(call.request);
      if (isRefusal(command)) callback(serviceError(command));
      else {
        const probe = observer?.follow(call.metadata, command);
        ports.commands.submit(command, render, (outcome) => finish(outcome, callback, onFailure), probe);
      }
    });
  };
}

/** A call that is answered at once from what is published. */
export function directCall<Request>(
  onFailure: OnFailure,
  answer: (request: Request) => Message | Refusal,
): handleUnaryCall<Request, Encoded> {
  return (call, callback) => {
    guard(callback, onFailure, () => {
      const answered = answer(call.request);
      if (isRefusal(answered)) callback(serviceError(answered));
      else callback(null, answered);
    });
  };
}

/** A call whose answer takes its time, outside of any turn. */
export function lastingCall<Request>(
  onFailure: OnFailure,
  answer: (request: Request) => Promise<Message | Refusal>,
): handleUnaryCall<Request, Encoded> {
  return (call, callback) => {
    answer(call.request).then(
      (answered) => {
        if (isRefusal(answered)) callback(serviceError(answered));
        else callback(null, answered);
      },
      (cause) => {
        onFailure(cause);
        callback(internalError());
      },
    );
  };
}

/** Sends an outcome to a unary caller. */
export function finish(outcome: Outcome<Encoded>, callback: sendUnaryData<Encoded>, onFailure: OnFailure): void {
  if (outcome.kind === "answered") {
    callback(null, outcome.value);
    return;
  }
  if (outcome.kind === "failed") onFailure(outcome.cause);
  callback(errorOf(outcomeStatus(outcome)));
}

/** Whatever throws on the way is INTERNAL for the caller. */
export function guard(callback: sendUnaryData<Encoded>, onFailure: OnFailure, work: () => void): void {
  try {
    work();
  } catch (cause) {
    onFailure(cause);
    callback(internalError());
  }
}
