import type {
  Metadata,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { EventDisposition, Outcome, SourceStatus } from "../actor/service.js";
import type { ErpEvent } from "../gen/holdfast/v1/erp_event_pb.js";
import {
  Disposition,
  type GetSourceStatusRequest,
  type GetSourceStatusResponse,
  type SequenceRange,
  SourceState,
  type StreamEventsRequest,
  type StreamEventsResponse,
  type WatchOrdersRequest,
} from "../gen/holdfast/v1/erp_service_pb.js";
import { timestamp } from "./answers/messages.js";
import type { EdgeContext } from "./edge-context.js";
import { outcomeStatus, serviceError, statusOf } from "./errors.js";
import { OrderStream } from "./order-stream.js";
import { OrderedStream, type Settle, StreamEnd } from "./ordered-stream.js";
import { PositionsReport } from "./positions-report.js";
import { checkErpEvent } from "./requests/erp-requests.js";
import { checkSourceStatus } from "./requests/operations-requests.js";
import { checkWatchOrders } from "./requests/order-requests.js";
import { rescueEvent } from "./requests/rescued-event.js";
import type { Encoded, Undecodable } from "./service-definition.js";
import { SourceSpeaker } from "./source-speaker.js";
import { finish, guard, isRefusal } from "./unary.js";

export function erpService(context: EdgeContext): UntypedServiceImplementation {
  const { ports, onFailure } = context;
  return {
    streamEvents(call: ServerDuplexStream<StreamEventsRequest | Undecodable, Encoded>) {
      const speaker = new SourceSpeaker(ports.positions, (message) => stream.interject(message));
      const stream: OrderedStream<StreamEventsRequest, StreamEventsResponse> = new OrderedStream({
        ...context,
        call,
        costOf: () => 1,
        take: ({ event }: StreamEventsRequest, settle) => {
          if (event !== undefined) speaker.speaksFor(event.source);
          takeEvent(context, call.metadata, event, settle);
        },
        rescue: rescueEvent,
        onOver: () => speaker.leave(),
      });
    },
    reportPositions(call: ServerReadableStream<Buffer, Encoded>, callback: sendUnaryData<Encoded>) {
      new PositionsReport({ ...context, positions: ports.positions, call, callback });
    },
    getSourceStatus(call: ServerUnaryCall<GetSourceStatusRequest, Encoded>, callback: sendUnaryData<Encoded>) {
      guard(callback, onFailure, () => {
        const checked = checkSourceStatus(call.request.source);
        if (isRefusal(checked)) callback(serviceError(checked));
        else {
          ports.ingest.sourceStatus(checked.source, (outcome) => {
            if (outcome.kind === "answered") callback(null, statusResponse(outcome.value));
            else finish(outcome, callback, onFailure);
          });
        }
      });
    },
    watchOrders(call: ServerWritableStream<WatchOrdersRequest, Encoded>) {
      const checked = checkWatchOrders(call.request);
      if (isRefusal(checked)) call.emit("error", serviceError(checked));
      else new OrderStream({ ...context, call, begin: () => ports.orders.watch(checked) });
    },
  };
}

/** Offers an event or a heartbeat; what cannot be read, and a refusal of the ingest, ends the stream. */
function takeEvent(
  { ports, onFailure, observer }: EdgeContext,
  metadata: Metadata,
  message: ErpEvent | undefined,
  settle: Settle<StreamEventsResponse>,
): void {
  const checked = checkErpEvent(message);
  if (checked.kind === "unreadable") {
    settle(new StreamEnd(statusOf(checked.refusal)));
    return;
  }
  if (checked.kind === "rejected") {
    settle(eventResponse(checked.source, 0, { disposition: "REJECTED", reason: checked.reason, missing: [] }));
    return;
  }
  const { source, sequence } = checked.kind === "event" ? checked.event : { ...checked.heartbeat, sequence: 0 };
  const onOutcome = (outcome: Outcome<EventDisposition>) => {
    if (outcome.kind === "answered") settle(eventResponse(source, sequence, outcome.value));
    else {
      if (outcome.kind === "failed") onFailure(outcome.cause);
      settle(new StreamEnd(outcomeStatus(outcome)));
    }
  };
  if (checked.kind === "event") {
    ports.ingest.offer(checked.event, onOutcome, observer?.followEvent(metadata, checked.event));
  } else ports.ingest.heartbeat(checked.heartbeat, onOutcome);
}

function eventResponse(source: string, sequence: number, answer: EventDisposition): StreamEventsResponse {
  return {
    $typeName: "holdfast.v1.StreamEventsResponse",
    source,
    sequence: BigInt(sequence),
    disposition: Disposition[answer.disposition],
    reason: answer.reason,
    missing: answer.missing.map(rangeMessage),
  };
}

function statusResponse(answer: SourceStatus): GetSourceStatusResponse {
  return {
    $typeName: "holdfast.v1.GetSourceStatusResponse",
    appliedSequence: BigInt(answer.appliedSequence),
    gaps: answer.gaps.map(rangeMessage),
    lastEventTime: answer.lastEventAtMs === 0 ? undefined : timestamp(answer.lastEventAtMs),
    state: SourceState[answer.state],
  };
}

function rangeMessage({ first, last }: { readonly first: number; readonly last: number }): SequenceRange {
  return { $typeName: "holdfast.v1.SequenceRange", first: BigInt(first), last: BigInt(last) };
}
