/**
 * ReserveStream as promises: requests go out in the order of the calls, answers come back in that order.
 * It does not retry: a request sent again would come after its successors. After UNAVAILABLE, call
 * `HoldfastClient.reserve` with the error's `requestId` to learn what became of the request.
 *
 * 1. At most `inFlightMax` requests are unanswered; later callers wait their turn, first come first served.
 * 2. Every promise handed out is settled, also when the stream breaks, ends early or falls silent.
 * 3. After a failure nothing is sent any more.
 */
import { create } from "@bufbuild/protobuf";
import { type ClientDuplexStream, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import {
  type ReserveRequest,
  ReserveRequestSchema,
  type ReserveResponse,
  type ReserveStreamRequest,
  ReserveStreamRequestSchema,
  type ReserveStreamResponse,
} from "../gen/holdfast/v1/reservation_service_pb.js";
import { AnswerDeadline } from "./answer-deadline.js";
import { errorFromCall, errorFromStatus, HoldfastError } from "./holdfast-error.js";
import { type MessageInput, messageFromInput } from "./message-input.js";

export interface ReserveStreamOptions {
  /** Requests sent and not yet answered, at most. 256 when unset. */
  readonly inFlightMax?: number;
  /** How long the oldest unanswered request may wait before the stream is given up. 30 s when unset. */
  readonly answerTimeoutMs?: number;
}

interface Waiting {
  readonly request: ReserveRequest;
  readonly resolve: (response: ReserveResponse) => void;
  readonly reject: (error: HoldfastError) => void;
}

/** One open ReserveStream; made by `HoldfastClient.openReserveStream`. */
export class ReserveStream {
  readonly #call: ClientDuplexStream<ReserveStreamRequest, ReserveStreamResponse>;
  readonly #inFlightMax: number;
  readonly #deadline: AnswerDeadline;
  readonly #queued: Waiting[] = [];
  readonly #sent: Waiting[] = [];
  readonly #ended: Promise<void>;
  #settleEnded!: { resolve: () => void; reject: (error: HoldfastError) => void };
  #writable = true;
  #ending = false;
  #halfClosed = false;
  #failure: HoldfastError | undefined;

  constructor(
    call: ClientDuplexStream<ReserveStreamRequest, ReserveStreamResponse>,
    options: ReserveStreamOptions = {},
  ) {
    this.#call = call;
    this.#inFlightMax = options.inFlightMax ?? 256;
    this.#deadline = new AnswerDeadline(options.answerTimeoutMs ?? 30_000, () => this.#giveUp());
    this.#ended = new Promise((resolve, reject) => {
      this.#settleEnded = { resolve, reject };
    });
    // Nobody need wait for the end of a stream that failed: its requests were told.
    this.#ended.catch(() => {});
    call.on("data", (answer: ReserveStreamResponse) => this.#settleOldest(answer));
    call.on("drain", () => this.#resumeSending());
    call.on("error", (error: ServiceError) => this.#fail(errorFromCall(error)));
    call.on("status", (end: StatusObject) => this.#finish(end));
  }

  /**
   * Reserves. Rejects with a HoldfastError when this request is refused (the stream goes on) or the stream fails;
   * too little stock is an answer with outcome REJECTED, not an error.
   */
  reserve(input: MessageInput<typeof ReserveRequestSchema>): Promise<ReserveResponse> {
    return new Promise((resolve, reject) => {
      const request = messageFromInput(ReserveRequestSchema, input);
      if (request.requestId === "") request.requestId = crypto.randomUUID();
      if (this.#failure !== undefined) return reject(this.#failure.forRequest(request.requestId));
      if (this.#ending) return reject(streamEnded(request));
      this.#queued.push({ request, resolve, reject });
      this.#send();
    });
  }

  /** Takes no more requests, waits for all answers and for the orderly end. Rejects when the stream failed. */
  end(): Promise<void> {
    this.#ending = true;
    this.#endWhenAnswered();
    return this.#ended;
  }

  /** Breaks the stream off now; what is unanswered rejects with CANCELLED. */
  cancel(): void {
    this.#fail(new HoldfastError({ code: status.CANCELLED, message: "cancelled by the caller" }));
  }

  #send(): void {
    while (this.#writable && this.#sent.length < this.#inFlightMax) {
      const next = this.#queued.shift();
      if (next === undefined) return;
      this.#sent.push(next);
      this.#deadline.sent();
      this.#writable = this.#call.write(create(ReserveStreamRequestSchema, { reserve: next.request }));
    }
  }

  #resumeSending(): void {
    this.#writable = true;
    this.#send();
  }

  #settleOldest(answer: ReserveStreamResponse): void {
    const oldest = this.#sent.shift();
    if (oldest === undefined || oldest.request.requestId !== answer.requestId) {
      if (oldest !== undefined) this.#sent.unshift(oldest);
      this.#fail(outOfOrder(oldest?.request, answer));
      return;
    }
    this.#deadline.answered();
    settle(oldest, answer);
    this.#send();
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    const idle = this.#queued.length === 0 && this.#sent.length === 0;
    if (!this.#ending || this.#halfClosed || !idle || this.#failure !== undefined) return;
    this.#halfClosed = true;
    this.#call.end();
  }

  #giveUp(): void {
    this.#fail(
      new HoldfastError({ code: status.DEADLINE_EXCEEDED, message: "the server did not answer on the stream in time" }),
    );
  }

  #finish(end: StatusObject): void {
    if (end.code !== status.OK) return;
    if (this.#sent.length + this.#queued.length > 0) {
      this.#fail(
        new HoldfastError({ code: status.UNAVAILABLE, message: "the server ended the stream before it answered" }),
      );
      return;
    }
    this.#failure ??= new HoldfastError({ code: status.UNAVAILABLE, message: "the server ended the stream" });
    this.#settleEnded.resolve();
  }

  #fail(failure: HoldfastError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#deadline.stop();
    this.#call.cancel();
    for (const waiting of [...this.#sent.splice(0), ...this.#queued.splice(0)]) {
      waiting.reject(failure.forRequest(waiting.request.requestId));
    }
    this.#settleEnded.reject(failure);
  }
}

function settle(waiting: Waiting, answer: ReserveStreamResponse): void {
  const { requestId, result } = answer;
  if (result.case === "response") waiting.resolve(result.value);
  else if (result.case === "error") waiting.reject(errorFromStatus(result.value).forRequest(requestId));
  else waiting.reject(new HoldfastError({ code: status.INTERNAL, message: "the server's answer is empty", requestId }));
}

function streamEnded(request: ReserveRequest): HoldfastError {
  return new HoldfastError({
    code: status.CANCELLED,
    message: "this stream was ended by the caller",
    requestId: request.requestId,
  });
}

function outOfOrder(expected: ReserveRequest | undefined, answer: ReserveStreamResponse): HoldfastError {
  const awaited = expected === undefined ? "no answer was due" : `the answer to ${expected.requestId} was due`;
  return new HoldfastError({
    code: status.INTERNAL,
    message: `the server answered ${answer.requestId} where ${awaited}`,
  });
}
