/**
 * A stream both ways with an answer for each message, in the order of the messages, though they settle at different times.
 * It is not the service: what a message means and what is answered is the caller's.
 *
 * 1. What is taken and not yet sent is bounded, by messages and by their cost. Beyond it, and while the caller does not
 *    read, nothing more is read from it.
 * 2. After the caller's half-close, and at a shutdown, what was taken is still answered; then the stream ends.
 * 3. What answers nothing goes out between answers, at any time.
 * 4. An ending takes its place among the answers: those before it are sent, those after it are not.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Status } from "../gen/google/rpc/status_pb.js";
import type { EdgeLimits } from "../limits.js";
import { errorOf, internalStatus, statusOf, undecodableStatus } from "./errors.js";
import type { OpenStreams } from "./open-streams.js";
import { type Encoded, Undecodable } from "./service-definition.js";
import { isRefusal, type OnFailure } from "./unary.js";

/** In the place of an answer: the stream ends with this status. */
export class StreamEnd {
  readonly status: Status;

  constructor(status: Status) {
    this.status = status;
  }
}

export type Settle<Answer> = (answer: Answer | StreamEnd) => void;

export interface OrderedStreamOptions<Request, Answer extends Encoded> {
  readonly call: ServerDuplexStream<Request | Undecodable, Encoded>;
  readonly streams: OpenStreams;
  readonly limits: EdgeLimits;
  readonly onFailure: OnFailure;
  /** What a message costs while it is not answered and sent: about the number of lines in its answer. */
  readonly costOf: (request: Request) => number;
  /** Begins with a message; its answer is settled once, at once or later. A throw ends the stream with INTERNAL. */
  readonly take: (request: Request, settle: Settle<Answer>) => void;
  /** What is made of bytes that are no such message; undefined ends the stream with the status that the transport has for it. */
  readonly rescue?: (bytes: Buffer) => Request | undefined;
  /** Called once, when the stream is over. */
  readonly onOver?: () => void;
}

/** Messages beside the answers that wait for a caller who does not read. */
const INTERJECTIONS_MAX = 16;

interface Slot<Answer> {
  readonly cost: number;
  answer: Answer | StreamEnd | undefined;
}

export class OrderedStream<Request, Answer extends Encoded> {
  readonly #options: OrderedStreamOptions<Request, Answer>;
  readonly #call: ServerDuplexStream<Request | Undecodable, Encoded>;
  /** From `#head` on, the messages that are taken and not yet sent, in order. */
  readonly #slots: Slot<Answer>[] = [];
  #head = 0;
  #cost = 0;
  /** What answers nothing and waits for a caller that does not read. */
  readonly #interjections: Answer[] = [];
  /** Of answers that the transport holds back. */
  #unsentCost = 0;
  #isWritable = true;
  #isHalfClosed = false;
  /** False once an ending is known: what comes after it must have no effect. */
  #isTaking = true;
  #isOver = false;
  /** The stream ends with this once everything taken is sent. */
  #ending: Status | undefined;
  #leave: () => void = () => {};

  constructor(options: OrderedStreamOptions<Request, Answer>) {
    this.#options = options;
    this.#call = options.call;
    const entered = options.streams.enter((refused) => this.#endAfterAnswers(statusOf(refused)));
    if (isRefusal(entered)) {
      this.#fail(statusOf(entered));
      return;
    }
    this.#leave = entered;
    const { call } = options;
    const stop = () => this.#stop();
    call.on("data", (request: Request | Undecodable) => this.#read(request));
    call.on("end", () => {
      this.#isHalfClosed = true;
      this.#flush();
    });
    call.on("drain", () => {
      this.#isWritable = true;
      this.#unsentCost = 0;
      this.#flush();
    });
    call.on("cancelled", stop);
    call.on("error", stop);
    call.on("close", stop);
  }

  /** Sends a message that answers nothing, between answers: now, or once its caller reads again. The oldest gives way to too many. */
  interject(message: Answer): void {
    if (this.#isOver) return;
    if (this.#isWritable) this.#send(message, 1);
    else {
      this.#interjections.push(message);
      if (this.#interjections.length > INTERJECTIONS_MAX) this.#interjections.shift();
    }
  }

  #read(message: Request | Undecodable): void {
    if (!this.#isTaking) return;
    const request = message instanceof Undecodable ? this.#options.rescue?.(message.bytes) : message;
    if (request === undefined) this.#endAfterAnswers(undecodableStatus());
    else this.#take(request);
  }

  #take(request: Request): void {
    const slot: Slot<Answer> = { cost: this.#options.costOf(request), answer: undefined };
    this.#slots.push(slot);
    this.#cost += slot.cost;
    if (!this.#hasRoom()) this.#call.pause();
    const settle: Settle<Answer> = (answer) => {
      slot.answer = answer;
      if (answer instanceof StreamEnd) this.#takeNoMore();
      if (this.#slots[this.#head] === slot) this.#flush();
    };
    try {
      this.#options.take(request, settle);
    } catch (cause) {
      this.#options.onFailure(cause);
      settle(new StreamEnd(internalStatus()));
    }
  }

  /** Sends what is next and settled, then ends or reads on. */
  #flush(): void {
    while (this.#isWritable && this.#interjections.length > 0) this.#send(this.#interjections.shift()!, 1);
    while (this.#isWritable && this.#head < this.#slots.length) {
      const { answer, cost } = this.#slots[this.#head]!;
      if (answer === undefined) break;
      this.#head += 1;
      this.#cost -= cost;
      if (answer instanceof StreamEnd) {
        this.#fail(answer.status);
        return;
      }
      this.#send(answer, cost);
    }
    if (this.#isOver) return;
    const isAllSent = this.#head === this.#slots.length;
    if (isAllSent || this.#head >= this.#options.limits.streamInFlightMax) this.#forgetSent();
    if (isAllSent && this.#ending !== undefined) this.#fail(this.#ending);
    else if (isAllSent && this.#isHalfClosed) {
      this.#stop();
      this.#call.end();
    } else if (this.#isTaking && this.#hasRoom()) this.#call.resume();
  }

  #send(answer: Answer, cost: number): void {
    const isHeldBack = !this.#call.write(answer);
    this.#unsentCost = isHeldBack ? this.#unsentCost + cost : 0;
    const { streamUnsentMax, streamCostMax } = this.#options.limits;
    // A burst fills the transport's own small buffer in one turn; only a caller that does not read fills this one too.
    this.#isWritable = !isHeldBack || (this.#call.writableLength < streamUnsentMax && this.#unsentCost < streamCostMax);
  }

  #hasRoom(): boolean {
    const { streamInFlightMax, streamCostMax } = this.#options.limits;
    return this.#isWritable && this.#slots.length - this.#head < streamInFlightMax && this.#cost < streamCostMax;
  }

  #forgetSent(): void {
    this.#slots.splice(0, this.#head);
    this.#head = 0;
  }

  #endAfterAnswers(status: Status): void {
    this.#ending ??= status;
    this.#takeNoMore();
    this.#flush();
  }

  #takeNoMore(): void {
    this.#isTaking = false;
    this.#call.pause();
  }

  #fail(status: Status): void {
    this.#stop();
    // grpc-js sends what was written before it ends the call with the status.
    this.#call.emit("error", errorOf(status));
  }

  #stop(): void {
    if (!this.#isOver) this.#options.onOver?.();
    this.#isOver = true;
    this.#isTaking = false;
    this.#slots.length = 0;
    this.#interjections.length = 0;
    this.#head = 0;
    this.#leave();
  }
}
