/**
 * Streams both ways with an answer for each message, in the order of the messages, though they settle at different times.
 * A bounded number is under way at once: beyond it, and while the caller does not read, nothing more is read from it.
 * After the caller's half-close the outstanding answers are still sent.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { shuttingDown } from "../actor/refusals.js";
import type { Refusal } from "../domain/refusal.js";
import { internalError, serviceError } from "./errors.js";
import type { Encoded } from "./service-definition.js";

/** Answers handed to the transport and not yet taken by it, beyond which the caller is held to be not reading. */
const UNSENT_MAX = 256;

/** Settles one message: with its answer, or with the refusal that ends the stream once all before it are answered. */
export type Settle<Answer> = (answer: Answer | { readonly end: Refusal }) => void;

interface Slot<Answer> {
  answer: Answer | { readonly end: Refusal } | undefined;
}

export interface OrderedStreamOptions<Request, Answer extends Encoded> {
  /** Messages taken and not yet answered on one stream. */
  readonly inFlightMax: number;
  readonly take: (request: Request, settle: Settle<Answer>) => void;
  readonly onFailure: (cause: unknown) => void;
}

/** The streams of one server, so that a shutdown can end them. */
export class OpenStreams {
  readonly #ends = new Set<(refused: Refusal) => void>();

  add(end: (refused: Refusal) => void): () => void {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Ends every stream: what was taken is answered first. */
  endAll(): void {
    for (const end of [...this.#ends]) end(shuttingDown());
  }
}

export function serveOrderedStream<Request, Answer extends Encoded>(
  call: ServerDuplexStream<Request, never>,
  streams: OpenStreams,
  options: OrderedStreamOptions<Request, Answer>,
): void {
  const slots: Slot<Answer>[] = [];
  let head = 0;
  let writable = true;
  let halfClosed = false;
  let over = false;
  /** No more is taken; the stream ends with this once everything taken is answered. */
  let ending: Refusal | undefined;

  const remove = streams.add((refused) => {
    ending ??= refused;
    call.pause();
    flush();
  });
  const stop = () => {
    over = true;
    remove();
  };
  const fail = (error: object) => {
    stop();
    call.emit("error", error);
  };
  const flush = () => {
    while (!over && writable && head < slots.length && slots[head]!.answer !== undefined) {
      const { answer } = slots[head]!;
      head += 1;
      if ("end" in answer!) return fail(serviceError(answer.end));
      writable = call.write(answer as never) || call.writableLength < UNSENT_MAX;
    }
    if (head > 1024 || head === slots.length) {
      slots.splice(0, head);
      head = 0;
    }
    if (over || slots.length > 0) {
      if (!over && !ending && slots.length - head < options.inFlightMax && writable) call.resume();
      return;
    }
    if (ending !== undefined) fail(serviceError(ending));
    else if (halfClosed) {
      stop();
      call.end();
    } else if (writable) call.resume();
  };

  call.on("data", (request: Request) => {
    if (over || ending !== undefined) return;
    const slot: Slot<Answer> = { answer: undefined };
    slots.push(slot);
    if (slots.length - head >= options.inFlightMax || !writable) call.pause();
    try {
      options.take(request, (answer) => {
        slot.answer = answer;
        if (slots[head] === slot) flush();
      });
    } catch (cause) {
      options.onFailure(cause);
      fail(internalError());
    }
  });
  call.on("drain", () => {
    writable = true;
    flush();
  });
  call.on("end", () => {
    halfClosed = true;
    flush();
  });
  call.on("cancelled", stop);
  call.on("error", stop);
  call.on("close", stop);
}
