/** What comparing positions changes: corrections, quarantines, what was found. */
import { isWaiting } from "../drift.js";
import type { DriftFound, DriftResolved, QuarantineSet, StockHealed } from "../event.js";
import type { PartitionState } from "../partition-state.js";
import type { RecordStamp, StockTouched } from "../record-stamp.js";
import { LAST_EVENTS_MAX } from "../stock.js";
import { addMovement } from "./erp-events.js";
import { changed } from "./transitions.js";

export function evolveHealed(
  state: PartitionState,
  event: StockHealed,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const stock = state.stocks.touch(event.stock);
  const { source, asOfSequence, runId, onHandDelta, unavailableDelta } = event;
  stock.opened = true;
  if (stock.source === "") stock.source = source;
  stock.onHand += onHandDelta;
  stock.unavailable += unavailableDelta;
  // Shown among the stock's events as the adjustment that it is.
  const body = {
    kind: "StockAdjusted",
    warehouseId: state.warehouseId,
    sku: stock.sku,
    delta: onHandDelta,
    reason: "drift healed",
    reference: runId,
  } as const;
  const shown = { source, sequence: asOfSequence, eventId: runId, occurredAtMs: stamp.timeMs, body };
  stock.lastEvents = [...stock.lastEvents.slice(1 - LAST_EVENTS_MAX), shown];
  changed(stock, stamp);
  touched(stock);
  addMovement(state, stock, {
    kind: "healed",
    source,
    sequence: asOfSequence,
    eventId: runId,
    timeMs: stamp.timeMs,
    onHandDelta,
    unavailableDelta,
    allocatedDelta: 0,
    consumed: [],
    exception: 0,
    isLate: true,
    reverses: 0,
  });
}

export function evolveQuarantine(
  state: PartitionState,
  event: QuarantineSet,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const stock = state.stocks.touch(event.stock);
  if (stock.isQuarantined !== event.isOn) state.quarantinedStocks += event.isOn ? 1 : -1;
  stock.isQuarantined = event.isOn;
  if (stock.opened) changed(stock, stamp);
  touched(stock);
}

export function evolveDriftFound(
  state: PartitionState,
  { kind: _, stock: waitsAt, ...found }: DriftFound,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  const number = state.discrepancies.count + 1;
  state.discrepancies.add({ number, ...found, createdAtMs: stamp.timeMs, decision: undefined });
  if (waitsAt === 0) return;
  const stock = state.stocks.touch(waitsAt);
  stock.waitingDiscrepancy = number;
  touched(stock);
}

export function evolveDriftResolved(state: PartitionState, event: DriftResolved, stamp: RecordStamp): void {
  const found = state.discrepancies.touch(event.number);
  found.state = event.state;
  found.decision = { ...event.attribution, decidedAtMs: stamp.timeMs };
  if (isWaiting(event.state)) return;
  const stock = state.stocks.find(found.sku);
  if (stock?.waitingDiscrepancy === event.number) state.stocks.touch(stock.number).waitingDiscrepancy = 0;
}
