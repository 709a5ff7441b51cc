/** Writes what became of orders as files for an ERP that reads a folder: one file for each event, complete when its name shows. */
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type OrderEvent, OrderEventType } from "../../client/index.js";
import { syncFolder } from "../state-file.js";

/** What an ERP acts on. What it told us itself, and holds that never became orders, are left out. */
const TYPES: ReadonlyMap<OrderEventType, string> = new Map([
  [OrderEventType.COMMITTED, "committed"],
  [OrderEventType.RELEASED, "released"],
  [OrderEventType.AT_RISK, "at_risk"],
  [OrderEventType.COVERED_AGAIN, "covered_again"],
  [OrderEventType.PROVISIONAL_CONFIRMED, "provisional_confirmed"],
]);

const HEADER =
  "event_id,type,reservation_id,dealer_id,order_id,warehouse_id,sku,quantity,remaining,reason,occur_time".split(",");

export class OrderFiles {
  readonly #folder: string;
  readonly #delimiter: string;

  constructor(folder: string, delimiter: string) {
    this.#folder = folder;
    this.#delimiter = delimiter;
  }

  /** The same event makes the same file again. The ERP may have taken the first one: it goes by event_id. */
  async write(event: OrderEvent): Promise<void> {
    const type = TYPES.get(event.type);
    if (type === undefined) return;
    await mkdir(this.#folder, { recursive: true });
    const time = event.occurTime === undefined ? "" : timestampDate(event.occurTime).toISOString();
    const name = `orders-${time.replace(/[-:.]/g, "")}-${event.eventId.replace(/[^A-Za-z0-9._-]/g, "_")}.csv`;
    const rows = event.lines.map((line) => [
      event.eventId,
      type,
      event.reservationId,
      event.dealerId,
      event.orderId,
      event.warehouseId,
      line.sku,
      String(line.quantity),
      String(line.remaining),
      event.reason,
      time,
    ]);
    const text = [HEADER, ...rows].map((row) => `${row.map((field) => this.#quoted(field)).join(this.#delimiter)}\n`);
    await this.#writeWhole(name, text.join(""));
  }

  async #writeWhole(name: string, text: string): Promise<void> {
    const temporary = join(this.#folder, `.${name}.tmp`);
    const file = await open(temporary, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(this.#folder, name));
    await syncFolder(this.#folder);
  }

  #quoted(field: string): string {
    const isPlain = !field.includes(this.#delimiter) && !/["\r\n]/.test(field) && field.trim() === field;
    return isPlain ? field : `"${field.replaceAll('"', '""')}"`;
  }
}
