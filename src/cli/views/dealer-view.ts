import type { Dealer } from "../../client/index.js";
import { renderTable } from "./table.js";

/** Dealers and the warehouses that serve them, one a line. */
export function describeDealers(dealers: readonly Dealer[]): string {
  if (dealers.length === 0) return "No dealers are registered.";
  return renderTable(
    [{ title: "DEALER" }, { title: "WAREHOUSE" }, { title: "NAME" }],
    dealers.map(({ dealerId, warehouseId, name }) => [dealerId, warehouseId, name]),
  );
}
