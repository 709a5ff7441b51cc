/**
 * The one place where the state of a partition changes: evolve(state, event). It never refuses and consults nothing but the event,
 * so that replaying the journal gives the same state to the byte (decision 10). Lifecycle transitions come from the one machine.
 */
import { assert } from "./assertion.js";
import type { PartitionEvent } from "./event.js";
import { evolveDriftFound, evolveDriftResolved, evolveHealed, evolveQuarantine } from "./evolve/drift-events.js";
import { evolveErpEvent } from "./evolve/erp-events.js";
import {
  evolveCommitted,
  evolveDispatched,
  evolveMade,
  evolveReleased,
  evolveReopened,
  evolveReturned,
  evolveRisk,
} from "./evolve/reservation-events.js";
import { advance, changed, end, giveBack } from "./evolve/transitions.js";
import type { PartitionState } from "./partition-state.js";
import type { RecordStamp, StockTouched } from "./record-stamp.js";
import { newStock } from "./stock.js";

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
    case "StockHealed":
      evolveHealed(state, event, stamp, touched);
      return;
    case "QuarantineSet":
      evolveQuarantine(state, event, stamp, touched);
      return;
    case "DriftFound":
      evolveDriftFound(state, event, stamp, touched);
      return;
    case "DriftResolved":
      evolveDriftResolved(state, event, stamp);
      return;
    case "DegradedStepped": {
      const { sinceMs, step, units, percent } = event;
      state.degraded = { sinceMs, step, units, percent };
      state.degradedChanges += 1;
      return;
    }
  }
}
