/**
 * WatchAvailability as an async iterator with a live map beside it, which outlives disconnects.
 *
 * 1. The map is what the caller may show: a snapshot enters it whole, and what it replaces stands until then.
 * 2. After a disconnect it goes on from where it was; what changed meanwhile is told as changes, or after a reset as a new snapshot.
 * 3. It reads a message when the caller asks for one: who is slow is told the newest figures later, and nothing piles up here.
 */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@grpc/grpc-js";
import type { Availability } from "../gen/holdfast/v1/availability_pb.js";
import {
  AvailabilityService,
  WatchAvailabilityRequestSchema,
  type WatchAvailabilityResponse,
} from "../gen/holdfast/v1/availability_service_pb.js";
import type { Freshness } from "../gen/holdfast/v1/freshness_pb.js";
import { type LastingStreamOptions, lastingStream } from "./lasting-stream.js";
import { startServerStream } from "./method-bridge.js";
import type { RetryEnvironment } from "./retry.js";

/** What is watched: the warehouse that serves a dealer, as he may know it, or a warehouse with every figure. */
export type WatchedAvailability =
  | { readonly dealerId: string; readonly warehouseId?: undefined }
  | { readonly warehouseId: string; readonly dealerId?: undefined };

export type AvailabilityWatchOptions = WatchedAvailability &
  LastingStreamOptions & {
    /** Only these; all of the warehouse when unset or empty. */
    readonly skus?: readonly string[];
    /** Of the last update that was dealt with: only what changed since is told, and the map holds only that. */
    readonly cursor?: string | undefined;
  };

/** One thing that was told. `cursor` stands for it and everything before it. */
export type AvailabilityUpdate = {
  readonly cursor: string;
  /** As of this update. */
  readonly freshness: Freshness | undefined;
} & (
  | {
      /** `snapshot`: every stock that is watched, from now on the whole map. `changes`: the newest figures of what changed. */
      readonly kind: "snapshot" | "changes";
      readonly availability: readonly Availability[];
    }
  /** What was told before is void, and a snapshot follows: the dealer is served by another warehouse, for example. */
  | { readonly kind: "reset"; readonly reason: string }
  /** No figure changed. */
  | { readonly kind: "freshness" }
);

export class AvailabilityWatch implements AsyncIterableIterator<AvailabilityUpdate, void, undefined> {
  readonly #messages: AsyncGenerator<WatchAvailabilityResponse, void, undefined>;
  #stocks = new Map<string, Availability>();
  /** A snapshot under way. */
  #arriving = new Map<string, Availability>();
  #freshness: Freshness | undefined;
  #isComplete = false;
  #isConnected = false;

  constructor(client: Client, options: AvailabilityWatchOptions, environment: RetryEnvironment) {
    const { dealerId = "", warehouseId = "", skus = [] } = options;
    let cursor = options.cursor ?? "";
    const open = () => {
      const request = create(WatchAvailabilityRequestSchema, { dealerId, warehouseId, skus: [...skus], cursor });
      return startServerStream(client, AvailabilityService.method.watchAvailability, request);
    };
    const onMessage = (message: WatchAvailabilityResponse) => {
      this.#isConnected = true;
      if (message.cursor !== "") cursor = message.cursor;
    };
    const onDisconnect = (error: Error) => {
      this.#isConnected = false;
      options.onDisconnect?.(error);
    };
    this.#messages = lastingStream({ open, onMessage }, { ...options, onDisconnect }, environment);
  }

  /** By SKU, the newest figures that were told. Replaced by a snapshot; read it anew each time. */
  get stocks(): ReadonlyMap<string, Availability> {
    return this.#stocks;
  }

  /** How current the figures are, as last told; undefined before the first message. */
  get freshness(): Freshness | undefined {
    return this.#freshness;
  }

  /** The map holds everything that is watched: false before the first snapshot, and from a reset to the next one. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** False from a disconnect to the first message after it: the map stands, and grows old. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  async next(): Promise<IteratorResult<AvailabilityUpdate, undefined>> {
    for (;;) {
      const { done, value: message } = await this.#messages.next();
      if (done === true) return { done: true, value: undefined };
      const update = this.#take(message);
      if (update !== undefined) return { done: false, value: update };
    }
  }

  /** Ends the watch at once. */
  async return(): Promise<IteratorResult<AvailabilityUpdate, undefined>> {
    this.#isConnected = false;
    await this.#messages.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Undefined for a part of a snapshot that is not its last. */
  #take({ event, freshness, cursor }: WatchAvailabilityResponse): AvailabilityUpdate | undefined {
    this.#freshness = freshness ?? this.#freshness;
    const told = { freshness: this.#freshness, cursor };
    switch (event.case) {
      case "reset":
        this.#arriving = new Map();
        this.#isComplete = false;
        return { kind: "reset", reason: event.value.reason, ...told };
      case "batch":
        break;
      default:
        return { kind: "freshness", ...told };
    }
    const { availability, snapshot, snapshotComplete } = event.value;
    if (!snapshot) {
      for (const stock of availability) this.#stocks.set(stock.sku, stock);
      return { kind: "changes", availability, ...told };
    }
    for (const stock of availability) this.#arriving.set(stock.sku, stock);
    if (!snapshotComplete) return undefined;
    this.#stocks = this.#arriving;
    this.#arriving = new Map();
    this.#isComplete = true;
    return { kind: "snapshot", availability: [...this.#stocks.values()], ...told };
  }
}
