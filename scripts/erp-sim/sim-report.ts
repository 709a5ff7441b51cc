/** What a simulation did and what is true in its ERP, as the one JSON object that it prints. */
import type { TruthStock } from "./erp-truth.js";

export interface SimCounts {
  readonly source: string;
  readonly seed: number;
  /** Whether the connection is plugged in; the service may be away all the same. */
  readonly plugged_in: boolean;
  /** Everything booked was sent and acknowledged, or is lost; nothing is on its way. */
  readonly settled: boolean;
  /** Of the newest event booked. */
  readonly last_sequence: number;
  readonly events_sent: number;
  readonly events_acknowledged: number;
  readonly events_rejected: number;
  readonly events_lost: number;
  readonly events_repeated: number;
  readonly events_reordered: number;
  readonly dispatched_units: number;
  readonly dispatched_orders: number;
  /** Committed, and not shipped yet. */
  readonly open_orders: number;
  readonly open_units: number;
  /** Stocks whose figures were changed without an event. */
  readonly drift_injected: number;
  /** Reports of positions that the service answered, and what it found in them. */
  readonly position_runs: number;
  readonly drift_found: number;
  readonly outages: number;
}

export interface WarehouseTruth {
  readonly on_hand: number;
  readonly unavailable: number;
  /** on_hand by SKU. */
  readonly skus: Readonly<Record<string, number>>;
}

export interface SimReport extends SimCounts {
  readonly warehouses: Readonly<Record<string, WarehouseTruth>>;
}

/** The ERP's figures by warehouse, with their sums. */
export function warehouseTruths(stocks: readonly TruthStock[]): Record<string, WarehouseTruth> {
  const truths: Record<string, { on_hand: number; unavailable: number; skus: Record<string, number> }> = {};
  for (const { warehouseId, sku, onHand, unavailable } of stocks) {
    truths[warehouseId] ??= { on_hand: 0, unavailable: 0, skus: {} };
    const truth = truths[warehouseId];
    truth.on_hand += onHand;
    truth.unavailable += unavailable;
    truth.skus[sku] = onHand;
  }
  return truths;
}
