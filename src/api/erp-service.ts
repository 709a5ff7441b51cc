import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { EventDisposition, Outcome, ServicePorts, SourceStatus } from "../actor/service.js";
import {
  Disposition,
  type GetSourceStatusRequest,
  type GetSourceStatusResponse,
  type SequenceRange,
  SourceState,
  type StreamEventsRequest,
  type StreamEventsResponse,
} from "../gen/holdfast/v1/erp_service_pb.js";
import { timestamp } from "./answers/messages.js";
import { EDGE_LIMITS } from "./edge-limits.js";
import { internalError, serviceError } from "./errors.js";
import { type OpenStreams, serveOrderedStream } from "./ordered-stream.js";
import { checkErpEvent } from "./requests/erp-requests.js";
import { checkSourceStatus } from "./requests/operations-requests.js";
import type { Encoded } from "./service-definition.js";
import { finish, isRefusal, type OnFailure } from "./unary.js";

export function erpService(
  { ingest }: ServicePorts,
  streams: OpenStreams,
  onFailure: OnFailure,
): UntypedServiceImplementation {
  return {
    streamEvents(call: ServerDuplexStream<StreamEventsRequest, StreamEventsResponse>) {
      serveOrderedStream(call, streams, {
        inFlightMax: EDGE_LIMITS.streamInFlightMax,
        onFailure,
        take({ event: message }, settle) {
          const checked = checkErpEvent(message);
          if (checked.kind === "unreadable") {
            settle({ end: checked.refusal });
            return;
          }
          const source = checked.kind === "event" ? checked.event.source : checked.source;
          const sequence = checked.kind === "event" ? checked.event.sequence : 0;
          const onOutcome = (outcome: Outcome<EventDisposition>) => {
            if (outcome.kind === "answered") settle(eventResponse(source, sequence, outcome.value));
            else if (outcome.kind === "refused") settle({ end: outcome.refusal });
            else {
              onFailure(outcome.cause);
              call.emit("error", internalError());
            }
          };
          if (checked.kind === "event") ingest.offer(checked.event, onOutcome);
          else ingest.heartbeat(checked.source, checked.lastSequence, onOutcome);
        },
      });
    },
    getSourceStatus(
      call: ServerUnaryCall<GetSourceStatusRequest, GetSourceStatusResponse>,
      callback: sendUnaryData<GetSourceStatusResponse>,
    ) {
      const checked = checkSourceStatus(call.request.source);
      if (isRefusal(checked)) {
        callback(serviceError(checked));
        return;
      }
      ingest.sourceStatus(checked.source, (outcome) => {
        const sent =
          outcome.kind === "answered" ? { kind: outcome.kind, value: statusResponse(outcome.value) } : outcome;
        finish(sent, callback as sendUnaryData<Encoded>, onFailure);
      });
    },
  };
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
