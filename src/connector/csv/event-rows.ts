/** What each row of an events file means. The columns are documented in docs/connect.md. */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ErpEventSchema, ReleaseReason } from "../../client/index.js";
import type { ErpChange } from "../erp-adapter.js";
import { BadFile, type CsvForm, type CsvRow, csvRows, wholeNumber, word } from "./csv-rows.js";

const COLUMNS = [
  "type",
  "warehouse_id",
  "sku",
  "quantity",
  "reference",
  "reason",
  "order_id",
  "reservation_id",
  "dealer_id",
  "reverses",
  "occur_time",
] as const;

export interface EventsFile {
  readonly name: string;
  readonly content: Uint8Array;
  /** When it was written: the time of events that name none. */
  readonly writeTime: Date;
}

/** Every event of a file, or the first thing that is wrong with it. An event's id is the file's name and the row's line. */
export function eventsOf(file: EventsFile, delimiter: string): ErpChange[] {
  const form: CsvForm = { delimiter, columns: COLUMNS, required: ["type", "warehouse_id"] };
  return csvRows(file.content, form).map((row) => ({
    eventId: `${file.name}:${row.line}`,
    occurTime: timestampFromDate(timeOf(row) ?? file.writeTime),
    body: bodyOf(row),
  }));
}

function bodyOf(row: CsvRow): ErpChange["body"] {
  const type = row.fields.type ?? "";
  const meaning = Object.hasOwn(MEANINGS, type) ? MEANINGS[type] : undefined;
  if (meaning === undefined) {
    const allowed = Object.keys(MEANINGS).join(", ");
    throw new BadFile(`line ${row.line}: type is ${JSON.stringify(type)}; allowed: ${allowed}`);
  }
  const event = create(ErpEventSchema, { body: meaning(row) });
  return event.body as ErpChange["body"];
}

type Body = Parameters<typeof create<typeof ErpEventSchema>>[1] extends infer Init
  ? Init extends { body?: infer Value }
    ? Value
    : never
  : never;

const MEANINGS: Readonly<Record<string, (row: CsvRow) => NonNullable<Body>>> = {
  received: (row) => ({ case: "stockReceived", value: { ...stock(row), ...quantity(row), ...text(row, "reference") } }),
  adjusted: (row) => ({
    case: "stockAdjusted",
    value: { ...stock(row), ...delta(row), ...text(row, "reason"), ...text(row, "reference") },
  }),
  counted: (row) => ({ case: "stockCounted", value: { ...stock(row), onHand: wholeNumber(row, "quantity", 0n) } }),
  blocked: (row) => ({ case: "stockBlocked", value: { ...stock(row), ...delta(row) } }),
  allocated: (row) => ({ case: "demandAllocated", value: { ...stock(row), ...delta(row), ...text(row, "reference") } }),
  dispatched: (row) => ({ case: "orderDispatched", value: { ...stock(row), ...quantity(row), ...order(row) } }),
  closed: (row) => ({
    case: "orderClosed",
    value: {
      warehouseId: word(row, "warehouse_id"),
      sku: row.fields.sku ?? "",
      ...order(row),
      reason: releaseReason(row),
    },
  }),
  returned: (row) => ({
    case: "stockReturned",
    value: {
      ...stock(row),
      ...quantity(row),
      orderId: row.fields.order_id ?? "",
      dealerId: row.fields.dealer_id ?? "",
    },
  }),
  reversed: (row) => ({ case: "eventReversed", value: { ...stock(row), eventId: word(row, "reverses") } }),
};

function stock(row: CsvRow) {
  return { warehouseId: word(row, "warehouse_id"), sku: word(row, "sku") };
}

function quantity(row: CsvRow) {
  return { quantity: wholeNumber(row, "quantity", 1n) };
}

function delta(row: CsvRow) {
  return { delta: wholeNumber(row, "quantity") };
}

function text<Name extends "reference" | "reason">(row: CsvRow, name: Name): Record<Name, string> {
  return { [name]: row.fields[name] ?? "" } as Record<Name, string>;
}

function order({ fields }: CsvRow) {
  return {
    reservationId: fields.reservation_id ?? "",
    orderId: fields.order_id ?? "",
    dealerId: fields.dealer_id ?? "",
  };
}

const RELEASE_REASONS: Readonly<Record<string, ReleaseReason>> = {
  "": ReleaseReason.UNSPECIFIED,
  CANCELLED: ReleaseReason.CANCELLED,
  REJECTED: ReleaseReason.REJECTED,
  DISPATCH_FAILED: ReleaseReason.DISPATCH_FAILED,
};

function releaseReason(row: CsvRow): ReleaseReason {
  const name = row.fields.reason ?? "";
  const reason = Object.hasOwn(RELEASE_REASONS, name) ? RELEASE_REASONS[name] : undefined;
  if (reason !== undefined) return reason;
  const allowed = Object.keys(RELEASE_REASONS).filter((word) => word !== "");
  throw new BadFile(`line ${row.line}: reason is ${JSON.stringify(name)}; allowed: ${allowed.join(", ")}`);
}

/** With its zone, so that a server elsewhere reads the same moment. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function timeOf(row: CsvRow): Date | undefined {
  const value = row.fields.occur_time ?? "";
  if (value === "") return undefined;
  const time = new Date(value);
  if (TIME.test(value) && !Number.isNaN(time.getTime())) return time;
  throw new BadFile(`line ${row.line}: occur_time is ${value}, but has to be like 2026-05-04T08:30:00+02:00`);
}
