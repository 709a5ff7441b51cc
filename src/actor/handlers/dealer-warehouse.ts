import type { Reserve } from "../../domain/command.js";
import { type Refusal, refusal } from "../../domain/refusal.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";
import type { Turn } from "../turn.js";

export interface DealerRules {
  /** Only registered dealers may reserve. */
  readonly requireKnown: boolean;
  /** How long a retry may still belong to a warehouse that the dealer was moved away from, milliseconds. */
  readonly answerRetentionMs: number;
}

/**
 * The warehouse that an order belongs to (P9). `notAssigned` is set where the dealer may not reserve there now,
 * though a retry of an earlier order still gets its answer.
 */
export type Home =
  | { readonly partition: PartitionStore; readonly notAssigned?: Refusal }
  | { readonly refusal: Refusal };

export function homeOf(turn: Turn, command: Reserve, rules: DealerRules): Home {
  const dealer = turn.system.dealer(command.dealerId);
  if (dealer === undefined) {
    const mayNameWarehouse = !rules.requireKnown;
    if (!mayNameWarehouse || command.warehouseId === "") {
      return { refusal: dealerNotFound(command.dealerId, mayNameWarehouse) };
    }
    return named(turn, command.warehouseId);
  }
  if (command.warehouseId === "") return answeredBefore(turn, command, rules) ?? named(turn, dealer.warehouseId);
  const home = named(turn, command.warehouseId);
  if ("refusal" in home || command.warehouseId === dealer.warehouseId) return home;
  return { ...home, notAssigned: warehouseNotAssigned(command.dealerId, command.warehouseId, dealer.warehouseId) };
}

function named(turn: Turn, warehouseId: string): Home {
  const partition = turn.system.partition(warehouseId);
  return partition === undefined
    ? { refusal: warehouseNotFound(warehouseId) }
    : { partition: turn.store.partition(partition) };
}

/** After a reassignment: the warehouse that a retry of this request was first answered in, if there is one. */
function answeredBefore(turn: Turn, command: Reserve, rules: DealerRules): Home | undefined {
  const past = turn.system.dealer(command.dealerId)!.past;
  for (const { warehouseId, untilMs } of past) {
    if (untilMs + Math.max(rules.answerRetentionMs, turn.system.policies.longestHoldMs) <= turn.nowMs) continue;
    const number = turn.system.partition(warehouseId);
    if (number === undefined) continue;
    const partition = turn.store.partition(number);
    if (partition.answers.find(command.dealerId, command.requestId, turn.nowMs) !== undefined) return { partition };
  }
  return undefined;
}

export function dealerNotFound(dealerId: string, mayNameWarehouse = true): Refusal {
  const remedy = mayNameWarehouse ? "register it, or name a warehouse_id" : "it has to be registered first";
  return refusal("DEALER_NOT_FOUND", `There is no dealer ${dealerId}; ${remedy}.`, {
    metadata: { dealer_id: dealerId },
  });
}

export function warehouseNotFound(warehouseId: string): Refusal {
  return refusal("WAREHOUSE_NOT_FOUND", `There is no warehouse ${warehouseId}.`, {
    metadata: { warehouse_id: warehouseId },
  });
}

function warehouseNotAssigned(dealerId: string, warehouseId: string, assigned: string): Refusal {
  return refusal(
    "WAREHOUSE_NOT_ASSIGNED",
    `Dealer ${dealerId} is served by warehouse ${assigned}, not ${warehouseId}.`,
    {
      metadata: { dealer_id: dealerId, warehouse_id: warehouseId, assigned_warehouse_id: assigned },
    },
  );
}
