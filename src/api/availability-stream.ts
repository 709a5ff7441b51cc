/**
 * One caller's watch of availability. A message is taken from the watch only once the caller has room for it; what changes meanwhile is
 * conflated there, so one that does not read is held in a few messages.
 */
import { Metadata, type ServerWritableStream } from "@grpc/grpc-js";
import type { AvailabilityWatch, AvailabilityWatchPort, WatchQuery } from "../actor/service.js";
import type { Status } from "../gen/google/rpc/status_pb.js";
import type { WatchAvailabilityRequest } from "../gen/holdfast/v1/availability_service_pb.js";
import { EDGE_LIMITS } from "../limits.js";
import { watchMessage } from "./answers/watch-message.js";
import { errorOf, internalStatus, statusOf } from "./errors.js";
import type { OpenStreams } from "./open-streams.js";
import { resetUnlessRead } from "./pipelined-writes.js";
import type { Encoded } from "./service-definition.js";
import { isRefusal, type OnFailure } from "./unary.js";

export interface AvailabilityStreamOptions {
  readonly call: ServerWritableStream<WatchAvailabilityRequest, Encoded>;
  readonly streams: OpenStreams;
  readonly onFailure: OnFailure;
  readonly watches: AvailabilityWatchPort;
  readonly query: WatchQuery;
}

export class AvailabilityStream {
  readonly #call: ServerWritableStream<WatchAvailabilityRequest, Encoded>;
  readonly #onFailure: OnFailure;
  #watch: AvailabilityWatch | undefined;
  /** Messages that are written and not yet taken on. */
  #unsent = 0;
  #isOver = false;
  #leave: () => void = () => {};

  constructor({ call, streams, onFailure, watches, query }: AvailabilityStreamOptions) {
    this.#call = call;
    this.#onFailure = onFailure;
    const entered = streams.enter((refused) => this.#fail(statusOf(refused)));
    if (isRefusal(entered)) {
      this.#fail(statusOf(entered));
      return;
    }
    this.#leave = entered;
    const stop = () => this.#stop();
    call.on("cancelled", stop);
    call.on("error", stop);
    call.on("close", stop);
    const watch = watches.watch(query, {
      ready: () => this.#tell(),
      ended: (refusal) => {
        this.#fail(statusOf(refusal));
        if (refusal.reason === "READER_TOO_SLOW") resetUnlessRead(call);
      },
    });
    if (isRefusal(watch)) {
      this.#fail(statusOf(watch));
      return;
    }
    this.#watch = watch;
    call.sendMetadata(new Metadata());
    this.#tell();
  }

  #tell(): void {
    try {
      while (!this.#isOver && this.#unsent < EDGE_LIMITS.watchUnsentMax) {
        const message = this.#watch?.next();
        if (message === undefined) return;
        this.#unsent += 1;
        this.#call.write(watchMessage(message), this.#onSent);
      }
    } catch (cause) {
      this.#onFailure(cause);
      this.#fail(internalStatus());
    }
  }

  readonly #onSent = (): void => {
    this.#unsent -= 1;
    this.#tell();
  };

  #fail(status: Status): void {
    if (this.#isOver) return;
    this.#stop();
    // grpc-js sends what was written before it ends the call with the status.
    this.#call.emit("error", errorOf(status));
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch?.close();
    this.#leave();
  }
}
