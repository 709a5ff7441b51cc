/**
 * Lets the answers of a stream go out together. grpc-js hands the next message of a stream to HTTP/2 only when the one before it has
 * gone to the socket, so a burst of answers costs a round of the event loop each. Here a bounded number may be under way at
 * once: what waits in HTTP/2 is then written in one go. Beyond the bound the stream waits as it did before, so a slow reader is still felt.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { EDGE_LIMITS } from "../limits.js";
import type { Encoded } from "./service-definition.js";

// A call with one answer goes on as it is; the server asks no more of an interceptor's result than what it gave to it.
export const pipelinedWrites: ServerInterceptor = (method, call) =>
  method.responseStream ? new PipelinedCall(call) : (call as ServerInterceptingCall);

type InterceptedCall = Parameters<ServerInterceptor>[1];
type Listener = Parameters<ServerInterceptingCall["start"]>[0];

/** Streams that have begun, by the metadata that their handlers see. */
const STREAMS = new WeakMap<Metadata, PipelinedCall>();

/**
 * Resets a stream with ENHANCE_YOUR_CALM after a while, if its reader has not taken what was sent by then. Its status cannot pass the
 * window that such a reader keeps full, and grpc-js would keep it, and all that is unread, as long as the connection lasts.
 */
export function resetUnlessRead(call: { readonly metadata: Metadata }): void {
  setTimeout(() => STREAMS.get(call.metadata)?.resetUnlessRead(), EDGE_LIMITS.lingerMs).unref();
}

class PipelinedCall extends ServerInterceptingCall {
  readonly #call: InterceptedCall;
  #messages = 0;
  #bytes = 0;
  #goOn: (() => void) | undefined;

  constructor(call: InterceptedCall) {
    super(call);
    this.#call = call;
  }

  override start(listener: Listener): void {
    super.start({
      onReceiveMetadata: (metadata) => {
        STREAMS.set(metadata, this);
        listener.onReceiveMetadata(metadata);
      },
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveHalfClose: () => listener.onReceiveHalfClose(),
      onCancel: () => listener.onCancel(),
    });
  }

  resetUnlessRead(): void {
    if (this.#messages === 0) return;
    // grpc-js has the HTTP/2 stream, and does not show it. Where it has it no more, the call ends with its connection.
    const { stream } = this.#call as { readonly stream?: Partial<ServerHttp2Stream> };
    if (typeof stream?.close === "function") stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  override sendMessage(message: Encoded, goOn: () => void): void {
    const bytes = Buffer.isBuffer(message) ? message.byteLength : 0;
    this.#messages += 1;
    this.#bytes += bytes;
    super.sendMessage(message, () => {
      this.#messages -= 1;
      this.#bytes -= bytes;
      const waiting = this.#goOn;
      this.#goOn = undefined;
      waiting?.();
    });
    if (this.#messages < EDGE_LIMITS.streamWritesMax && this.#bytes < EDGE_LIMITS.streamWriteBytesMax) goOn();
    else this.#goOn = goOn;
  }
}
