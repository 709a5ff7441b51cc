/** A caller of WatchAvailability that applies what it is told as a portal would, holds it to the order of versions, and lets a test wait. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { startServerStream } from "../../src/client/method-bridge.js";
import type { Availability } from "../../src/gen/holdfast/v1/availability_pb.js";
import {
  AvailabilityService,
  WatchAvailabilityRequestSchema,
  type WatchAvailabilityResponse,
} from "../../src/gen/holdfast/v1/availability_service_pb.js";

export class AvailabilityWatcher {
  readonly messages: WatchAvailabilityResponse[] = [];
  /** By SKU, as told last. */
  readonly stocks = new Map<string, Availability>();
  /** Whatever a watch must never do. */
  readonly wrong: string[] = [];
  /** Rejects with what the call failed with. */
  readonly ended: Promise<void>;
  readonly #call: ClientReadableStream<WatchAvailabilityResponse>;
  #check: () => void = () => {};

  /** `known`: what an earlier watch was told, where this one goes on from its cursor. */
  constructor(
    client: Client,
    request: MessageInitShape<typeof WatchAvailabilityRequestSchema>,
    known: Iterable<Availability> = [],
  ) {
    for (const stock of known) this.stocks.set(stock.sku, stock);
    const method = AvailabilityService.method.watchAvailability;
    this.#call = startServerStream(client, method, create(WatchAvailabilityRequestSchema, request));
    this.ended = new Promise((resolve, reject) => {
      this.#call.on("error", (error: ServiceError) => reject(error));
      this.#call.on("end", resolve);
    });
    this.ended.catch(() => {});
    this.#call.on("data", (message: WatchAvailabilityResponse) => {
      this.messages.push(message);
      this.#apply(message);
      this.#check();
    });
  }

  /** Of the last message. */
  get cursor(): string {
    return this.messages.at(-1)?.cursor ?? "";
  }

  get isComplete(): boolean {
    return this.messages.some(({ event }) => event.case === "batch" && event.value.snapshotComplete);
  }

  /** What the messages say, a word each. */
  get words(): readonly string[] {
    return this.messages.map(({ event }) => {
      if (event.case === "reset") return `reset ${event.value.reason}`;
      if (event.case === "batch") return `${event.value.snapshot ? "snapshot" : "changes"}`;
      return event.case ?? "nothing";
    });
  }

  /** SKUs of the messages from `from` on, in order. */
  told(from = 0): readonly string[] {
    return this.messages
      .slice(from)
      .flatMap(({ event }) => (event.case === "batch" ? event.value.availability.map(({ sku }) => sku) : []));
  }

  atp(sku: string): bigint | undefined {
    return this.stocks.get(sku)?.availableToPromise;
  }

  async until(isThere: () => boolean): Promise<void> {
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

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  #apply({ event, cursor, freshness }: WatchAvailabilityResponse): void {
    if (cursor === "") this.wrong.push("a message without a cursor");
    if (freshness === undefined) this.wrong.push("a message without freshness");
    if (event.case === "reset") this.stocks.clear();
    if (event.case !== "batch") return;
    for (const stock of event.value.availability) {
      const before = this.stocks.get(stock.sku)?.version ?? -1n;
      if (stock.version < before) this.wrong.push(`${stock.sku}: version ${stock.version} after ${before}`);
      this.stocks.set(stock.sku, stock);
    }
  }
}
