/**
 * Lets the answers of a stream go out together. grpc-js hands the next message of a stream to HTTP/2 only when the one before it has
 * gone to the socket, so a burst of answers costs a round of the event loop each. Here a bounded number may be under way at
 * once: what waits in HTTP/2 is then written in one go. Beyond the bound the stream waits as it did before, so a slow reader is still felt.
 */
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { EDGE_LIMITS } from "../limits.js";
import type { Encoded } from "./service-definition.js";

// A call with one answer goes on as it is; the server asks no more of an interceptor's result than what it gave to it.
export const pipelinedWrites: ServerInterceptor = (method, call) =>
  method.responseStream ? new PipelinedCall(call) : (call as ServerInterceptingCall);

class PipelinedCall extends ServerInterceptingCall {
  #messages = 0;
  #bytes = 0;
  #goOn: (() => void) | undefined;

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
