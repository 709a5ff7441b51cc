import { overloaded } from "../actor/refusals.js";
import type { Turn } from "../actor/turn.js";
import type { Answers, PutDealer } from "../domain/command.js";
import type { Refusal } from "../domain/refusal.js";
import { LIMITS } from "../limits.js";

/** Registers a dealer or changes it; the same again changes nothing. Its warehouse comes into being when it is named first. */
export function putDealer(
  turn: Turn,
  { dealer, attribution }: PutDealer,
): { readonly answer: Answers["PutDealer"] } | { readonly refusal: Refusal } {
  const known = turn.system.dealer(dealer.dealerId);
  const { warehouses, dealers } = turn.system.tables;
  if (known === undefined && dealers.count >= LIMITS.dealersMax) return { refusal: overloaded("table of dealers") };
  if (turn.system.partition(dealer.warehouseId) === undefined && warehouses.count >= LIMITS.warehousesMax) {
    return { refusal: overloaded("table of warehouses") };
  }
  turn.openWarehouse(dealer.warehouseId);
  if (known === undefined || known.name !== dealer.name || known.warehouseId !== dealer.warehouseId) {
    turn.recordSystem([{ kind: "DealerPut", ...dealer, attribution }]);
  }
  return { answer: dealer };
}
