/**
 * One caller's watch of orders. A message is taken from the watch only once the caller has room for it, so one that does not read
 * is held in nothing but the transport's own small buffer.
 */
import { Metadata, type ServerWritableStream } from "@grpc/grpc-js";
import type { OrderWatch } from "../actor/service.js";
import type { Refusal } from "../domain/refusal.js";
import type { Status } from "../gen/google/rpc/status_pb.js";
import type { WatchOrdersRequest } from "../gen/holdfast/v1/erp_service_pb.js";
import { orderMessage } from "./answers/order-message.js";
import { errorOf, internalStatus, statusOf } from "./errors.js";
import type { OpenStreams } from "./open-streams.js";
import type { Encoded } from "./service-definition.js";
import { isRefusal, type OnFailure } from "./unary.js";

export interface OrderStreamOptions {
  readonly call: ServerWritableStream<WatchOrdersRequest, Encoded>;
  readonly streams: OpenStreams;
  readonly onFailure: OnFailure;
  readonly begin: () => Promise<OrderWatch | Refusal>;
}

export class OrderStream {
  readonly #call: ServerWritableStream<WatchOrdersRequest, Encoded>;
  readonly #onFailure: OnFailure;
  #watch: OrderWatch | undefined;
  #isOver = false;
  #goOn: () => void = () => {};
  #leave: () => void = () => {};

  constructor({ call, streams, onFailure, begin }: OrderStreamOptions) {
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
    call.on("drain", () => this.#goOn());
    this.#tell(begin).catch((cause) => {
      this.#onFailure(cause);
      this.#fail(internalStatus());
    });
  }

  async #tell(begin: () => Promise<OrderWatch | Refusal>): Promise<void> {
    const watch = await begin();
    if (isRefusal(watch)) {
      this.#fail(statusOf(watch));
      return;
    }
    this.#watch = watch;
    if (this.#isOver) watch.close();
    // The headers go out at once: from now on whoever asked for "from now" misses nothing.
    else this.#call.sendMetadata(new Metadata());
    for (;;) {
      const message = await watch.next();
      if (message === undefined || this.#isOver) return;
      if (isRefusal(message)) {
        this.#fail(statusOf(message));
        return;
      }
      if (!this.#call.write(orderMessage(message))) await this.#drained();
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

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
    this.#goOn();
    this.#leave();
  }
}
