import type { Command, Commit, Reserve } from "../../src/domain/command.js";

/** A reservation of dealer D1 in warehouse W1, by SKU. */
export function reserve(requestId: string, lines: Record<string, number>, more: Partial<Reserve> = {}): Reserve {
  return {
    kind: "Reserve",
    requestId,
    dealerId: "D1",
    orderId: "O1",
    warehouseId: "W1",
    lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity })),
    partial: false,
    holdMs: 0,
    commit: false,
    ...more,
  };
}

export function commit(requestId: string, reservationId: string, lines: Record<string, number> = {}): Commit {
  return {
    kind: "Commit",
    requestId,
    dealerId: "D1",
    reservationId,
    lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity })),
  };
}

export const readStock: Command = { kind: "GetStock", warehouseId: "W1", sku: "A", pageSize: 100, pageToken: "" };
