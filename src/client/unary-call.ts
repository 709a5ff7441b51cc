/**
 * One unary call as a promise: a deadline, cancellation, and every failure as a HoldfastError.
 */
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { errorFromCall, HoldfastError } from "./holdfast-error.js";
import { startUnary } from "./method-bridge.js";

export interface CallOptions {
  /** For the whole call, retries included; the client's default when unset. */
  readonly deadlineMs?: number | undefined;
  /** Cancels the call; the promise then rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes one attempt. It settles once: with the response, or with a HoldfastError. */
export function callOnce<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  limits: { remainingMs: number; signal: AbortSignal | undefined },
): Promise<MessageShape<O>> {
  const { remainingMs, signal } = limits;
  if (signal?.aborted) {
    return Promise.reject(new HoldfastError({ code: status.CANCELLED, message: "cancelled by the caller" }));
  }
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + Math.max(0, remainingMs) };
    const settle = (error: ServiceError | null, response?: MessageShape<O>): void => {
      signal?.removeEventListener("abort", cancel);
      if (error !== null) reject(errorFromCall(error));
      else resolve(response as MessageShape<O>);
    };
    const call = startUnary(client, method, { request, metadata: new Metadata(), options }, settle);
    const cancel = (): void => call.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
  });
}
