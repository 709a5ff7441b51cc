/**
 * WatchOrders as an async generator that outlives disconnects: it opens the stream again after the last message that it yielded.
 *
 * 1. Messages come in order; after a disconnect none is left out and none is yielded twice, as far as the server's cursor tells.
 *    Across a restart of the caller it is at least once: keep the cursor after dealing with the message.
 * 2. It ends when the caller stops reading or the signal aborts, and throws only what another try would not change, such as
 *    CURSOR_TOO_OLD.
 */
import { create } from "@bufbuild/protobuf";
import type { Client, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { ErpService, WatchOrdersRequestSchema, type WatchOrdersResponse } from "../gen/holdfast/v1/erp_service_pb.js";
import { errorFromCall } from "./holdfast-error.js";
import { startServerStream } from "./method-bridge.js";
import { isPassing, type RetryEnvironment, type RetryPolicy, retryDelayMs, STREAM_BACKOFF } from "./retry.js";

/** Neither `cursor` nor `fromOldest`: from now. */
export interface OrderWatchOptions {
  /** Orders of the warehouses that this source feeds. */
  readonly source: string;
  /** Of the last message that was dealt with. */
  readonly cursor?: string | undefined;
  /** From the oldest that the server keeps, where there is no cursor yet. */
  readonly fromOldest?: boolean;
  /** Ends the watch, in good order. */
  readonly signal?: AbortSignal | undefined;
  readonly backoff?: Pick<RetryPolicy, "backoffMinMs" | "backoffMaxMs">;
  /** Told of each disconnect that it gets over by itself. */
  readonly onDisconnect?: (error: Error) => void;
}

/** What became of orders, until the caller has enough. */
export async function* watchOrderEvents(
  client: Client,
  options: OrderWatchOptions,
  environment: RetryEnvironment,
): AsyncGenerator<WatchOrdersResponse, void, undefined> {
  const { source, signal, backoff = STREAM_BACKOFF } = options;
  let cursor = options.cursor ?? "";
  let failures = 0;
  while (!isAborted(signal)) {
    const fromOldest = cursor === "" && options.fromOldest === true;
    const request = create(WatchOrdersRequestSchema, { source, cursor, fromOldest });
    const call = startServerStream(client, ErpService.method.watchOrders, request);
    let retryAfterMs: number | undefined;
    try {
      for await (const message of messagesOf(call, signal)) {
        failures = 0;
        if (message.cursor !== "") cursor = message.cursor;
        yield message;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (!isPassing(error)) throw error;
      options.onDisconnect?.(error);
      retryAfterMs = error.retryAfterMs;
    }
    failures += 1;
    const delayMs = retryDelayMs(failures, retryAfterMs, { policy: backoff, random: environment.random() });
    await environment.sleep(delayMs, signal).catch(() => {});
  }
}

async function* messagesOf(
  call: ClientReadableStream<WatchOrdersResponse>,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchOrdersResponse, void, undefined> {
  const cancel = (): void => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  // grpc-js may report a status after the reader has left; without a listener that would end the process.
  call.on("error", () => {});
  try {
    for await (const message of call) {
      if (isAborted(signal)) return;
      yield message as WatchOrdersResponse;
    }
  } catch (error) {
    throw errorFromCall(error as ServiceError);
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** Asked anew each time: it changes while one awaits. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
