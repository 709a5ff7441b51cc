/** What a stock move that is done in Tryton means for Holdfast: nothing, one event, or two where goods change warehouses. */
import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ErpEventSchema } from "../../client/index.js";
import type { ErpChange } from "../erp-adapter.js";
import type { Locations, TrytonWarehouse } from "./locations.js";
import { skuOf } from "./tryton-values.js";

export interface DoneMove {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly product: { readonly id: number; readonly code: string | null };
  /** In the product's own unit. */
  readonly quantity: number;
  readonly doneAt: Timestamp;
  /** What caused it, for people: a shipment's or an order's name in Tryton. */
  readonly reference: string;
  /** Of an outgoing shipment that was made for a reservation. */
  readonly reservationId: string | undefined;
}

export function eventsOfMove(move: DoneMove, locations: Locations): ErpChange[] {
  const from = locations.warehouseOf(move.from);
  const to = locations.warehouseOf(move.to);
  if (from === to || move.quantity === 0) return [];
  const leaves = from === undefined ? [] : [change(move, "out", bodyOfLeaving(move, from, locations))];
  const arrives = to === undefined ? [] : [change(move, "in", bodyOfArriving(move, to, locations))];
  return [...leaves, ...arrives];
}

function change(move: DoneMove, side: "in" | "out", body: Body): ErpChange {
  const event = create(ErpEventSchema, { body: Number.isSafeInteger(move.quantity) ? body : notWhole(move, body) });
  return { eventId: `move-${move.id}-${side}`, occurTime: move.doneAt, body: event.body as ErpChange["body"] };
}

type Body =
  | { case: "stockReceived"; value: Stock & { quantity: bigint; reference: string } }
  | { case: "stockReturned"; value: Stock & { quantity: bigint } }
  | { case: "stockAdjusted"; value: Stock & { delta: bigint; reason: string; reference: string } }
  | { case: "orderDispatched"; value: Stock & { quantity: bigint; reservationId: string } };

interface Stock {
  warehouseId: string;
  sku: string;
}

function bodyOfLeaving(move: DoneMove, { warehouseId }: TrytonWarehouse, locations: Locations): Body {
  const stock = { warehouseId, sku: skuOf(move.product) };
  const type = locations.typeOf(move.to);
  if (type !== "customer") {
    return {
      case: "stockAdjusted",
      value: { ...stock, delta: -units(move), reason: `to ${type}`, reference: move.reference },
    };
  }
  const value = { ...stock, quantity: units(move), reservationId: move.reservationId ?? "" };
  return { case: "orderDispatched", value };
}

function bodyOfArriving(move: DoneMove, { warehouseId }: TrytonWarehouse, locations: Locations): Body {
  const stock = { warehouseId, sku: skuOf(move.product) };
  const quantity = units(move);
  switch (locations.typeOf(move.from)) {
    case "lost_found":
      return {
        case: "stockAdjusted",
        value: { ...stock, delta: quantity, reason: "from lost_found", reference: move.reference },
      };
    case "customer":
      return { case: "stockReturned", value: { ...stock, quantity } };
    default:
      return { case: "stockReceived", value: { ...stock, quantity, reference: move.reference } };
  }
}

function units({ quantity }: DoneMove): bigint {
  return Number.isSafeInteger(quantity) ? BigInt(quantity) : 0n;
}

/** Holdfast counts whole units. It is told all the same, as an event that it cannot take: there an operator sees it. */
function notWhole({ id, quantity }: DoneMove, { value: { warehouseId, sku } }: Body): Body {
  const reference = `Tryton's move ${id}: ${quantity} is no whole number of units`;
  return { case: "stockReceived", value: { warehouseId, sku, quantity: 0n, reference } };
}
