import { warehouseNotFound } from "../actor/handlers/dealer-warehouse.js";
import { overloaded } from "../actor/refusals.js";
import type { Turn } from "../actor/turn.js";
import type { ErpOperationAnswers, MoveStockSource } from "../domain/erp-operations.js";
import { type Refusal, refusal } from "../domain/refusal.js";
import { LIMITS } from "../limits.js";
import { type SourceTools, sourceNotFound } from "./sources.js";

/**
 * Makes another source the stock's source of record, from one of its sequences on (docs/api.md, ErpService). The same again
 * changes nothing.
 */
export function moveStockSource(
  turn: Turn,
  { warehouseId, sku, source, fromSequence, attribution }: MoveStockSource,
  { links }: SourceTools,
): { readonly answer: ErpOperationAnswers["MoveStockSource"] } | { readonly refusal: Refusal } {
  const number = turn.system.partition(warehouseId);
  if (number === undefined) return { refusal: warehouseNotFound(warehouseId) };
  const partition = turn.store.partition(number);
  const stock = partition.stocks.find(sku);
  if (stock === undefined) return { refusal: stockNotFound(warehouseId, sku) };
  if (turn.system.source(source) === undefined && links.lastHeardMs(source) === 0) {
    return { refusal: sourceNotFound(source) };
  }
  if (turn.system.source(source) === undefined && turn.system.tables.sources.count >= LIMITS.sourcesMax) {
    return { refusal: overloaded("table of sources") };
  }
  const previousSource = stock.source;
  if (previousSource !== source || stock.sourceFrom !== fromSequence) {
    turn.record(partition, [{ kind: "StockSourceMoved", stock: stock.number, source, fromSequence, attribution }]);
  }
  return { answer: { source, previousSource } };
}

function stockNotFound(warehouseId: string, sku: string): Refusal {
  return refusal("SKU_NOT_FOUND", `Warehouse ${warehouseId} has no stock of ${sku}.`, {
    metadata: { warehouse_id: warehouseId, sku },
  });
}
