/**
 * One connection to a server, and how unary calls are made on it. It knows no service.
 *
 * 1. Every unary call has a deadline. UNAVAILABLE is retried with the same request, nothing else is (retry.ts); and not even that
 *    where a second attempt could have a second effect.
 * 2. A mutating request without a request_id gets a random one, before its first attempt.
 * 3. Every failure is a HoldfastError.
 */
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { type ChannelCredentials, Client, type ClientOptions, credentials } from "@grpc/grpc-js";
import { HoldfastError } from "./holdfast-error.js";
import { type MessageInput, messageFromInput } from "./message-input.js";
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
  // A stream that only listens would otherwise never learn that its peer is gone.
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.service_config_disable_resolution": 1,
};

/** Made at once, connected with the first call. */
export class Connection {
  /** For streams, which are opened by those who know them. */
  readonly client: Client;
  readonly #deadlineMs: number;
  readonly #retry: RetryPolicy;

  constructor(address: string, options: HoldfastClientOptions) {
    this.client = new Client(address, options.credentials ?? credentials.createInsecure(), {
      ...CHANNEL_DEFAULTS,
      ...options.channel,
    });
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#retry = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  }

  close(): void {
    this.client.close();
  }

  /** A call that takes a request_id, made up where there is none; its failure names it. */
  async mutate<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInput<I>,
    options: CallOptions | undefined,
  ): Promise<MessageShape<O>> {
    const request = messageFromInput(method.input, input) as MessageShape<I> & { requestId: string };
    if (request.requestId === "") request.requestId = crypto.randomUUID();
    try {
      return await this.#attempt(method, request, this.#retry, options);
    } catch (error) {
      throw error instanceof HoldfastError ? error.forRequest(request.requestId) : error;
    }
  }

  /** A call that reads, or is idempotent by nature. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInput<I>,
    options: CallOptions | undefined,
  ): Promise<MessageShape<O>> {
    return this.#attempt(method, messageFromInput(method.input, input), this.#retry, options);
  }

  /** A call whose second attempt could have a second effect. */
  async callOnce<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInput<I>,
    options: CallOptions | undefined,
  ): Promise<MessageShape<O>> {
    return this.#attempt(method, messageFromInput(method.input, input), { ...this.#retry, attemptsMax: 1 }, options);
  }

  #attempt<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    policy: RetryPolicy,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const limits = {
      policy,
      deadlineMs: options.deadlineMs ?? this.#deadlineMs,
      signal: options.signal,
    };
    return retryUnavailable(
      (remainingMs) => callOnce(this.client, method, request, { remainingMs, signal: options.signal }),
      limits,
      SYSTEM_RETRY_ENVIRONMENT,
    );
  }
}
