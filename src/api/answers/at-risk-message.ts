import type { AtRiskLine as DomainAtRiskLine } from "../../domain/erp-operations.js";
import type { AtRiskLine } from "../../gen/holdfast/v1/at_risk_pb.js";
import { ReservationState } from "../../gen/holdfast/v1/reservation_pb.js";
import { timestamp } from "./messages.js";

export function atRiskLineMessage({ reservation, sku, quantity, shortBy }: DomainAtRiskLine): AtRiskLine {
  return {
    $typeName: "holdfast.v1.AtRiskLine",
    warehouseId: reservation.warehouseId,
    sku,
    reservationId: reservation.id,
    dealerId: reservation.dealerId,
    orderId: reservation.orderId,
    state: ReservationState[reservation.state],
    provisional: reservation.provisional,
    quantity: BigInt(quantity),
    shortBy: BigInt(shortBy),
    since: timestamp(reservation.atRiskSinceMs),
    kept: reservation.isKept,
  };
}
