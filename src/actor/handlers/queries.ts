/** Reads of reservations in the turn: they see every hold that is due as expired, and wait at the output gate like everything else. */
import type { Answers, GetReservation, GetStock, ListReservations } from "../../domain/command.js";
import { reservationNotFound } from "../../domain/decide/owned-reservation.js";
import type { Refusal } from "../../domain/refusal.js";
import type { Reservation } from "../../domain/reservation.js";
import { parseReservationId } from "../../domain/reservation-id.js";
import { stockFigures, unseenFigures } from "../../domain/stock.js";
import { LIMITS } from "../../limits.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";
import { decodePageToken, encodePageToken, invalidPageToken } from "../page-token.js";
import type { Turn } from "../turn.js";
import { warehouseNotFound } from "./dealer-warehouse.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

export function getReservation(turn: Turn, command: GetReservation): Result<Answers["GetReservation"]> {
  const parts = parseReservationId(command.reservationId, (epoch) => turn.system.nonce(epoch));
  const partition = parts === undefined ? undefined : turn.store.partitions.get(parts.partition);
  const reservation = parts === undefined ? undefined : partition?.reservations.get(parts.number);
  if (
    partition === undefined ||
    reservation === undefined ||
    reservation.id !== command.reservationId ||
    reservation.dealerId !== command.dealerId
  ) {
    return { refusal: reservationNotFound(command.reservationId) };
  }
  return { answer: { reservation, freshness: turn.freshness(partition.partition) } };
}

/**
 * A dealer's reservations, warehouse by warehouse, newest first. One call looks at a bounded number of them and shows a
 * bounded number of lines, so a page may be short and still have a next one.
 */
export function listReservations(turn: Turn, command: ListReservations): Result<Answers["ListReservations"]> {
  const start = command.pageToken === "" ? [0, 0] : decodePageToken("reservations", command.pageToken, 2);
  if (start === undefined) return { refusal: invalidPageToken() };
  const only = command.warehouseId === "" ? undefined : turn.system.partition(command.warehouseId);
  if (command.warehouseId !== "" && only === undefined) return { refusal: warehouseNotFound(command.warehouseId) };
  const states = new Set(command.states);
  const reservations: Reservation[] = [];
  let scanned = 0;
  let lines = 0;
  const last = turn.system.tables.warehouses.count;
  for (let number = Math.max(1, start[0]!); number <= last; number++) {
    if (only !== undefined && number !== only) continue;
    const partition = turn.store.partitions.get(number);
    if (partition === undefined) continue;
    const continued = number === start[0] && start[1] !== 0;
    let next = continued ? start[1]! : (partition.dealers.find(command.dealerId)?.newestReservation ?? 0);
    while (next !== 0) {
      if (reservations.length === command.pageSize || scanned === LIMITS.listScanMax || lines >= LIMITS.pageLinesMax) {
        return { answer: { reservations, nextPageToken: encodePageToken("reservations", [number, next]) } };
      }
      const reservation = partition.reservations.peek(next);
      if (reservation === undefined || reservation.dealerId !== command.dealerId) {
        return { refusal: invalidPageToken() };
      }
      if (matches(reservation, command, states)) {
        reservations.push(reservation);
        lines += reservation.lines.length;
      }
      scanned += 1;
      next = reservation.previousOfDealer;
    }
  }
  return { answer: { reservations, nextPageToken: "" } };
}

function matches(reservation: Reservation, command: ListReservations, states: ReadonlySet<string>): boolean {
  if (states.size > 0 && !states.has(reservation.state)) return false;
  if (command.orderId !== "" && reservation.orderId !== command.orderId) return false;
  return command.sku === "" || reservation.lines.some((line) => line.sku === command.sku);
}

/** A close look at one stock: its figures, who holds it, its newest ERP events and unmatched dispatches. */
export function getStock(turn: Turn, command: GetStock): Result<Answers["GetStock"]> {
  const number = turn.system.partition(command.warehouseId);
  if (number === undefined) return { refusal: warehouseNotFound(command.warehouseId) };
  const start = command.pageToken === "" ? [0, 0] : decodePageToken("stock", command.pageToken, 2);
  if (start === undefined) return { refusal: invalidPageToken() };
  const partition = turn.store.partition(number);
  const { warehouseId } = command;
  const stock = partition.stocks.find(command.sku);
  if (stock === undefined) {
    const figures = unseenFigures(command.sku);
    return {
      answer: { warehouseId, figures, reservations: [], lastEvents: [], exceptions: [], nextPageToken: "" },
    };
  }
  const page = openReservations(partition, stock.number, command.pageSize, start);
  return {
    answer: {
      warehouseId,
      figures: stockFigures(stock, turn.inherited(partition)),
      reservations: page.reservations,
      lastEvents: [...stock.lastEvents].reverse(),
      exceptions: newestExceptions(partition, stock.newestException),
      nextPageToken: page.nextPageToken,
    },
  };
}

const KINDS = ["commit", "hold"] as const;

/** Open reservations in coverage order; the token names the next one by its list and its order in it. */
function openReservations(partition: PartitionStore, stock: number, pageSize: number, start: readonly number[]) {
  const reservations: Reservation[] = [];
  let lines = 0;
  let nextPageToken = "";
  partition.openLines.walk(stock, (line) => {
    const kind = KINDS.indexOf(line.kind);
    if (kind < start[0]! || (kind === start[0] && line.order < start[1]!)) return true;
    if (reservations.length === pageSize || lines >= LIMITS.pageLinesMax) {
      nextPageToken = encodePageToken("stock", [kind, line.order]);
      return false;
    }
    const reservation = partition.reservations.peek(line.reservation)!;
    reservations.push(reservation);
    lines += reservation.lines.length;
    return true;
  });
  return { reservations, nextPageToken };
}

function newestExceptions(partition: PartitionStore, newest: number) {
  const exceptions = [];
  for (let number = newest; number !== 0 && exceptions.length < LIMITS.exceptionsShownMax; ) {
    const exception = partition.exceptions.peek(number)!;
    exceptions.push(exception);
    number = exception.previousOfStock;
  }
  return exceptions;
}
