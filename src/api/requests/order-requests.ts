import type { OrderQuery } from "../../actor/service.js";
import type { Refusal } from "../../domain/refusal.js";
import type { WatchOrdersRequest } from "../../gen/holdfast/v1/erp_service_pb.js";
import { FieldCheck } from "./field-check.js";

const EXACTLY_ONE = "exactly one of source and dealer_id must be set";

/** A cursor is what it was given out as; whether it is one shows when it is read. */
export function checkWatchOrders(request: WatchOrdersRequest): OrderQuery | Refusal {
  const { source, dealerId, cursor, fromOldest } = request;
  const check = new FieldCheck();
  if ((source === "") === (dealerId === "")) {
    check.fail("source", EXACTLY_ONE);
    check.fail("dealer_id", EXACTLY_ONE);
  } else {
    check.optionalName("source", source);
    check.optionalName("dealer_id", dealerId);
  }
  return check.refusal() ?? { source, dealerId, cursor, fromOldest };
}
