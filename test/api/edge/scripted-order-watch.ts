/** A watch of orders that is played by a test. */
import type { OrderEvent, OrderMessage, OrderWatch } from "../../../src/actor/service.js";
import type { Refusal } from "../../../src/domain/refusal.js";

export const EVENT: OrderEvent = {
  eventId: "o1.1.7.0",
  type: "AT_RISK",
  reservationId: "r1",
  revision: Number.MAX_SAFE_INTEGER,
  dealerId: "D1",
  orderId: "O1",
  warehouseId: "W1",
  lines: [{ sku: "A", quantity: 5, remaining: 2 }],
  reason: "X",
  occurredAtMs: 1_790_000_000_123,
};

/** Tells what it was given, then waits until it is told more or closed. */
export class ScriptedOrderWatch implements OrderWatch {
  asked = 0;
  closed = 0;
  #settle: ((message: OrderMessage | Refusal | undefined) => void) | undefined;

  constructor(readonly messages: (OrderMessage | Refusal | Error)[]) {}

  async next(): Promise<OrderMessage | Refusal | undefined> {
    this.asked += 1;
    const message = this.messages.shift();
    if (message instanceof Error) throw message;
    if (message !== undefined) return message;
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  close(): void {
    this.closed += 1;
    this.#settle?.(undefined);
  }
}

/** So many events, told apart by their ids. */
export const numbered = (count: number) =>
  Array.from({ length: count }, (_, index): OrderMessage => {
    return { event: { ...EVENT, eventId: `o${index}`, orderId: "x".repeat(100) }, cursor: String(index) };
  });
