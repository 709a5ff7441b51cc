/**
 * The typed client: one method for each RPC of the four services, plain objects in, messages out.
 *
 * 1. Every call has a deadline. UNAVAILABLE is retried with the same request, nothing else is (retry.ts).
 * 2. A mutating request without a request_id gets a random one, before its first attempt.
 * 3. Every failure is a HoldfastError. Too little stock is no failure: it is an answer with outcome REJECTED.
 */
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { type ChannelCredentials, Client, type ClientOptions, credentials, Metadata } from "@grpc/grpc-js";
import {
  AvailabilityService,
  type GetAvailabilityRequestSchema,
  type GetAvailabilityResponse,
} from "../gen/holdfast/v1/availability_service_pb.js";
import {
  ErpService,
  type GetSourceStatusRequestSchema,
  type GetSourceStatusResponse,
  type StreamEventsResponse,
} from "../gen/holdfast/v1/erp_service_pb.js";
import * as operations from "../gen/holdfast/v1/operations_service_pb.js";
import * as reservations from "../gen/holdfast/v1/reservation_service_pb.js";
import { type EventInput, type EventStreamOptions, exchangeEvents } from "./event-stream.js";
import { HoldfastError } from "./holdfast-error.js";
import { type MessageInput, messageFromInput } from "./message-input.js";
import { startDuplex } from "./method-bridge.js";
import { ReserveStream, type ReserveStreamOptions } from "./reserve-stream.js";
import { DEFAULT_RETRY_POLICY, type RetryPolicy, retryUnavailable, SYSTEM_RETRY_ENVIRONMENT } from "./retry.js";
import { type CallOptions, callOnce } from "./unary-call.js";

export interface HoldfastClientOptions {
  /** Without TLS when unset. */
  readonly credentials?: ChannelCredentials;
  /** For each unary call, retries included. 10 s when unset. */
  readonly deadlineMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Further grpc-js channel options. */
  readonly channel?: ClientOptions;
}

/** A full page of wide orders is larger than the 4 MiB that grpc-js takes by default. */
const RECEIVE_BYTES_MAX = 64 * 1024 * 1024;

/** grpc-js waits a second before it connects again, in which every retry would fail; this is quicker. */
const CHANNEL_DEFAULTS: ClientOptions = {
  "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.service_config_disable_resolution": 1,
};

const reservationMethods = reservations.ReservationService.method;
const operationsMethods = operations.OperationsService.method;

/** A connection to one Holdfast server; made at once, connected with the first call. Close it when done. */
export class HoldfastClient {
  readonly #client: Client;
  readonly #deadlineMs: number;
  readonly #retry: RetryPolicy;

  /** @param address HOST:PORT, such as `127.0.0.1:7420`. */
  constructor(address: string, options: HoldfastClientOptions = {}) {
    this.#client = new Client(address, options.credentials ?? credentials.createInsecure(), {
      ...CHANNEL_DEFAULTS,
      ...options.channel,
    });
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#retry = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  }

  /** Closes the connection. Calls under way end with CANCELLED or UNAVAILABLE. */
  close(): void {
    this.#client.close();
  }

  /** Holds stock for an order, or confirms it at once with `commit`. Look at `outcome`: REJECTED is an answer. */
  reserve(
    request: MessageInput<typeof reservations.ReserveRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ReserveResponse> {
    return this.#mutate(reservationMethods.reserve, request, options);
  }

  /** Opens the fast path for many reservations. */
  openReserveStream(options?: ReserveStreamOptions): ReserveStream {
    return new ReserveStream(startDuplex(this.#client, reservationMethods.reserveStream, new Metadata()), options);
  }

  /** Confirms a hold: the lines named, or all that is open; what it leaves is released. */
  commit(
    request: MessageInput<typeof reservations.CommitRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.CommitResponse> {
    return this.#mutate(reservationMethods.commit, request, options);
  }

  /** Gives back the lines named, or all that is open. */
  release(
    request: MessageInput<typeof reservations.ReleaseRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ReleaseResponse> {
    return this.#mutate(reservationMethods.release, request, options);
  }

  /** Moves the deadline of a hold to a time from now; it may shorten it. */
  extend(
    request: MessageInput<typeof reservations.ExtendRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ExtendResponse> {
    return this.#mutate(reservationMethods.extend, request, options);
  }

  getReservation(
    request: MessageInput<typeof reservations.GetReservationRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.GetReservationResponse> {
    return this.#call(reservationMethods.getReservation, request, options);
  }

  /** One page of a dealer's reservations; `everyPage` reads all of them. */
  listReservations(
    request: MessageInput<typeof reservations.ListReservationsRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ListReservationsResponse> {
    return this.#call(reservationMethods.listReservations, request, options);
  }

  /** Figures by `dealerId` (what a dealer may know) or by `warehouseId` (everything). */
  getAvailability(
    request: MessageInput<typeof GetAvailabilityRequestSchema>,
    options?: CallOptions,
  ): Promise<GetAvailabilityResponse> {
    return this.#call(AvailabilityService.method.getAvailability, request, options);
  }

  /** Sends numbered ERP events and yields the answer to each, in order. Read it to the end. */
  streamEvents(
    events: Iterable<EventInput> | AsyncIterable<EventInput>,
    options?: EventStreamOptions,
  ): AsyncGenerator<StreamEventsResponse, void, undefined> {
    const call = startDuplex(this.#client, ErpService.method.streamEvents, new Metadata());
    return exchangeEvents(call, events, options);
  }

  getSourceStatus(
    request: MessageInput<typeof GetSourceStatusRequestSchema>,
    options?: CallOptions,
  ): Promise<GetSourceStatusResponse> {
    return this.#call(ErpService.method.getSourceStatus, request, options);
  }

  /** The sequence that a source sends next: the one after all that is applied. */
  async nextSequence(source: string, options?: CallOptions): Promise<bigint> {
    const { appliedSequence } = await this.getSourceStatus({ source }, options);
    return appliedSequence + 1n;
  }

  /** Registers a dealer with the warehouse that serves it, or changes it. */
  putDealer(
    request: MessageInput<typeof operations.PutDealerRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.PutDealerResponse> {
    return this.#call(operationsMethods.putDealer, request, options);
  }

  getDealer(
    request: MessageInput<typeof operations.GetDealerRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.GetDealerResponse> {
    return this.#call(operationsMethods.getDealer, request, options);
  }

  /** One page of the dealers; `everyPage` reads all of them. */
  listDealers(
    request: MessageInput<typeof operations.ListDealersRequestSchema> = {},
    options?: CallOptions,
  ): Promise<operations.ListDealersResponse> {
    return this.#call(operationsMethods.listDealers, request, options);
  }

  /** Replaces the policy of one scope; fields left out inherit. */
  putPolicy(
    request: MessageInput<typeof operations.PutPolicyRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.PutPolicyResponse> {
    return this.#call(operationsMethods.putPolicy, request, options);
  }

  getPolicy(
    request: MessageInput<typeof operations.GetPolicyRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.GetPolicyResponse> {
    return this.#call(operationsMethods.getPolicy, request, options);
  }

  /** One stock closely: figures, open reservations (in pages), last events, dispatch exceptions. */
  getStock(
    request: MessageInput<typeof operations.GetStockRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.GetStockResponse> {
    return this.#call(operationsMethods.getStock, request, options);
  }

  /** Copies everything as of one block into a folder on the server's machine. Large data takes longer than the usual deadline. */
  backup(
    request: MessageInput<typeof operations.BackupRequestSchema>,
    options?: CallOptions,
  ): Promise<operations.BackupResponse> {
    return this.#call(operationsMethods.backup, request, options);
  }

  async #mutate<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInput<I>,
    options: CallOptions | undefined,
  ): Promise<MessageShape<O>> {
    const request = messageFromInput(method.input, input) as MessageShape<I> & { requestId: string };
    if (request.requestId === "") request.requestId = crypto.randomUUID();
    try {
      return await this.#attempt(method, request, options);
    } catch (error) {
      throw error instanceof HoldfastError ? error.forRequest(request.requestId) : error;
    }
  }

  async #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInput<I>,
    options: CallOptions | undefined,
  ): Promise<MessageShape<O>> {
    return this.#attempt(method, messageFromInput(method.input, input), options);
  }

  #attempt<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const limits = {
      policy: this.#retry,
      deadlineMs: options.deadlineMs ?? this.#deadlineMs,
      signal: options.signal,
    };
    return retryUnavailable(
      (remainingMs) => callOnce(this.#client, method, request, { remainingMs, signal: options.signal }),
      limits,
      SYSTEM_RETRY_ENVIRONMENT,
    );
  }
}
