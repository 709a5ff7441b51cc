/** A caller of WatchOrders that keeps what it is told, and lets a test wait for it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { startServerStream } from "../../src/client/method-bridge.js";
import {
  ErpService,
  WatchOrdersRequestSchema,
  type WatchOrdersResponse,
} from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { type OrderEvent, OrderEventType } from "../../src/gen/holdfast/v1/order_event_pb.js";

export class OrderWatcher {
  readonly messages: WatchOrdersResponse[] = [];
  readonly #call: ClientReadableStream<WatchOrdersResponse>;
  /** The server has begun: what happens from here on is told. */
  readonly begun: Promise<void>;
  /** Rejects with what the call failed with. */
  readonly ended: Promise<void>;
  #check: () => void = () => {};

  constructor(client: Client, request: MessageInitShape<typeof WatchOrdersRequestSchema>) {
    const method = ErpService.method.watchOrders;
    this.#call = startServerStream(client, method, create(WatchOrdersRequestSchema, request));
    this.begun = new Promise((resolve) => this.#call.on("metadata", () => resolve()));
    this.ended = new Promise((resolve, reject) => {
      this.#call.on("error", (error: ServiceError) => reject(error));
      this.#call.on("end", resolve);
    });
    this.ended.catch(() => {});
    this.#call.on("data", (message: WatchOrdersResponse) => {
      this.messages.push(message);
      this.#check();
    });
  }

  get events(): readonly OrderEvent[] {
    return this.messages.flatMap(({ event }) => (event === undefined ? [] : [event]));
  }

  /** Of the last message. */
  get cursor(): string {
    return this.messages.at(-1)?.cursor ?? "";
  }

  /** Waits for so many events, or for the end. */
  async until(count: number): Promise<readonly OrderEvent[]> {
    await this.#until(() => this.events.length >= count);
    return this.events;
  }

  /** Waits for the next message that only moves the cursor on. */
  async untilCursor(): Promise<string> {
    const before = this.messages.length;
    await this.#until(() => this.messages.slice(before).some(({ event }) => event === undefined));
    return this.cursor;
  }

  async #until(isThere: () => boolean): Promise<void> {
    const isNews = new Promise<void>((resolve) => {
      this.#check = () => {
        if (isThere()) resolve();
      };
      this.#check();
    });
    const isOver = this.ended.then(() => {
      throw new Error("the watch ended");
    });
    await Promise.race([isNews, isOver]);
  }

  cancel(): void {
    this.#call.cancel();
  }
}

/** What an event says, in one line. */
export function said({ type, reservationId, revision, lines, reason }: OrderEvent): string {
  const units = lines.map(({ sku, quantity, remaining }) => `${sku} ${quantity}/${remaining}`).join(" ");
  return [OrderEventType[type], reservationId, `rev ${revision}`, units, reason]
    .filter((part) => part !== "")
    .join(" ");
}
