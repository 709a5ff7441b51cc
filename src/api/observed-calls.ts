/**
 * Tells the observer of every gRPC call, from its metadata to its status. It stands in for grpc-js's own class of an intercepted call,
 * which would make closures for each message: here a call costs two small objects.
 */
import { type Metadata, type ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import type { CallObservation, CallObserver } from "./call-observer.js";
import { reasonOf } from "./errors.js";

/** What grpc-js asks of an intercepted call, and gives to an interceptor. */
type MethodDefinition = Parameters<ServerInterceptor>[0];
type InterceptedCall = Parameters<ServerInterceptor>[1];
type Listener = Parameters<InterceptedCall["start"]>[0];
type Message = Parameters<InterceptedCall["sendMessage"]>[0];
type EndStatus = Parameters<InterceptedCall["sendStatus"]>[0];

export function observedCalls(observer: CallObserver): ServerInterceptor {
  // The server asks no more of an interceptor's result than what it gave to it.
  return (method, call) => new ObservedCall(observer, method, call) as unknown as ServerInterceptingCall;
}

class ObservedCall implements InterceptedCall {
  readonly #observer: CallObserver;
  readonly #method: MethodDefinition;
  readonly #call: InterceptedCall;
  #observation: CallObservation | undefined;

  constructor(observer: CallObserver, method: MethodDefinition, call: InterceptedCall) {
    this.#observer = observer;
    this.#method = method;
    this.#call = call;
  }

  start(listener: Listener): void {
    this.#call.start(new ObservedListener(listener, this));
  }

  began(metadata: Metadata): void {
    const { path, requestStream, responseStream } = this.#method;
    this.#observation = this.#observer.callBegan(path.slice(1), metadata, requestStream || responseStream);
  }

  cancelled(): void {
    this.#observation?.ended(status.CANCELLED, "");
  }

  sendStatus(ending: EndStatus): void {
    this.#observation?.ended(ending.code ?? status.UNKNOWN, reasonOf(ending.metadata));
    this.#call.sendStatus(ending);
  }

  sendMetadata(metadata: Metadata): void {
    this.#call.sendMetadata(metadata);
  }

  sendMessage(message: Message, goOn: () => void): void {
    this.#call.sendMessage(message, goOn);
  }

  startRead(): void {
    this.#call.startRead();
  }

  getPeer() {
    return this.#call.getPeer();
  }

  getDeadline() {
    return this.#call.getDeadline();
  }

  getHost() {
    return this.#call.getHost();
  }

  getAuthContext() {
    return this.#call.getAuthContext();
  }

  getConnectionInfo() {
    return this.#call.getConnectionInfo();
  }

  getMetricsRecorder() {
    return this.#call.getMetricsRecorder();
  }
}

class ObservedListener implements Listener {
  readonly #listener: Listener;
  readonly #call: ObservedCall;

  constructor(listener: Listener, call: ObservedCall) {
    this.#listener = listener;
    this.#call = call;
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#call.began(metadata);
    this.#listener.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: Message): void {
    this.#listener.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#listener.onReceiveHalfClose();
  }

  onCancel(): void {
    this.#call.cancelled();
    this.#listener.onCancel();
  }
}
