/**
 * ReportPositions: a source's figures, in batches, as one run of comparison. The caller's batches are taken one by one, as fast
 * as the connection and the server take them, so a run of any size needs little memory.
 *
 * 1. A run is told complete only when every batch was sent: where the caller's batches throw, it is cancelled, and no run.
 * 2. It is not retried: the batches are the caller's, who can report the same run again.
 */
import { create } from "@bufbuild/protobuf";
import type { Client, ClientWritableStream, ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import {
  ErpService,
  type ReportPositionsRequest,
  ReportPositionsRequestSchema,
  type ReportPositionsResponse,
} from "../gen/holdfast/v1/erp_service_pb.js";
import type { PositionSchema } from "../gen/holdfast/v1/position_pb.js";
import { errorFromCall, HoldfastError } from "./holdfast-error.js";
import { type MessageInput, messageFromInput } from "./message-input.js";
import { startClientStream } from "./method-bridge.js";

/** What a source has of one stock, true after all its events up to `asOfSequence`. */
export type PositionInput = MessageInput<typeof PositionSchema>;

export interface PositionsReport {
  readonly source: string;
  /** Of the request for positions, or a name of the source's own for the run. */
  readonly runId: string;
  /** Every stock of the source is told. */
  readonly full?: boolean;
  /** Of any size; what is larger than a message may be is cut. */
  readonly batches: Iterable<readonly PositionInput[]> | AsyncIterable<readonly PositionInput[]>;
}

/** With the longest names these stay below the 4 MiB that a server takes by default. */
const POSITIONS_MAX = 2_500;

/** Sends one run; the server's answer once it has compared. `deadlineMs` is for all of it. */
export function sendPositions(
  client: Client,
  report: PositionsReport,
  limits: { readonly deadlineMs: number; readonly signal?: AbortSignal | undefined },
): Promise<ReportPositionsResponse> {
  const { deadlineMs, signal } = limits;
  if (signal?.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const settle = (error: ServiceError | null, response?: ReportPositionsResponse): void => {
      signal?.removeEventListener("abort", cancel);
      ended.abort();
      if (error !== null) reject(errorFromCall(error));
      else resolve(response as ReportPositionsResponse);
    };
    const ended = new AbortController();
    const options = { deadline: Date.now() + deadlineMs };
    const call = startClientStream(client, ErpService.method.reportPositions, options, settle);
    const cancel = (): void => call.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    writeBatches(call, report, ended.signal).catch((cause: unknown) => {
      reject(cause);
      call.cancel();
    });
  });
}

async function writeBatches(
  call: ClientWritableStream<ReportPositionsRequest>,
  report: PositionsReport,
  ended: AbortSignal,
): Promise<void> {
  const { source, runId, full = false } = report;
  for await (const batch of report.batches) {
    for (let first = 0; first < batch.length; first += POSITIONS_MAX) {
      if (ended.aborted) return;
      const positions = batch.slice(first, first + POSITIONS_MAX);
      const request = messageFromInput(ReportPositionsRequestSchema, { source, runId, full, positions });
      if (!call.write(request)) await drained(call, ended);
    }
    if (ended.aborted) return;
  }
  call.write(create(ReportPositionsRequestSchema, { source, runId, full, last: true }));
  call.end();
}

/** Resolves once the connection takes more, or the call is over. */
function drained(call: ClientWritableStream<ReportPositionsRequest>, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      call.removeListener("drain", settle);
      ended.removeEventListener("abort", settle);
      resolve();
    };
    call.once("drain", settle);
    ended.addEventListener("abort", settle, { once: true });
    if (ended.aborted) settle();
  });
}

function cancelled(): HoldfastError {
  return new HoldfastError({ code: status.CANCELLED, message: "cancelled by the caller" });
}
