/** Stands in for grpc-js's call where a handler is told many messages and answers once. */
import { Readable } from "node:stream";
import { Metadata, type ServerReadableStream } from "@grpc/grpc-js";
import type { Encoded } from "../service-definition.js";

/** Read ahead for a handler that is not done with the message before. */
const MESSAGES_AHEAD_MAX = 1;

/** As a handler sees it; `Request` is a message, or its bytes. */
export type CollectingCall<Request> = ServerReadableStream<Request, Encoded>;

export class IncomingCall<Request> extends Readable {
  readonly metadata = new Metadata();
  cancelled = false;
  readonly #messages: AsyncIterator<Request>;

  /** `onBroken` is told when the messages break off, because they are none or because the caller is gone. */
  constructor(messages: AsyncIterable<Request>, onBroken: (cause: unknown) => void) {
    super({ objectMode: true, highWaterMark: MESSAGES_AHEAD_MAX });
    this.#messages = messages[Symbol.asyncIterator]();
    this.on("error", (cause) => {
      this.cancel();
      onBroken(cause);
    });
  }

  sendMetadata(): void {}

  asHandlersSeeIt(): CollectingCall<Request> {
    return this as unknown as CollectingCall<Request>;
  }

  cancel(): void {
    if (this.cancelled || this.readableEnded) return;
    this.cancelled = true;
    this.emit("cancelled", "cancelled");
  }

  override _read(): void {
    this.#messages.next().then(
      (next) => this.push(next.done === true ? null : next.value),
      (cause) => this.destroy(cause),
    );
  }
}
