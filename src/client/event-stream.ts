/**
 * StreamEvents as an async generator: it takes the caller's numbered events and yields the answers in order.
 * Numbering is the caller's; resuming after a failure is too (ask `nextSequence`, send from there).
 *
 * 1. At most `inFlightMax` events are unanswered, and none is sent while the connection is full.
 * 2. When the caller stops reading, or its events throw, the stream is cancelled and the event iterator is returned.
 * 3. A request for positions is no answer: it is handed to `onPositionsRequest` and never yielded.
 * 4. The generator never waits for the caller's next event once the stream is over.
 */
import { create } from "@bufbuild/protobuf";
import { type ClientDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import { ErpEventSchema } from "../gen/holdfast/v1/erp_event_pb.js";
import {
  type StreamEventsRequest,
  StreamEventsRequestSchema,
  type StreamEventsResponse,
} from "../gen/holdfast/v1/erp_service_pb.js";
import type { PositionsRequest } from "../gen/holdfast/v1/position_pb.js";
import { AnswerDeadline } from "./answer-deadline.js";
import { errorFromCall, HoldfastError } from "./holdfast-error.js";
import { type MessageInput, messageFromInput } from "./message-input.js";

export interface EventStreamOptions {
  /** Events sent and not yet answered, at most. 256 when unset. */
  readonly inFlightMax?: number;
  /** How long the oldest unanswered event may wait before the stream is given up. 30 s when unset. */
  readonly answerTimeoutMs?: number;
  /** The server wants the source's positions; answer with `reportPositions`. Passed over when unset. */
  readonly onPositionsRequest?: ((request: PositionsRequest) => void) | undefined;
  /** Cancels the stream; it then throws CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}

/** One ERP event, numbered by the caller. */
export type EventInput = MessageInput<typeof ErpEventSchema>;

type EventCall = ClientDuplexStream<StreamEventsRequest, StreamEventsResponse>;
type EventIterator = Iterator<EventInput> | AsyncIterator<EventInput>;

/** Sends the events and yields one answer for each. Throws a HoldfastError when the stream ends with anything but OK. */
export async function* exchangeEvents(
  call: EventCall,
  events: Iterable<EventInput> | AsyncIterable<EventInput>,
  options: EventStreamOptions = {},
): AsyncGenerator<StreamEventsResponse, void, undefined> {
  const iterator = iteratorOf(events);
  const window = new SendWindow(call, options.inFlightMax ?? 256);
  let failure: unknown;
  const giveUp = (reason: unknown): void => {
    failure ??= reason;
    call.cancel();
  };
  const deadline = new AnswerDeadline(options.answerTimeoutMs ?? 30_000, () => giveUp(unansweredInTime()));
  const cancel = (): void => giveUp(cancelledByCaller());
  if (options.signal?.aborted) cancel();
  options.signal?.addEventListener("abort", cancel, { once: true });
  // grpc-js may report a status after the reader has left; without a listener that would end the process.
  call.on("error", () => window.close());
  sendAll(call, { iterator, window, deadline }).catch(giveUp);
  try {
    for await (const message of call) {
      const answer = message as StreamEventsResponse;
      if (answer.positionsRequest !== undefined) {
        options.onPositionsRequest?.(answer.positionsRequest);
        continue;
      }
      deadline.answered();
      window.answered();
      yield answer;
    }
  } catch (error) {
    throw failure ?? errorFromCall(error as ServiceError);
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    deadline.stop();
    window.close();
    call.cancel();
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
  if (failure !== undefined) throw failure;
  if (window.unanswered > 0 || !window.complete) throw endedEarly();
}

async function sendAll(
  call: EventCall,
  parts: { iterator: EventIterator; window: SendWindow; deadline: AnswerDeadline },
): Promise<void> {
  const { iterator, window, deadline } = parts;
  for (;;) {
    const next = await iterator.next();
    if (next.done) break;
    const event = messageFromInput(ErpEventSchema, next.value);
    if (!(await window.opened())) return;
    deadline.sent();
    window.sent(call.write(create(StreamEventsRequestSchema, { event })));
  }
  window.complete = true;
  call.end();
}

function iteratorOf(events: Iterable<EventInput> | AsyncIterable<EventInput>): EventIterator {
  return Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
}

/** Whether one more event may be sent: below the bound, and the connection takes it. */
class SendWindow {
  readonly #inFlightMax: number;
  #writable = true;
  #closed = false;
  #wake: (() => void) | undefined;
  unanswered = 0;
  /** Every event of the caller is sent. */
  complete = false;

  constructor(call: EventCall, inFlightMax: number) {
    this.#inFlightMax = inFlightMax;
    call.on("drain", () => {
      this.#writable = true;
      this.#wake?.();
    });
  }

  /** Resolves once one event may be sent; false when none ever may again. */
  async opened(): Promise<boolean> {
    while (!this.#closed && (!this.#writable || this.unanswered >= this.#inFlightMax)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#closed;
  }

  sent(writable: boolean): void {
    this.unanswered += 1;
    this.#writable = writable;
  }

  answered(): void {
    this.unanswered -= 1;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}

function unansweredInTime(): HoldfastError {
  return new HoldfastError({ code: status.DEADLINE_EXCEEDED, message: "the server did not answer an event in time" });
}

function cancelledByCaller(): HoldfastError {
  return new HoldfastError({ code: status.CANCELLED, message: "cancelled by the caller" });
}

function endedEarly(): HoldfastError {
  return new HoldfastError({
    code: status.UNAVAILABLE,
    message: "the server ended the stream before it answered every event",
  });
}
