/** PutPolicy and GetPolicy in the turn. A stock's own policy lives with the stock, all others with the system. */

import { warehouseNotFound } from "../actor/handlers/dealer-warehouse.js";
import { overloaded } from "../actor/refusals.js";
import type { Turn } from "../actor/turn.js";
import type { Answers, GetPolicy, PutPolicy } from "../domain/command.js";
import type { EffectivePolicy, PolicyFields, PolicyScope } from "../domain/policy.js";
import { samePolicy } from "../domain/policy-book.js";
import type { Refusal } from "../domain/refusal.js";
import { INHERIT, type Stock } from "../domain/stock.js";
import { LIMITS } from "../limits.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

/** Replaces what was put for exactly this scope; the same again changes nothing. */
export function putPolicy(turn: Turn, command: PutPolicy): Result<Answers["PutPolicy"]> {
  const { scope, fields, attribution } = command;
  if (scope.warehouseId !== "") {
    if (
      turn.system.partition(scope.warehouseId) === undefined &&
      turn.system.tables.warehouses.count >= LIMITS.warehousesMax
    ) {
      return { refusal: overloaded("table of warehouses") };
    }
    turn.openWarehouse(scope.warehouseId);
  }
  if (scope.sku !== "") putStockPolicy(turn, command);
  else {
    const known = turn.system.policies.find(scope);
    if (known === undefined && turn.system.tables.policies.count >= LIMITS.policiesMax) {
      return { refusal: overloaded("table of policies") };
    }
    if (!samePolicy(known?.fields ?? {}, fields))
      turn.recordSystem([{ kind: "PolicyPut", scope, fields, attribution }]);
  }
  return { answer: { scope, fields, effective: effective(turn, scope) } };
}

export function getPolicy(turn: Turn, command: GetPolicy): Result<Answers["GetPolicy"]> {
  const { scope } = command;
  if (scope.warehouseId !== "" && turn.system.partition(scope.warehouseId) === undefined) {
    return { refusal: warehouseNotFound(scope.warehouseId) };
  }
  const stock = findStock(turn, scope);
  const fields =
    scope.sku !== "" && scope.dealerId === ""
      ? stockFields(stock)
      : scope.sku === "" && (scope.dealerId === "" || scope.warehouseId === "")
        ? (turn.system.policies.find(scope)?.fields ?? {})
        : {};
  return { answer: { scope, fields, effective: effective(turn, scope) } };
}

function putStockPolicy(turn: Turn, { scope, fields, attribution }: PutPolicy): void {
  const partition = turn.openWarehouse(scope.warehouseId);
  const known = partition.stocks.find(scope.sku);
  if (samePolicy(stockFields(known), fields)) return;
  const stock = known?.number ?? partition.stocks.count + 1;
  turn.record(partition, [
    ...(known === undefined ? ([{ kind: "StockOpened", stock, sku: scope.sku }] as const) : []),
    {
      kind: "StockPolicySet",
      stock,
      safetyStock: fields.safetyStock ?? INHERIT,
      lowAt: fields.lowAt ?? INHERIT,
      attribution,
    },
  ]);
}

function findStock(turn: Turn, scope: PolicyScope): Stock | undefined {
  const partition = scope.sku === "" ? undefined : turn.system.partition(scope.warehouseId);
  return partition === undefined ? undefined : turn.store.partition(partition).stocks.find(scope.sku);
}

function stockFields(stock: Stock | undefined): PolicyFields {
  return {
    ...(stock === undefined || stock.safetyStock === INHERIT ? {} : { safetyStock: stock.safetyStock }),
    ...(stock === undefined || stock.lowAt === INHERIT ? {} : { lowAt: stock.lowAt }),
  };
}

function effective(turn: Turn, scope: PolicyScope): EffectivePolicy {
  return {
    ...turn.system.policies.effective(scope.warehouseId, scope.dealerId),
    ...stockFields(findStock(turn, scope)),
  };
}
