/** Positions files: what the ERP has of each stock, true after every event file before it. */
import type { ErpPosition } from "../erp-adapter.js";
import { csvRows, wholeNumber, word } from "./csv-rows.js";

export function positionsOf(content: Uint8Array, delimiter: string): ErpPosition[] {
  const required = ["warehouse_id", "sku", "on_hand"];
  const rows = csvRows(content, { delimiter, columns: [...required, "unavailable"], required });
  return rows.map((row) => ({
    warehouseId: word(row, "warehouse_id"),
    sku: word(row, "sku"),
    onHand: wholeNumber(row, "on_hand"),
    unavailable: row.fields.unavailable === "" ? 0n : wholeNumber(row, "unavailable", 0n),
  }));
}
