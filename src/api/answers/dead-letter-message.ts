import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type FaultyErpEvent, isFaulty } from "../../domain/erp-event.js";
import type { DeadLetter as DomainDeadLetter } from "../../domain/system-state.js";
import { type DeadLetter, DeadLetterSchema, DeadLetterState } from "../../gen/holdfast/v1/dead_letter_pb.js";
import { type ErpEvent, ErpEventSchema } from "../../gen/holdfast/v1/erp_event_pb.js";
import { erpEventMessage } from "./erp-event-message.js";

export function deadLetterMessage({ number, event, reason, createdAtMs, state }: DomainDeadLetter): DeadLetter {
  return create(DeadLetterSchema, {
    number: BigInt(number),
    event: isFaulty(event) ? faultyEventMessage(event) : erpEventMessage(event),
    reason,
    createTime: timestampFromMs(createdAtMs),
    state: DeadLetterState[state],
  });
}

/** As much of the message as can be read: what is kept of it may be cut, or may never have been one. */
function faultyEventMessage({ source, sequence, eventId, raw }: FaultyErpEvent): ErpEvent {
  const named = { source, sequence: BigInt(sequence), eventId };
  try {
    return Object.assign(fromBinary(ErpEventSchema, raw, { readUnknownFields: false }), named);
  } catch {
    return create(ErpEventSchema, named);
  }
}
