/**
 * WatchOrders as an async generator that outlives disconnects: it opens the stream again after the last message that it yielded.
 *
 * 1. Messages come in order; after a disconnect none is left out and none is yielded twice, as far as the server's cursor tells.
 *    Across a restart of the caller it is at least once: keep the cursor after dealing with the message.
 * 2. It ends when the caller stops reading or the signal aborts, and throws only what another try would not change, such as
 *    CURSOR_TOO_OLD.
 */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@grpc/grpc-js";
import { ErpService, WatchOrdersRequestSchema, type WatchOrdersResponse } from "../gen/holdfast/v1/erp_service_pb.js";
import { type LastingStreamOptions, lastingStream } from "./lasting-stream.js";
import { startServerStream } from "./method-bridge.js";
import type { RetryEnvironment } from "./retry.js";

/** Whose orders: those in the warehouses that a source feeds, or a dealer's, in whatever warehouse. */
export type WatchedOrders =
  | { readonly source: string; readonly dealerId?: undefined }
  | { readonly dealerId: string; readonly source?: undefined };

/** Neither `cursor` nor `fromOldest`: from now. */
export type OrderWatchOptions = WatchedOrders &
  LastingStreamOptions & {
    /** Of the last message that was dealt with. */
    readonly cursor?: string | undefined;
    /** From the oldest that the server keeps, where there is no cursor yet. */
    readonly fromOldest?: boolean;
  };

/** What became of orders, until the caller has enough. */
export function watchOrderEvents(
  client: Client,
  options: OrderWatchOptions,
  environment: RetryEnvironment,
): AsyncGenerator<WatchOrdersResponse, void, undefined> {
  const { source = "", dealerId = "" } = options;
  let cursor = options.cursor ?? "";
  const open = () => {
    const fromOldest = cursor === "" && options.fromOldest === true;
    const request = create(WatchOrdersRequestSchema, { source, dealerId, cursor, fromOldest });
    return startServerStream(client, ErpService.method.watchOrders, request);
  };
  // A message is passed on as soon as it is read, so the cursor stands after the last one that the caller has.
  const onMessage = (message: WatchOrdersResponse) => {
    if (message.cursor !== "") cursor = message.cursor;
  };
  return lastingStream({ open, onMessage }, options, environment);
}
