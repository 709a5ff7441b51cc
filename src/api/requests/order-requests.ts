import type { OrderQuery } from "../../actor/service.js";
import type { Refusal } from "../../domain/refusal.js";
import type { WatchOrdersRequest } from "../../gen/holdfast/v1/erp_service_pb.js";
import { FieldCheck } from "./field-check.js";

/** A cursor is what it was given out as; whether it is one shows when it is read. */
export function checkWatchOrders({ source, cursor, fromOldest }: WatchOrdersRequest): OrderQuery | Refusal {
  const check = new FieldCheck();
  check.name("source", source);
  return check.refusal() ?? { source, cursor, fromOldest };
}
