import type { LineRequest, Reserve, Shortage } from "../command.js";
import { asToldToDealer, precisionOf } from "../dealer-precision.js";
import type { MadeLine } from "../event.js";
import type { PartitionState } from "../partition-state.js";
import { refusal } from "../refusal.js";
import { availableToPromise, type Stock, shortfall } from "../stock.js";
import { type Decision, type DecisionContext, refused } from "./decision.js";

/**
 * Decides an order: all of it or nothing by default, what there is on request (P4).
 * I1: no line is granted more than the stock's available-to-promise at this moment.
 */
export function decideReserve(state: PartitionState, command: Reserve, context: DecisionContext): Decision {
  const holdMs = command.holdMs === 0 ? context.policy.holdDefaultMs : command.holdMs;
  if (!command.commit && holdMs > context.policy.holdMaxMs) return refused(holdTooLong(holdMs, context));
  const asked = mergeLines(command.lines);
  const lines: MadeLine[] = [];
  const shortages: Shortage[] = [];
  let granted = 0;
  for (const { sku, quantity } of asked) {
    const stock = state.stocks.find(sku);
    const known = stock?.opened === true;
    const available = known ? availableToPromise(stock, context.inherited) : 0;
    const grant = Math.min(quantity, available);
    if (grant < quantity) shortages.push(shortageOf(sku, quantity, available, known ? stock : undefined));
    lines.push({ stock: known ? stock.number : 0, sku, requested: quantity, granted: grant });
    granted += grant;
  }
  if (!command.partial) {
    const unknown = shortages.filter((shortage) => shortage.reason === "UNKNOWN_SKU");
    if (unknown.length > 0) return refused(skuNotFound(state.warehouseId, unknown, command.lines));
  }
  if (shortages.length > 0 && (!command.partial || granted === 0)) {
    const told = shortages.map((shortage) => ({ ...shortage, available: availableAsTold(shortage, context) }));
    return { kind: "decided", events: [], outcome: "REJECTED", reservation: 0, shortages: told };
  }
  const quota = context.policy.openReservationsMax;
  if (quota !== undefined) {
    const open = state.dealers.find(command.dealerId)?.openReservations ?? 0;
    if (open >= quota) return refused(quotaExceeded(command.dealerId, open, quota));
  }
  const number = state.reservations.count + 1;
  return {
    kind: "decided",
    events: [
      {
        kind: "ReservationMade",
        reservation: number,
        epoch: context.epoch,
        dealerId: command.dealerId,
        orderId: command.orderId,
        lines,
        expiresAtMs: command.commit ? 0 : context.nowMs + holdMs,
        provisional: command.commit && context.isProvisional,
      },
    ],
    outcome: shortages.length === 0 ? "RESERVED" : "PARTIALLY_RESERVED",
    reservation: number,
    shortages,
  };
}

/** One line for each SKU, in the order in which they were first named; quantities of the same SKU are summed. */
export function mergeLines(lines: readonly LineRequest[]): readonly LineRequest[] {
  if (lines.length === 1) return lines;
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  if (sums.size === lines.length) return lines;
  return Array.from(sums, ([sku, quantity]) => ({ sku, quantity }));
}

function shortageOf(sku: string, requested: number, available: number, stock: Stock | undefined): Shortage {
  return { sku, requested, available, reason: shortageReason(stock) };
}

/** No more than he is told of the stock itself. What he is granted he sees in his reservation, so there the shortage is exact. */
function availableAsTold({ available }: Shortage, { policy }: DecisionContext): number {
  return asToldToDealer({ availableToPromise: available }, precisionOf(policy)).availableToPromise;
}

function shortageReason(stock: Stock | undefined): Shortage["reason"] {
  if (stock === undefined) return "UNKNOWN_SKU";
  if (stock.isQuarantined) return "QUARANTINED";
  return shortfall(stock) > 0 ? "SHORTFALL" : "INSUFFICIENT";
}

function holdTooLong(holdMs: number, context: DecisionContext) {
  const maximumMs = context.policy.holdMaxMs;
  return refusal("LIMIT_EXCEEDED", `hold_duration is ${holdMs} ms; at most ${maximumMs} ms are allowed.`, {
    fields: ["hold_duration"],
    metadata: { hold_ms: String(holdMs), hold_max_ms: String(maximumMs) },
  });
}

function skuNotFound(warehouseId: string, unknown: readonly Shortage[], lines: readonly LineRequest[]) {
  const skus = unknown.map((shortage) => shortage.sku);
  return refusal("SKU_NOT_FOUND", `Never seen in warehouse ${warehouseId}: ${skus.join(", ")}.`, {
    fields: skus.map((sku) => `lines[${lines.findIndex((line) => line.sku === sku)}].sku`),
    metadata: { warehouse_id: warehouseId, skus: skus.join(",") },
  });
}

function quotaExceeded(dealerId: string, open: number, quota: number) {
  return refusal("QUOTA_EXCEEDED", `Dealer ${dealerId} has ${open} open reservations; ${quota} are allowed.`, {
    metadata: { dealer_id: dealerId, open_reservations: String(open), open_reservations_max: String(quota) },
  });
}
