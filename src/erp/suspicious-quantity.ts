import type { ErpBody } from "../domain/erp-event.js";

/** The field of an event whose quantity, up or down, is beyond what is taken without a person's word; undefined where none is. */
export function suspiciousQuantity(body: ErpBody, quantityMax: number): string | undefined {
  switch (body.kind) {
    case "StockReceived":
    case "StockReturned":
    case "OrderDispatched":
      return body.quantity > quantityMax ? "quantity" : undefined;
    case "StockAdjusted":
    case "StockBlocked":
    case "DemandAllocated":
      return Math.abs(body.delta) > quantityMax ? "delta" : undefined;
    case "StockCounted":
      return body.onHand > quantityMax ? "on_hand" : undefined;
    case "OrderClosed":
    case "EventReversed":
      return undefined;
  }
}
