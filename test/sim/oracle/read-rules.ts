/** Reads and registered dealers. Reads wait for nothing and change nothing. */
import type { GetReservation, GetStock, ListReservations, PutDealer } from "../../../src/domain/command.js";
import { exceptionsOf } from "./exception-rules.js";
import { freshness } from "./freshness-rules.js";
import { retentionMs } from "./memory-rules.js";
import { type ModelState, picture } from "./model-state.js";
import { refused } from "./refused.js";
import type { Expected } from "./request.js";
import { coverageOrder, figures, seenStock } from "./stock-rules.js";

/** GetStock shows this many of the newest events of a stock (docs/api.md). */
const LAST_EVENTS = 8;

export function getReservation(
  state: ModelState,
  nowMs: number,
  command: GetReservation,
  number: number | undefined,
): Expected {
  const reservation = number === undefined ? undefined : state.reservations.get(number);
  if (reservation?.dealerId !== command.dealerId) return refused("RESERVATION_NOT_FOUND");
  const fresh = freshness(state, reservation.warehouseId, nowMs);
  return { kind: "answered", answer: { kind: "reservation", reservation: picture(reservation), freshness: fresh } };
}

/** All that match; the page is cut from them when it is compared. */
export function listReservations(state: ModelState, command: ListReservations): Expected {
  const { dealerId, orderId, warehouseId, sku, states } = command;
  if (warehouseId !== "" && !state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const matching = [...state.reservations.values()].filter(
    (reservation) =>
      reservation.dealerId === dealerId &&
      (orderId === "" || reservation.orderId === orderId) &&
      (warehouseId === "" || reservation.warehouseId === warehouseId) &&
      (sku === "" || reservation.lines.some((line) => line.sku === sku)) &&
      (states.length === 0 || states.includes(reservation.state)),
  );
  return { kind: "answered", answer: { kind: "list", matching: matching.map(picture) } };
}

export function getStock(state: ModelState, command: GetStock): Expected {
  const { warehouseId, sku } = command;
  if (!state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const stock = seenStock(state, warehouseId, sku);
  return {
    kind: "answered",
    answer: {
      kind: "stock",
      warehouseId,
      figures: figures(state, warehouseId, sku),
      open: stock === undefined ? [] : coverageOrder(state, stock).map(picture),
      lastEvents: stock?.lastEvents.slice(0, LAST_EVENTS) ?? [],
      exceptions: exceptionsOf(state, warehouseId, sku).map(({ event: { eventId }, quantity, reason }) => {
        return { eventId, quantity, reason };
      }),
    },
  };
}

export function putDealer(state: ModelState, nowMs: number, command: PutDealer): Expected {
  const { dealer } = command;
  const before = state.dealers.get(dealer.dealerId);
  const moved = before !== undefined && before.dealer.warehouseId !== dealer.warehouseId;
  const oldestMs = nowMs - retentionMs(state);
  const former = (before?.former ?? []).filter(({ untilMs }) => untilMs >= oldestMs);
  state.effects += 1;
  state.dealers.set(dealer.dealerId, {
    dealer: { ...dealer },
    former: moved ? [{ warehouseId: before.dealer.warehouseId, untilMs: nowMs }, ...former] : former,
  });
  state.warehouses.add(dealer.warehouseId);
  return { kind: "answered", answer: { kind: "dealer", dealer: { ...dealer } } };
}
