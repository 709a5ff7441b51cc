/**
 * The typed client: one method for each RPC of the four services, plain objects in, messages out.
 *
 * 1. Unary calls have a deadline, and are retried where that is safe (connection.ts).
 * 2. What runs for long, a pusher of events and a watch of orders, gets over disconnects by itself; the plain streams do not.
 * 3. Every failure is a HoldfastError. Too little stock is no failure: it is an answer with outcome REJECTED.
 */

import { Metadata } from "@grpc/grpc-js";
import {
  AvailabilityService,
  type GetAvailabilityRequestSchema,
  type GetAvailabilityResponse,
} from "../gen/holdfast/v1/availability_service_pb.js";
import {
  ErpService,
  type GetSourceStatusRequestSchema,
  type GetSourceStatusResponse,
  type ReportPositionsResponse,
  type StreamEventsResponse,
  type WatchOrdersResponse,
} from "../gen/holdfast/v1/erp_service_pb.js";
import * as reservations from "../gen/holdfast/v1/reservation_service_pb.js";
import { AvailabilityWatch, type AvailabilityWatchOptions } from "./availability-watch.js";
import type { HoldfastClientOptions } from "./connection.js";
import { EventPusher, type EventPusherOptions } from "./event-pusher.js";
import { type EventInput, type EventStreamOptions, exchangeEvents } from "./event-stream.js";
import type { MessageInput } from "./message-input.js";
import { startDuplex } from "./method-bridge.js";
import { OperationsMethods } from "./operations-methods.js";
import { type OrderWatchOptions, watchOrderEvents } from "./order-watch.js";
import { type PositionsReport, sendPositions } from "./report-positions.js";
import { ReserveStream, type ReserveStreamOptions } from "./reserve-stream.js";
import { SYSTEM_RETRY_ENVIRONMENT } from "./retry.js";
import type { CallOptions } from "./unary-call.js";

/** A million positions take seconds, a slow ERP that is read meanwhile takes minutes. */
const REPORT_DEADLINE_MS = 10 * 60_000;

const reservationMethods = reservations.ReservationService.method;

/** A connection to one Holdfast server; made at once, connected with the first call. Close it when done. */
export class HoldfastClient extends OperationsMethods {
  /** @param address HOST:PORT, such as `127.0.0.1:7420`. */
  constructor(address: string, options: HoldfastClientOptions = {}) {
    super(address, options);
  }

  /** Closes the connection. Calls under way end with CANCELLED or UNAVAILABLE. */
  close(): void {
    this.connection.close();
  }

  /** Holds stock for an order, or confirms it at once with `commit`. Look at `outcome`: REJECTED is an answer. */
  reserve(
    request: MessageInput<typeof reservations.ReserveRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ReserveResponse> {
    return this.connection.mutate(reservationMethods.reserve, request, options);
  }

  /** Opens the fast path for many reservations. */
  openReserveStream(options?: ReserveStreamOptions): ReserveStream {
    return new ReserveStream(
      startDuplex(this.connection.client, reservationMethods.reserveStream, new Metadata()),
      options,
    );
  }

  /** Confirms a hold: the lines named, or all that is open; what it leaves is released. */
  commit(
    request: MessageInput<typeof reservations.CommitRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.CommitResponse> {
    return this.connection.mutate(reservationMethods.commit, request, options);
  }

  /** Gives back the lines named, or all that is open. */
  release(
    request: MessageInput<typeof reservations.ReleaseRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ReleaseResponse> {
    return this.connection.mutate(reservationMethods.release, request, options);
  }

  /** Moves the deadline of a hold to a time from now; it may shorten it. */
  extend(
    request: MessageInput<typeof reservations.ExtendRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ExtendResponse> {
    return this.connection.mutate(reservationMethods.extend, request, options);
  }

  getReservation(
    request: MessageInput<typeof reservations.GetReservationRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.GetReservationResponse> {
    return this.connection.call(reservationMethods.getReservation, request, options);
  }

  /** One page of a dealer's reservations; `everyPage` reads all of them. */
  listReservations(
    request: MessageInput<typeof reservations.ListReservationsRequestSchema>,
    options?: CallOptions,
  ): Promise<reservations.ListReservationsResponse> {
    return this.connection.call(reservationMethods.listReservations, request, options);
  }

  /** Figures by `dealerId` (what a dealer may know) or by `warehouseId` (everything). */
  getAvailability(
    request: MessageInput<typeof GetAvailabilityRequestSchema>,
    options?: CallOptions,
  ): Promise<GetAvailabilityResponse> {
    return this.connection.call(AvailabilityService.method.getAvailability, request, options);
  }

  /** Sends numbered ERP events and yields the answer to each, in order. Read it to the end. */
  streamEvents(
    events: Iterable<EventInput> | AsyncIterable<EventInput>,
    options?: EventStreamOptions,
  ): AsyncGenerator<StreamEventsResponse, void, undefined> {
    const call = startDuplex(this.connection.client, ErpService.method.streamEvents, new Metadata());
    return exchangeEvents(call, events, options);
  }

  /** Pushes the events of one source, through disconnects, with backpressure. Start after `(await pusher.started).appliedSequence`. */
  pushEvents(options: EventPusherOptions): EventPusher {
    return new EventPusher(this, options, SYSTEM_RETRY_ENVIRONMENT);
  }

  getSourceStatus(
    request: MessageInput<typeof GetSourceStatusRequestSchema>,
    options?: CallOptions,
  ): Promise<GetSourceStatusResponse> {
    return this.connection.call(ErpService.method.getSourceStatus, request, options);
  }

  /** One run of comparison with a source's positions; the answer when it is over. 10 minutes unless `deadlineMs` says otherwise. */
  reportPositions(report: PositionsReport, options: CallOptions = {}): Promise<ReportPositionsResponse> {
    const limits = { deadlineMs: options.deadlineMs ?? REPORT_DEADLINE_MS, signal: options.signal };
    return sendPositions(this.connection.client, report, limits);
  }

  /**
   * What became of a dealer's orders, or of those in a source's warehouses:
   * `for await (const { event, cursor } of client.watchOrders({ dealerId }))`.
   * It goes on by itself after a disconnect. Keep the cursor of what was dealt with; a message without event only moves it on.
   */
  watchOrders(options: OrderWatchOptions): AsyncGenerator<WatchOrdersResponse, void, undefined> {
    return watchOrderEvents(this.connection.client, options, SYSTEM_RETRY_ENVIRONMENT);
  }

  /**
   * What can be promised, as it changes: `for await (const update of client.watchAvailability({ dealerId }))`, and beside it
   * `watch.stocks`, a map by SKU that is always the newest. It goes on by itself after a disconnect.
   */
  watchAvailability(options: AvailabilityWatchOptions): AvailabilityWatch {
    return new AvailabilityWatch(this.connection.client, options, SYSTEM_RETRY_ENVIRONMENT);
  }

  /** The sequence that a source sends next: the one after all that is applied. */
  async nextSequence(source: string, options?: CallOptions): Promise<bigint> {
    const { appliedSequence } = await this.getSourceStatus({ source }, options);
    return appliedSequence + 1n;
  }
}
