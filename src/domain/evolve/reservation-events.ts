/** What events of reservations change: orders made, confirmed, given back, dispatched, at risk, taken back. */
import { countEnded } from "../accuracy.js";
import { assert } from "../assertion.js";
import type {
  ReservationCommitted,
  ReservationMade,
  ReservationReleased,
  ReservationReopened,
  RiskChanged,
  UnitsDispatched,
  UnitsReturned,
} from "../event.js";
import type { PartitionState } from "../partition-state.js";
import type { RecordStamp, StockTouched } from "../record-stamp.js";
import { isOpen, type Reservation, type ReservationLine } from "../reservation.js";
import {
  advance,
  advanceAfterRemoval,
  changed,
  clearRisk,
  dealerNumber,
  giveBack,
  setAtRisk,
  step,
} from "./transitions.js";

export function evolveMade(
  state: PartitionState,
  event: ReservationMade,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const dealer = dealerNumber(state, event.dealerId);
  const commit = event.expiresAtMs === 0;
  const counter = commit ? "committed" : "reserved";
  const lines: ReservationLine[] = [];
  for (const made of event.lines) {
    if (made.granted > 0) {
      const stock = state.stocks.touch(made.stock);
      stock[counter] += made.granted;
      changed(stock, stamp);
      touched(stock);
    }
    lines.push({
      sku: made.stock === 0 ? made.sku : state.stocks.get(made.stock)!.sku,
      stock: made.stock,
      requested: made.requested,
      open: made.granted,
      dispatched: 0,
      released: 0,
      atRisk: false,
    });
  }
  const owner = state.dealers.touch(dealer);
  const reservation: Reservation = {
    id: state.reservationId(event.reservation, event.epoch),
    number: event.reservation,
    dealerId: owner.dealerId,
    orderId: event.orderId,
    warehouseId: state.warehouseId,
    lines,
    state: commit ? "COMMITTED" : "PENDING",
    createdAtMs: stamp.timeMs,
    updatedAtMs: stamp.timeMs,
    expiresAtMs: event.expiresAtMs,
    provisional: event.provisional,
    atRisk: false,
    atRiskSinceMs: 0,
    isKept: false,
    revision: 1,
    reopenedFrom: "",
    epoch: event.epoch,
    committedAtMs: commit ? stamp.timeMs : 0,
    commitOrder: commit ? stamp.sequence : 0,
    dealer,
    previousOfDealer: owner.newestReservation,
  };
  owner.newestReservation = event.reservation;
  owner.openReservations += 1;
  state.reservations.add(reservation);
  indexOpen(state, reservation);
}

/** Enters an open reservation into everything that is derived from the reservations: coverage lists, order index, deadlines. */
export function indexOpen(state: PartitionState, reservation: Reservation): void {
  if (reservation.state === "PENDING") {
    state.openLines.add(reservation.number, reservation.lines, "hold", reservation.number);
    state.deadlines.set(reservation.number, reservation.expiresAtMs);
  } else {
    state.openLines.add(
      reservation.number,
      reservation.lines,
      "commit",
      reservation.commitOrder,
      reservation.committedAtMs,
    );
  }
  if (reservation.provisional) state.provisional.add(reservation.number);
  if (reservation.atRisk) state.atRisk.add(reservation.number);
  state.orders.add(reservation.orderId, reservation.number);
}

/** Units of a dispatch that was wrong are committed again. */
export function evolveReturned(
  state: PartitionState,
  event: UnitsReturned,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const reservation = advance(state, event.reservation, "dispatch_reversed", stamp, "COMMITTED");
  const line = reservation.lines[event.line]!;
  assert(line.dispatched >= event.quantity, "I2: no more returns than was dispatched");
  const wasOpen = line.open > 0;
  line.dispatched -= event.quantity;
  line.open += event.quantity;
  const stock = state.stocks.touch(line.stock);
  stock.committed += event.quantity;
  changed(stock, stamp);
  touched(stock);
  countEnded(state, stock, { fulfilled: -event.quantity, failed: 0 }, stamp.timeMs);
  if (wasOpen) state.openLines.setOpen(reservation.number, event.line, line.open);
  else {
    state.openLines.delete(reservation.number);
    state.openLines.add(
      reservation.number,
      reservation.lines,
      "commit",
      reservation.commitOrder,
      reservation.committedAtMs,
    );
  }
}

/** The successor of an ended reservation whose dispatch was wrong: the units are committed again, under an id of their own. */
export function evolveReopened(
  state: PartitionState,
  event: ReservationReopened,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const ended = state.reservations.get(event.ended)!;
  assert(!isOpen(ended.state), "I3: only what has ended is reopened");
  const lines: ReservationLine[] = [];
  event.quantities.forEach((quantity, index) => {
    if (quantity === 0) return;
    const { sku, stock: number } = ended.lines[index]!;
    const stock = state.stocks.touch(number);
    stock.committed += quantity;
    changed(stock, stamp);
    touched(stock);
    countEnded(state, stock, { fulfilled: -quantity, failed: 0 }, stamp.timeMs);
    lines.push({ sku, stock: number, requested: quantity, open: quantity, dispatched: 0, released: 0, atRisk: false });
  });
  const owner = state.dealers.touch(ended.dealer);
  const reservation: Reservation = {
    id: state.reservationId(event.reservation, event.epoch),
    number: event.reservation,
    dealerId: ended.dealerId,
    orderId: ended.orderId,
    warehouseId: ended.warehouseId,
    lines,
    state: "COMMITTED",
    createdAtMs: stamp.timeMs,
    updatedAtMs: stamp.timeMs,
    expiresAtMs: 0,
    provisional: false,
    atRisk: false,
    atRiskSinceMs: 0,
    isKept: false,
    revision: 1,
    reopenedFrom: ended.id,
    epoch: event.epoch,
    // It was promised when its predecessor was committed, and is covered in that order.
    committedAtMs: ended.committedAtMs,
    commitOrder: ended.commitOrder,
    dealer: ended.dealer,
    previousOfDealer: owner.newestReservation,
  };
  owner.newestReservation = event.reservation;
  owner.openReservations += 1;
  state.reservations.add(reservation);
  indexOpen(state, reservation);
}

export function evolveCommitted(
  state: PartitionState,
  event: ReservationCommitted,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const reservation = advance(state, event.reservation, "commit", stamp);
  state.deadlines.delete(reservation.number);
  reservation.expiresAtMs = 0;
  reservation.commitOrder = stamp.sequence;
  reservation.committedAtMs = stamp.timeMs;
  reservation.provisional = event.provisional;
  if (event.provisional) state.provisional.add(reservation.number);
  for (let index = 0; index < reservation.lines.length; index++) {
    const line = reservation.lines[index]!;
    if (line.open === 0) continue;
    const quantity = event.quantities === undefined ? line.open : event.quantities[index]!;
    const stock = giveBack(state, line, line.open - quantity, "reserved", stamp, touched);
    stock.reserved -= quantity;
    stock.committed += quantity;
    if (line.open === 0) clearRisk(state, reservation, line);
  }
  state.openLines.delete(reservation.number);
  state.openLines.add(reservation.number, reservation.lines, "commit", stamp.sequence, stamp.timeMs);
}

export function evolveReleased(
  state: PartitionState,
  event: ReservationReleased,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const reservation = state.reservations.touch(event.reservation);
  assert(isOpen(reservation.state), "I3: a release of a reservation that has ended");
  const counter = reservation.state === "PENDING" ? "reserved" : "committed";
  for (let index = 0; index < reservation.lines.length; index++) {
    const line = reservation.lines[index]!;
    const quantity = event.quantities === undefined ? line.open : event.quantities[index]!;
    if (quantity === 0) continue;
    const stock = giveBack(state, line, quantity, counter, stamp, touched);
    if (counter === "committed" && (event.reason === "DISPATCH_FAILED" || line.atRisk)) {
      countEnded(state, stock, { fulfilled: 0, failed: quantity }, stamp.timeMs);
    }
    state.openLines.setOpen(reservation.number, index, line.open);
    if (line.open === 0) clearRisk(state, reservation, line);
  }
  advanceAfterRemoval(state, reservation, "release", stamp);
}

export function evolveDispatched(
  state: PartitionState,
  event: UnitsDispatched,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const reservation = state.reservations.touch(event.reservation);
  const line = reservation.lines[event.line]!;
  assert(reservation.state === "COMMITTED" && line.open >= event.quantity, "I2: a dispatch consumes committed units");
  const stock = state.stocks.touch(line.stock);
  stock.committed -= event.quantity;
  changed(stock, stamp);
  touched(stock);
  countEnded(state, stock, { fulfilled: event.quantity, failed: 0 }, stamp.timeMs);
  line.open -= event.quantity;
  line.dispatched += event.quantity;
  state.openLines.setOpen(reservation.number, event.line, line.open);
  if (line.open === 0) clearRisk(state, reservation, line);
  advanceAfterRemoval(state, reservation, "dispatch", stamp);
}

export function evolveRisk(state: PartitionState, event: RiskChanged, stamp: RecordStamp): void {
  const reservation = state.reservations.touch(event.reservation);
  reservation.lines[event.line]!.atRisk = event.atRisk;
  state.openLines.setAtRisk(event.reservation, event.line, event.atRisk);
  const atRisk = reservation.lines.some((line) => line.atRisk);
  if (atRisk === reservation.atRisk) return;
  setAtRisk(state, reservation, atRisk ? stamp.timeMs : 0);
  step(reservation, "risk_changed", stamp);
}
