/**
 * Names and places of one replay. Every name carries the run's id, so that a replay never meets what a server holds
 * already, nor another replay. Pure.
 */
import type { ReplayPlan } from "./replay-plan.js";

const WAREHOUSES = 3;

export interface ReplayDealer {
  readonly dealerId: string;
  readonly warehouseId: string;
}

export interface InitialStock {
  readonly warehouseId: string;
  readonly sku: string;
  /** May be 0: a stock that is known and empty. */
  readonly units: number;
}

export interface ReplayWorld {
  readonly runId: string;
  readonly source: string;
  readonly warehouseIds: readonly string[];
  /** By customer. */
  readonly dealers: ReadonlyMap<string, ReplayDealer>;
  readonly stocks: readonly InitialStock[];
}

/** Spreads the customers over three warehouses, and stocks each SKU there at a share of what they will order of it. */
export function worldOf(plan: ReplayPlan, options: { runId: string; stockShare: number }): ReplayWorld {
  const { runId, stockShare } = options;
  const warehouseIds = Array.from({ length: WAREHOUSES }, (_, index) => `${runId}-warehouse-${index + 1}`);
  const dealers = new Map(
    plan.customers.map((customerId, index) => {
      const warehouseId = warehouseIds[index % WAREHOUSES] as string;
      return [customerId, { dealerId: `${runId}-dealer-${customerId}`, warehouseId }];
    }),
  );
  const stocks: InitialStock[] = [];
  for (const warehouseId of warehouseIds) {
    const demand = demandIn(plan, (customerId) => dealers.get(customerId)?.warehouseId === warehouseId);
    for (const [sku, units] of demand) stocks.push({ warehouseId, sku, units: Math.round(units * stockShare) });
  }
  return { runId, source: `${runId}-erp`, warehouseIds, dealers, stocks };
}

/** The order's number as the server gets it. */
export function orderIdIn(world: { runId: string }, orderId: string): string {
  return `${world.runId}-order-${orderId}`;
}

function demandIn(plan: ReplayPlan, served: (customerId: string) => boolean): Map<string, number> {
  const demand = new Map<string, number>();
  for (const step of plan.days.flat()) {
    if (step.kind !== "order" || !served(step.customerId)) continue;
    for (const { sku, quantity } of step.lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity);
  }
  return demand;
}
