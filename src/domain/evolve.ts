/**
 * The one place where the state of a partition changes: evolve(state, event). It never refuses and consults nothing but the event,
 * so that replaying the journal gives the same state to the byte (decision 10). Lifecycle transitions come from the one machine.
 */
import { countEnded } from "./accuracy.js";
import { assert } from "./assertion.js";
import type { ErpBody } from "./erp-event.js";
import type {
  ErpEventApplied,
  PartitionEvent,
  ReservationCommitted,
  ReservationMade,
  ReservationReleased,
  ReservationReopened,
  RiskChanged,
  UnitsDispatched,
  UnitsReturned,
} from "./event.js";
import { type LifecycleEvent, nextState } from "./lifecycle.js";
import type { Movement, MovementKind } from "./movement.js";
import type { PartitionState } from "./partition-state.js";
import { isOpen, openUnits, type Reservation, type ReservationLine, wasDispatched } from "./reservation.js";
import { LAST_EVENTS_MAX, newStock, type Stock } from "./stock.js";

/** Where in the partition's history an event stands. */
export interface RecordStamp {
  /** The record's sequence in its partition (I8). */
  readonly sequence: number;
  /** Service time of its turn, milliseconds. */
  readonly timeMs: number;
}

/** Called with each stock whose figures change. */
export type StockTouched = (stock: Stock) => void;

export function evolve(state: PartitionState, event: PartitionEvent, stamp: RecordStamp, touched: StockTouched): void {
  switch (event.kind) {
    case "StockOpened":
      state.stocks.add(newStock(event.stock, event.sku));
      return;
    case "StockPolicySet": {
      const stock = state.stocks.touch(event.stock);
      stock.safetyStock = event.safetyStock;
      stock.lowAt = event.lowAt;
      if (stock.opened) changed(stock, stamp);
      touched(stock);
      return;
    }
    case "ErpEventApplied":
      evolveErpEvent(state, event, stamp, touched);
      return;
    case "ErpEventRejected":
    case "OutcomesTold":
      return;
    case "DispatchUnmatched": {
      const stock = state.stocks.touch(event.stock);
      const number = state.exceptions.count + 1;
      state.exceptions.add({
        number,
        stock: event.stock,
        event: event.event,
        quantity: event.quantity,
        reason: event.reason,
        createdAtMs: stamp.timeMs,
        attached: 0,
        attachments: [],
        previousOfStock: stock.newestException,
      });
      stock.newestException = number;
      state.openExceptions += 1;
      return;
    }
    case "ReservationMade":
      evolveMade(state, event, stamp, touched);
      return;
    case "ReservationCommitted":
      evolveCommitted(state, event, stamp, touched);
      return;
    case "ReservationReleased":
      evolveReleased(state, event, stamp, touched);
      return;
    case "HoldExtended": {
      const reservation = advance(state, event.reservation, "extend", stamp);
      reservation.expiresAtMs = event.expiresAtMs;
      state.deadlines.set(reservation.number, event.expiresAtMs);
      return;
    }
    case "HoldExpired": {
      const reservation = advance(state, event.reservation, "expire", stamp, "PENDING");
      for (const line of reservation.lines) {
        if (line.open > 0) giveBack(state, line, line.open, "reserved", stamp, touched);
      }
      end(state, reservation);
      return;
    }
    case "UnitsDispatched":
      evolveDispatched(state, event, stamp, touched);
      return;
    case "RiskChanged":
      evolveRisk(state, event, stamp);
      return;
    case "RequestAnswered":
      state.answers.add(event);
      return;
    case "UnitsReturned":
      evolveReturned(state, event, stamp, touched);
      return;
    case "ReservationReopened":
      evolveReopened(state, event, stamp, touched);
      return;
    case "ProvisionalConfirmed": {
      const reservation = advance(state, event.reservation, "provisional_confirmed", stamp, "COMMITTED");
      reservation.provisional = false;
      state.provisional.delete(event.reservation);
      return;
    }
    case "RiskKept":
      state.reservations.touch(event.reservation).isKept = true;
      return;
    case "DispatchAttached": {
      const exception = state.exceptions.touch(event.exception);
      const { reservation, line, quantity } = event;
      exception.attached += quantity;
      if (reservation !== 0) exception.attachments = [...exception.attachments, { reservation, line, quantity }];
      assert(exception.attached <= exception.quantity, "I2: no more is attached than was unmatched");
      if (exception.attached === exception.quantity) state.openExceptions -= 1;
      return;
    }
    case "StockSourceMoved": {
      const stock = state.stocks.touch(event.stock);
      stock.source = event.source;
      stock.sourceFrom = event.fromSequence;
      return;
    }
    case "DegradedStepped": {
      const { sinceMs, step, units, percent } = event;
      state.degraded = { sinceMs, step, units, percent };
      state.degradedChanges += 1;
      return;
    }
  }
}

function evolveErpEvent(
  state: PartitionState,
  event: ErpEventApplied,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  if (event.stock === 0) return;
  const stock = state.stocks.touch(event.stock);
  stock.opened = true;
  if (stock.source === "") stock.source = event.event.source;
  stock.onHand += event.onHandDelta;
  stock.unavailable += event.unavailableDelta;
  stock.allocatedElsewhere += event.allocatedDelta;
  stock.lastEvents = [...stock.lastEvents.slice(1 - LAST_EVENTS_MAX), event.event];
  changed(stock, stamp);
  touched(stock);
  addMovement(state, stock, {
    kind: MOVEMENT_KINDS[event.event.body.kind],
    source: event.event.source,
    sequence: event.event.sequence,
    eventId: event.event.eventId,
    timeMs: stamp.timeMs,
    onHandDelta: event.onHandDelta,
    unavailableDelta: event.unavailableDelta,
    allocatedDelta: event.allocatedDelta,
    consumed: event.consumed,
    exception: event.exception,
    isLate: event.isLate,
    reverses: event.reverses,
  });
}

const MOVEMENT_KINDS: Readonly<Record<ErpBody["kind"], MovementKind>> = {
  StockReceived: "moved",
  StockAdjusted: "moved",
  StockCounted: "counted",
  StockBlocked: "moved",
  DemandAllocated: "moved",
  OrderDispatched: "dispatched",
  OrderClosed: "closed",
  StockReturned: "moved",
  EventReversed: "reversed",
};

/** Adds to the history of a stock that is touched already. */
export function addMovement(
  state: PartitionState,
  stock: Stock,
  movement: Omit<Movement, "number" | "stock" | "previous">,
): void {
  const number = state.movements.count + 1;
  state.movements.add({ number, stock: stock.number, previous: stock.newestMovement, ...movement });
  stock.newestMovement = number;
}

function evolveMade(state: PartitionState, event: ReservationMade, stamp: RecordStamp, touched: StockTouched): void {
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
function evolveReturned(state: PartitionState, event: UnitsReturned, stamp: RecordStamp, touched: StockTouched): void {
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
function evolveReopened(
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

function evolveCommitted(
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

function evolveReleased(
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

function evolveDispatched(
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

function evolveRisk(state: PartitionState, event: RiskChanged, stamp: RecordStamp): void {
  const reservation = state.reservations.touch(event.reservation);
  reservation.lines[event.line]!.atRisk = event.atRisk;
  state.openLines.setAtRisk(event.reservation, event.line, event.atRisk);
  const atRisk = reservation.lines.some((line) => line.atRisk);
  if (atRisk === reservation.atRisk) return;
  setAtRisk(state, reservation, atRisk ? stamp.timeMs : 0);
  step(reservation, "risk_changed", stamp);
}

/** The transition that taking units out of a reservation means: part of it, or all that was open. */
function advanceAfterRemoval(
  state: PartitionState,
  reservation: Reservation,
  cause: "release" | "dispatch",
  stamp: RecordStamp,
): void {
  if (openUnits(reservation) > 0) {
    step(reservation, cause === "release" ? "release_part" : "dispatch_part", stamp);
    return;
  }
  if (cause === "dispatch") step(reservation, "dispatch_rest", stamp);
  else step(reservation, wasDispatched(reservation) ? "release_rest_after_dispatch" : "release_rest", stamp);
  end(state, reservation);
}

function advance(
  state: PartitionState,
  number: number,
  event: LifecycleEvent,
  stamp: RecordStamp,
  from: Reservation["state"] = "PENDING",
): Reservation {
  const reservation = state.reservations.touch(number);
  assert(reservation.state === from, `I3: ${event} of a reservation that is ${reservation.state}`);
  step(reservation, event, stamp);
  return reservation;
}

function step(reservation: Reservation, event: LifecycleEvent, stamp: RecordStamp): void {
  const next = nextState(reservation.state, event);
  assert(next !== undefined, `I3: ${event} is not allowed in ${reservation.state}`);
  reservation.state = next;
  reservation.revision += 1;
  reservation.updatedAtMs = stamp.timeMs;
}

/** Takes an ended reservation out of everything that is derived from open ones. */
function end(state: PartitionState, reservation: Reservation): void {
  reservation.expiresAtMs = 0;
  setAtRisk(state, reservation, 0);
  reservation.provisional = false;
  state.provisional.delete(reservation.number);
  for (const line of reservation.lines) line.atRisk = false;
  state.openLines.delete(reservation.number);
  state.deadlines.delete(reservation.number);
  state.orders.delete(reservation.orderId, reservation.number);
  state.dealers.touch(reservation.dealer).openReservations -= 1;
}

function giveBack(
  state: PartitionState,
  line: ReservationLine,
  quantity: number,
  counter: "reserved" | "committed",
  stamp: RecordStamp,
  touched: StockTouched,
): Stock {
  const stock = state.stocks.touch(line.stock);
  stock[counter] -= quantity;
  line.open -= quantity;
  line.released += quantity;
  changed(stock, stamp);
  touched(stock);
  return stock;
}

function clearRisk(state: PartitionState, reservation: Reservation, line: ReservationLine): void {
  if (!line.atRisk) return;
  line.atRisk = false;
  if (!reservation.lines.some((other) => other.atRisk)) setAtRisk(state, reservation, 0);
}

/** `sinceMs` 0 for a reservation that is at risk no longer; what an operator decided about the risk ends with it. */
function setAtRisk(state: PartitionState, reservation: Reservation, sinceMs: number): void {
  reservation.atRisk = sinceMs > 0;
  reservation.atRiskSinceMs = sinceMs;
  if (reservation.atRisk) state.atRisk.add(reservation.number);
  else {
    state.atRisk.delete(reservation.number);
    reservation.isKept = false;
  }
}

function changed(stock: Stock, stamp: RecordStamp): void {
  stock.version += 1;
  stock.updatedAtMs = stamp.timeMs;
}

function dealerNumber(state: PartitionState, dealerId: string): number {
  const known = state.dealers.find(dealerId);
  if (known !== undefined) return known.number;
  const number = state.dealers.count + 1;
  state.dealers.add({ number, dealerId, newestReservation: 0, openReservations: 0 });
  return number;
}
