/** Reads the order file: columns order_id, placed_at, customer_id, sku, quantity, country, in any order. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";

/** One row as it stands in the file; nothing is judged here. */
export interface OrderRow {
  readonly orderId: string;
  readonly placedAt: string;
  readonly customerId: string;
  readonly sku: string;
  /** Units, or NaN where the file has no whole number. */
  readonly quantity: number;
}

const COLUMNS = ["order_id", "placed_at", "customer_id", "sku", "quantity"] as const;

type CsvRecord = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** All rows, in the order of the file. Throws when the file cannot be read or lacks a column. */
export async function readOrderRows(file: string): Promise<OrderRow[]> {
  const columns = (header: string[]): string[] => checkedHeader(file, header);
  const rows: OrderRow[] = [];
  await pipeline(
    createReadStream(file),
    parse({ bom: true, columns, trim: true, skip_empty_lines: true }),
    async (records: AsyncIterable<CsvRecord>) => {
      for await (const record of records) rows.push(rowFrom(record));
    },
  );
  return rows;
}

function checkedHeader(file: string, header: string[]): string[] {
  const missing = COLUMNS.filter((column) => !header.includes(column));
  if (missing.length > 0) throw new Error(`${file} lacks the columns ${missing.join(", ")}`);
  return header;
}

function rowFrom(record: CsvRecord): OrderRow {
  return {
    orderId: record.order_id,
    placedAt: record.placed_at,
    customerId: record.customer_id,
    sku: record.sku,
    quantity: /^-?\d{1,15}$/.test(record.quantity) ? Number(record.quantity) : Number.NaN,
  };
}
