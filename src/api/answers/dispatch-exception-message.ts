import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { StoredException } from "../../domain/partition-state.js";
import { type DispatchException, DispatchExceptionSchema } from "../../gen/holdfast/v1/dispatch_exception_pb.js";
import { erpEventMessage } from "./erp-event-message.js";

/** The part of a dispatch that consumed no committed units, and what of it was attached since. */
export function dispatchExceptionMessage(exception: StoredException): DispatchException {
  return create(DispatchExceptionSchema, {
    number: BigInt(exception.number),
    event: erpEventMessage(exception.event),
    quantity: BigInt(exception.quantity),
    reason: exception.reason,
    attached: BigInt(exception.attached),
    createTime: timestampFromMs(exception.createdAtMs),
  });
}
