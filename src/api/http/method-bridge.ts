/** From the handlers that serve grpc-js to what the Connect library calls: the only bridge between the two, one way for each kind of method. */
import {
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import type { handleUnaryCall, ServerUnaryCall, sendUnaryData, UntypedHandleCall } from "@grpc/grpc-js";
import type { Encoded } from "../service-definition.js";
import type { ServedService } from "../services.js";
import type { OnFailure } from "../unary.js";
import { connectErrorOf, internalConnectError } from "./connect-error.js";
import { type CollectingCall, IncomingCall } from "./incoming-call.js";
import { OutgoingCall, type StreamingCall } from "./outgoing-call.js";

type UnaryHandler = handleUnaryCall<Message, Encoded>;
type StreamingHandler = (call: StreamingCall) => void;
type CollectingHandler = (call: CollectingCall<unknown>, callback: sendUnaryData<Encoded>) => void;

/** Adds every method of the service that HTTP/1.1 can carry; to the others the library answers by itself. */
export function addService(router: ConnectRouter, service: ServedService, onFailure: OnFailure): void {
  for (const method of service.descriptor.methods) {
    const handler: UntypedHandleCall | undefined = service.handlers[method.localName];
    if (handler === undefined) continue;
    const isUndecoded = service.undecoded.includes(method.localName);
    switch (method.methodKind) {
      case "unary":
        addUnary(router, method as DescMethodUnary, handler as UnaryHandler, onFailure);
        break;
      case "server_streaming":
        addServerStreaming(router, method as DescMethodServerStreaming, handler as StreamingHandler, onFailure);
        break;
      case "client_streaming":
        addClientStreaming(router, method as DescMethodClientStreaming, {
          handler: handler as CollectingHandler,
          isUndecoded,
          onFailure,
        });
        break;
      case "bidi_streaming":
        router.rpc(method as DescMethodBiDiStreaming, notOverHttp1);
        break;
    }
  }
}

function addUnary(router: ConnectRouter, method: DescMethodUnary, handler: UnaryHandler, onFailure: OnFailure): void {
  router.rpc(method, (request, { signal }) =>
    answerOf(method, { signal, onFailure }, (callback) => {
      // Of a unary call, our handlers look at nothing but the request.
      handler({ request } as ServerUnaryCall<Message, Encoded>, callback);
    }),
  );
}

function addServerStreaming(
  router: ConnectRouter,
  method: DescMethodServerStreaming,
  handler: StreamingHandler,
  onFailure: OnFailure,
): void {
  router.rpc(method, async function* (request: Message, { signal }: HandlerContext) {
    const call = new OutgoingCall(request);
    const answers = call.answers(signal);
    guarded(onFailure, () => handler(call.asHandlersSeeIt()));
    for await (const answer of answers) yield decoded(method, answer);
  });
}

interface Collecting {
  readonly handler: CollectingHandler;
  readonly isUndecoded: boolean;
  readonly onFailure: OnFailure;
}

function addClientStreaming(
  router: ConnectRouter,
  method: DescMethodClientStreaming,
  { handler, isUndecoded, onFailure }: Collecting,
): void {
  router.rpc(method, async (messages, { signal }) => {
    const requests = isUndecoded ? encodedEach(method, messages) : messages;
    return answerOf(method, { signal, onFailure }, (callback, fail) => {
      const call = new IncomingCall<unknown>(requests, fail);
      signal.addEventListener("abort", () => call.cancel(), { once: true });
      handler(call.asHandlersSeeIt(), callback);
    });
  });
}

interface Call {
  readonly signal: AbortSignal;
  readonly onFailure: OnFailure;
}

/** The one answer of a call, or the error that it ends with; at the latest when the caller is gone, or the time for the call is up. */
function answerOf(
  method: DescMethod,
  { signal, onFailure }: Call,
  begin: (callback: sendUnaryData<Encoded>, fail: (cause: unknown) => void) => void,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const callback: sendUnaryData<Encoded> = (error, answer) => {
      if (error !== null) reject(connectErrorOf(error));
      else if (answer === undefined || answer === null) reject(internalConnectError());
      else resolve(decoded(method, answer));
    };
    guarded(onFailure, () => begin(callback, reject));
  });
}

/** Whatever throws on the way is INTERNAL for the caller. */
function guarded(onFailure: OnFailure, work: () => void): void {
  try {
    work();
  } catch (cause) {
    onFailure(cause);
    throw internalConnectError();
  }
}

function decoded(method: DescMethod, answer: Encoded): Message {
  return Buffer.isBuffer(answer) ? fromBinary(method.output, answer) : answer;
}

async function* encodedEach(method: DescMethod, messages: AsyncIterable<Message>): AsyncGenerator<Buffer> {
  for await (const message of messages) yield Buffer.from(toBinary(method.input, message));
}

function notOverHttp1(): never {
  throw new ConnectError("a stream both ways needs gRPC", Code.Unimplemented);
}
