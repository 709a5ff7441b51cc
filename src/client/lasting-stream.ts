/**
 * A stream from the server that outlives disconnects: it is opened again for as long as it takes, and whoever opens it says from where.
 *
 * 1. It throws only what another try would not change. A stream that the server ends is opened again like one that broke.
 * 2. The signal and `return()` end it at once and in good order, also while it waits for a message or for another try.
 */
import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { errorFromCall } from "./holdfast-error.js";
import { isPassing, type RetryEnvironment, type RetryPolicy, retryDelayMs, STREAM_BACKOFF } from "./retry.js";

/** What every watch of the client can be told of its connection. */
export interface LastingStreamOptions {
  /** Ends the watch, in good order. */
  readonly signal?: AbortSignal | undefined;
  readonly backoff?: Pick<RetryPolicy, "backoffMinMs" | "backoffMaxMs">;
  /** Told of each disconnect that it gets over by itself. */
  readonly onDisconnect?: (error: Error) => void;
}

/** What is opened, each time it has to be. */
export interface Reopening<Message> {
  /** Opens the stream where the last one got to. */
  readonly open: () => ClientReadableStream<Message>;
  /** Called with each message right before it is yielded. */
  readonly onMessage: (message: Message) => void;
}

/** The messages of one stream after the other, until the caller has enough. */
export function lastingStream<Message>(
  reopening: Reopening<Message>,
  options: LastingStreamOptions,
  environment: RetryEnvironment,
): AsyncGenerator<Message, void, undefined> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const messages = reopened(reopening, { ...options, signal }, environment);
  // A generator's own `return` is not heard before it has yielded, which may be never.
  const returned = messages.return.bind(messages);
  return Object.assign(messages, {
    return: () => {
      stop.abort();
      return returned();
    },
  });
}

async function* reopened<Message>(
  { open, onMessage }: Reopening<Message>,
  options: LastingStreamOptions & { readonly signal: AbortSignal },
  environment: RetryEnvironment,
): AsyncGenerator<Message, void, undefined> {
  const { signal, backoff = STREAM_BACKOFF } = options;
  let failures = 0;
  while (!isAborted(signal)) {
    let retryAfterMs: number | undefined;
    try {
      for await (const message of messagesOf(open(), signal)) {
        failures = 0;
        onMessage(message);
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

async function* messagesOf<Message>(
  call: ClientReadableStream<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  const cancel = (): void => call.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  // grpc-js may report a status after the reader has left; without a listener that would end the process.
  call.on("error", () => {});
  try {
    for await (const message of call) {
      if (isAborted(signal)) return;
      yield message as Message;
    }
  } catch (error) {
    throw errorFromCall(error as ServiceError);
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** Asked anew each time: it changes while one awaits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
