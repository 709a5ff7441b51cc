/**
 * Recomputes the invariants from the journal alone, record by record (I1 to I4), and once more over the whole state at the end (I2).
 * Its sums come from the events, not from the counters that it checks.
 */
import type { ErpEventApplied, JournalRecord, PartitionEvent } from "../../domain/event.js";
import { isOpen } from "../../domain/reservation.js";
import { type Stock, shortfall } from "../../domain/stock.js";
import type { LogStore } from "../../snapshots/log-store.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";

/** A record or an item that breaks an invariant. */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";
}

interface Sums {
  onHand: number;
  unavailable: number;
  allocated: number;
}

type Deltas = Pick<ErpEventApplied, "stock" | "onHandDelta" | "unavailableDelta" | "allocatedDelta">;

export class InvariantCheck {
  readonly #store: LogStore;
  /** Sums over ERP events and healed drift by partition and stock number. */
  readonly #sums = new Map<number, Sums[]>();

  /** `store`: the state before the first record; what it has already is taken as it is. */
  constructor(store: LogStore) {
    this.#store = store;
    for (const { partition, stocks } of store.partitions.values()) {
      const sums: Sums[] = [];
      for (let number = 1; number <= stocks.count; number++) {
        const { onHand, unavailable, allocatedElsewhere } = stocks.peek(number)!;
        sums[number] = { onHand, unavailable, allocated: allocatedElsewhere };
      }
      this.#sums.set(partition, sums);
    }
  }

  /** Before the record is applied: a request is answered once (I4). */
  before(record: JournalRecord): void {
    if (record.partition === 0) return;
    const partition = this.#store.partition(record.partition);
    for (const event of record.events) {
      if (event.kind !== "RequestAnswered") continue;
      const known = partition.answers.find(event.dealerId, event.requestId, record.timeMs);
      if (known !== undefined) {
        throw new InvariantBroken(
          `I4: request ${event.requestId} of ${event.dealerId} is answered twice ${at(record)}`,
        );
      }
    }
  }

  /** After the record is applied: nothing was promised that was not there (I1). */
  after(record: JournalRecord): void {
    if (record.partition === 0) return;
    const partition = this.#store.partition(record.partition);
    for (const event of record.events as readonly PartitionEvent[]) {
      if (event.kind === "ErpEventApplied") this.#sum(record.partition, event);
      if (event.kind === "StockHealed") this.#sum(record.partition, { ...event, allocatedDelta: 0 });
      if (event.kind !== "ReservationMade") continue;
      for (const line of event.lines) {
        if (line.granted === 0) continue;
        const stock = partition.stocks.get(line.stock)!;
        if (shortfall(stock) > 0) throw new InvariantBroken(`I1: ${stock.sku} is oversold ${at(record)}`);
      }
    }
  }

  /** The counters equal the sums over reservations and over ERP events (I2); ended reservations have nothing open (I3). */
  finish(): { readonly stocks: number; readonly reservations: number } {
    let stocks = 0;
    let reservations = 0;
    for (const partition of this.#store.partitions.values()) {
      stocks += partition.stocks.count;
      reservations += partition.reservations.count;
      this.#checkPartition(partition);
    }
    return { stocks, reservations };
  }

  #checkPartition(partition: PartitionStore): void {
    const reserved = new Float64Array(partition.stocks.count + 1);
    const committed = new Float64Array(partition.stocks.count + 1);
    for (let number = 1; number <= partition.reservations.count; number++) {
      const reservation = partition.reservations.peek(number)!;
      for (const line of reservation.lines) {
        if (line.open > 0 && !isOpen(reservation.state)) {
          throw new InvariantBroken(`I3: reservation ${reservation.id} is ${reservation.state} with open units`);
        }
        if (reservation.state === "PENDING") reserved[line.stock]! += line.open;
        else committed[line.stock]! += line.open;
      }
    }
    const sums = this.#sums.get(partition.partition) ?? [];
    for (let number = 1; number <= partition.stocks.count; number++) {
      const stock = partition.stocks.peek(number)!;
      const sum = sums[number] ?? { onHand: 0, unavailable: 0, allocated: 0 };
      equal(partition, stock, "reserved", stock.reserved, reserved[number]!);
      equal(partition, stock, "committed", stock.committed, committed[number]!);
      equal(partition, stock, "on_hand", stock.onHand, sum.onHand);
      equal(partition, stock, "unavailable", stock.unavailable, sum.unavailable);
      equal(partition, stock, "allocated_elsewhere", stock.allocatedElsewhere, sum.allocated);
    }
  }

  #sum(partition: number, event: Deltas): void {
    let sums = this.#sums.get(partition);
    if (sums === undefined) {
      sums = [];
      this.#sums.set(partition, sums);
    }
    sums[event.stock] ??= { onHand: 0, unavailable: 0, allocated: 0 };
    const sum = sums[event.stock]!;
    sum.onHand += event.onHandDelta;
    sum.unavailable += event.unavailableDelta;
    sum.allocated += event.allocatedDelta;
  }
}

function equal(partition: PartitionStore, stock: Stock, name: string, counter: number, sum: number): void {
  if (counter === sum) return;
  throw new InvariantBroken(
    `I2: ${name} of ${stock.sku} in ${partition.warehouseId} is ${counter}; its events sum to ${sum}`,
  );
}

function at(record: JournalRecord): string {
  return `in record ${record.sequence} of partition ${record.partition}`;
}
