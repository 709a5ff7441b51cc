import type { ReleaseReason } from "./reservation.js";

/** What an ERP event says, after its fields were checked. Quantities and deltas are whole base units. */
export type ErpBody =
  | {
      readonly kind: "StockReceived";
      readonly warehouseId: string;
      readonly sku: string;
      readonly quantity: number;
      readonly reference: string;
    }
  | {
      readonly kind: "StockAdjusted";
      readonly warehouseId: string;
      readonly sku: string;
      readonly delta: number;
      readonly reason: string;
      readonly reference: string;
    }
  | { readonly kind: "StockCounted"; readonly warehouseId: string; readonly sku: string; readonly onHand: number }
  | { readonly kind: "StockBlocked"; readonly warehouseId: string; readonly sku: string; readonly delta: number }
  | {
      readonly kind: "DemandAllocated";
      readonly warehouseId: string;
      readonly sku: string;
      readonly delta: number;
      readonly reference: string;
    }
  | {
      readonly kind: "OrderDispatched";
      readonly warehouseId: string;
      readonly sku: string;
      readonly quantity: number;
      /** At most one of reservationId and orderId is not empty. */
      readonly reservationId: string;
      readonly orderId: string;
      readonly dealerId: string;
    }
  | {
      readonly kind: "OrderClosed";
      readonly warehouseId: string;
      /** Empty means every SKU of the order. */
      readonly sku: string;
      /** Exactly one of reservationId and orderId is not empty. */
      readonly reservationId: string;
      readonly orderId: string;
      readonly dealerId: string;
      readonly reason: ReleaseReason;
    }
  | {
      readonly kind: "StockReturned";
      readonly warehouseId: string;
      readonly sku: string;
      readonly quantity: number;
      readonly orderId: string;
      readonly dealerId: string;
    }
  | {
      readonly kind: "EventReversed";
      readonly warehouseId: string;
      readonly sku: string;
      /** The event_id of the event that is undone. */
      readonly reversedEventId: string;
    };

export interface ErpEvent {
  readonly source: string;
  /** 1, 2, 3 ... per source. */
  readonly sequence: number;
  readonly eventId: string;
  /** Milliseconds since the Unix epoch, by the ERP's clock; 0 when it did not say. */
  readonly occurredAtMs: number;
  readonly body: ErpBody;
}

/** An event whose source and sequence can be read but whose body cannot be taken: it is dead-lettered, and the sequence moves on. */
export interface FaultyErpEvent {
  readonly source: string;
  readonly sequence: number;
  readonly eventId: string;
  /** UPPER_SNAKE, then `: field` where one is meant. */
  readonly fault: string;
  /** The message as it came, protobuf-encoded holdfast.v1.ErpEvent. */
  readonly raw: Uint8Array;
}

export type IncomingErpEvent = ErpEvent | FaultyErpEvent;

export function isFaulty(event: IncomingErpEvent): event is FaultyErpEvent {
  return "fault" in event;
}
