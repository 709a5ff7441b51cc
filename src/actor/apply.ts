import { assert } from "../domain/assertion.js";
import type { JournalRecord, PartitionEvent, SystemEvent } from "../domain/event.js";
import { evolve } from "../domain/evolve.js";
import type { RecordStamp, StockTouched } from "../domain/record-stamp.js";
import type { LogStore } from "../snapshots/log-store.js";
import type { PartitionStore } from "../snapshots/partition-store.js";

/** Evolves a partition with one event, and the ERP sources behind it: they move on in the same record (I12), and hand stocks over. */
export function applyPartitionEvent(
  store: LogStore,
  partition: PartitionStore,
  event: PartitionEvent,
  stamp: RecordStamp,
  touched: StockTouched,
): void {
  if (event.kind === "ErpEventApplied" || event.kind === "ErpEventRejected") {
    store.system.state.follow(event, stamp);
  }
  // The first event of a stock, or its first healing, makes it its source's.
  const isOfStock =
    event.kind === "ErpEventApplied" || event.kind === "StockSourceMoved" || event.kind === "StockHealed";
  const stock = isOfStock ? partition.stocks.get(event.stock) : undefined;
  const from = stock?.source ?? "";
  evolve(partition, event, stamp, touched);
  const to = stock?.source ?? "";
  if (from !== to) store.system.state.stockMoved(partition.partition, { from, to });
}

const ignore = (): void => {};

/** Takes one record of the journal into the state. Its sequence must be the partition's next (I8). */
export function applyRecord(store: LogStore, record: JournalRecord): void {
  const expected = store.sequence(record.partition) + 1;
  assert(
    record.sequence === expected,
    `I8: partition ${record.partition} goes on at ${expected}, not ${record.sequence}`,
  );
  const stamp: RecordStamp = { sequence: record.sequence, timeMs: record.timeMs };
  if (record.partition === 0) {
    for (const event of record.events) store.system.state.evolve(event as SystemEvent, stamp);
    store.system.sequence = record.sequence;
    return;
  }
  const partition = store.partition(record.partition);
  for (const event of record.events) {
    applyPartitionEvent(store, partition, event as PartitionEvent, stamp, ignore);
  }
  partition.sequence = record.sequence;
}
