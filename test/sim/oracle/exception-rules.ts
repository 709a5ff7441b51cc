/** Dispatches that matched nothing: kept for a person, who attaches them (docs/api.md, Dispatch exceptions). */

import type { ErpEvent } from "../../../src/domain/erp-event.js";
import type { AttachDispatch, ListDispatchExceptions } from "../../../src/domain/erp-operations.js";
import { countFulfilled } from "./accuracy-rules.js";
import { changed } from "./ending-rules.js";
import type { ModelException, ModelState } from "./model-state.js";
import { refused } from "./refused.js";
import type { Expected } from "./request.js";
import { openAt } from "./stock-rules.js";

/** Of one SKU, or of all where none is named; newest first. */
export function exceptionsOf(state: ModelState, warehouseId: string, sku: string): ModelException[] {
  const all = [...state.exceptions.values()].filter(
    (one) => one.warehouseId === warehouseId && (sku === "" || one.event.body.sku === sku),
  );
  return all.sort((one, other) => other.number - one.number);
}

/** Adds one; answers with its number. */
export function addException(
  state: ModelState,
  event: ErpEvent,
  what: { readonly quantity: number; readonly reason: string; readonly nowMs: number },
): number {
  const { warehouseId } = event.body;
  const number = 1 + (exceptionsOf(state, warehouseId, "")[0]?.number ?? 0);
  const { quantity, reason, nowMs } = what;
  const made = { number, warehouseId, event, quantity, reason, createdAtMs: nowMs, attached: 0, attachments: [] };
  put(state, made);
  return number;
}

export function findException(state: ModelState, warehouseId: string, number: number): ModelException | undefined {
  return state.exceptions.get(`${warehouseId}\n${number}`);
}

/** What of it matched nothing needs no person any more. */
export function settleException(state: ModelState, exception: ModelException): void {
  put(state, { ...exception, attached: exception.quantity });
}

function put(state: ModelState, exception: ModelException): void {
  state.exceptions.set(`${exception.warehouseId}\n${exception.number}`, exception);
}

export function listDispatchExceptions(state: ModelState, command: ListDispatchExceptions): Expected {
  const { warehouseId, sku, includeResolved } = command;
  if (!state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const exceptions = exceptionsOf(state, warehouseId, sku).filter(
    ({ attached, quantity }) => includeResolved || attached < quantity,
  );
  return { kind: "answered", answer: { kind: "exceptions", exceptions } };
}

export function attachDispatch(
  state: ModelState,
  { nowMs, number, command }: { readonly nowMs: number; readonly number: number | undefined; command: AttachDispatch },
): Expected {
  const { warehouseId, quantity } = command;
  if (!state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const exception = findException(state, warehouseId, command.exception);
  if (exception === undefined) return refused("DISPATCH_EXCEPTION_NOT_FOUND");
  const reservation = number === undefined ? undefined : state.reservations.get(number);
  if (reservation?.warehouseId !== warehouseId) return refused("RESERVATION_NOT_FOUND");
  const { sku } = exception.event.body;
  const open = reservation.state === "COMMITTED" ? openAt(reservation, sku) : 0;
  const left = exception.quantity - exception.attached;
  const before = exception.attachments.filter((units) => units.reservation === number);
  const asMany = Math.min(open, left);
  const isRepeat =
    quantity === 0 ? before.length > 0 && asMany === 0 : before.some((units) => units.quantity === quantity);
  if (isRepeat) return { kind: "answered", answer: { kind: "exception", exception } };
  if (left === 0) return refused("DISPATCH_EXCEPTION_RESOLVED");
  if (reservation.state === "PENDING") return refused("RESERVATION_PENDING");
  if (reservation.state !== "COMMITTED") return refused(`RESERVATION_${reservation.state}`);
  const units = quantity === 0 ? asMany : quantity;
  if (units === 0 || units > asMany) return refused("QUANTITY_EXCEEDED");
  const line = reservation.lines.find((one) => one.sku === sku)!;
  line.open -= units;
  line.dispatched += units;
  countFulfilled(state, reservation, line, { units, nowMs });
  const attachments = [...exception.attachments, { reservation: reservation.number, quantity: units }];
  put(state, { ...exception, attached: exception.attached + units, attachments });
  changed(state, [reservation], { nowMs, exact: true }, "RELEASED");
  state.effects += 1;
  return {
    kind: "answered",
    answer: { kind: "exception", exception: findException(state, warehouseId, command.exception)! },
  };
}
