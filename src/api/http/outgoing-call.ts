/**
 * Stands in for grpc-js's call where a handler streams its answers: what is written waits until the caller takes it, as much as
 * grpc-js lets wait, and then the handler is held back.
 */
import { Writable } from "node:stream";
import type { Message } from "@bufbuild/protobuf";
import { Metadata, type ServerWritableStream, type ServiceError } from "@grpc/grpc-js";
import type { Encoded } from "../service-definition.js";
import { connectErrorOf } from "./connect-error.js";

/** As a handler sees it. */
export type StreamingCall = ServerWritableStream<Message, Encoded>;

interface Answer {
  readonly encoded: Encoded;
  readonly taken: () => void;
}

export class OutgoingCall extends Writable {
  readonly request: Message;
  readonly metadata = new Metadata();
  cancelled = false;
  /** What the handler ended the call with; undefined for OK. */
  #error: Partial<ServiceError> | undefined;
  #answer: Answer | undefined;
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(request: Message) {
    super({ objectMode: true });
    this.request = request;
    // As grpc-js has it: an error is the status that the call ends with, after everything written before it.
    this.on("error", (error: Partial<ServiceError>) => {
      this.#error ??= error;
      this.end();
    });
  }

  /** Headers go out with the first answer. */
  sendMetadata(): void {}

  asHandlersSeeIt(): StreamingCall {
    return this as unknown as StreamingCall;
  }

  /** The answers in order, each asked for when the one before it is on its way. Throws what the call ended with. */
  async *answers(signal: AbortSignal): AsyncGenerator<Encoded> {
    const onAbort = () => this.#cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal.aborted) this.#cancel();
      for (;;) {
        const answer = await this.#next();
        if (this.cancelled) throw signal.reason;
        if (answer === undefined) break;
        yield answer.encoded;
        answer.taken();
      }
      if (this.#error !== undefined) throw connectErrorOf(this.#error);
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (!this.#isEnded) this.#cancel();
    }
  }

  override _write(encoded: Encoded, _encoding: string, callback: () => void): void {
    const taken = () => {
      this.#answer = undefined;
      callback();
    };
    this.#answer = { encoded, taken };
    this.#wake();
  }

  override _final(callback: () => void): void {
    this.#isEnded = true;
    this.#wake();
    callback();
  }

  async #next(): Promise<Answer | undefined> {
    while (this.#answer === undefined && !this.#isEnded && !this.cancelled) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#answer;
  }

  /** The caller is gone, or the time for the call is up. */
  #cancel(): void {
    if (this.cancelled || this.#isEnded) return;
    this.cancelled = true;
    this.emit("cancelled", "cancelled");
    this.destroy();
    this.#wake();
  }
}
