/**
 * What dealers are to be told of their orders, from the durable records alone: whose an outcome is, is taken from how its
 * reservation was made, not from what the outcome says.
 */
import type { JournalRecord, PartitionEvent } from "../../src/domain/event.js";

/** One event as it must be told, in the words of src/actor/service.ts; lines without their SKUs. */
export interface TrueOutcome {
  readonly eventId: string;
  readonly type: string;
  readonly revision: number;
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly { readonly quantity: number; readonly remaining: number }[];
  readonly reason: string;
  readonly occurredAtMs: number;
}

interface Owner {
  readonly dealerId: string;
  readonly orderId: string;
}

export class OrderTruth {
  readonly #warehouses = new Map<number, string>();
  /** By `partition/reservation`. */
  readonly #owners = new Map<string, Owner>();
  readonly #byDealer = new Map<string, TrueOutcome[]>();

  /** In the order of the journal. */
  of(dealerId: string): readonly TrueOutcome[] {
    return this.#byDealer.get(dealerId) ?? [];
  }

  durable(records: readonly JournalRecord[]): void {
    for (const record of records) {
      for (const event of record.events) {
        if (event.kind === "WarehouseOpened") this.#warehouses.set(event.partition, event.warehouseId);
        else if (record.partition !== 0) this.#take(record, event as PartitionEvent);
      }
    }
  }

  #take(record: JournalRecord, event: PartitionEvent): void {
    const { partition, epoch, sequence, timeMs } = record;
    if (event.kind === "ReservationMade") this.#owners.set(`${partition}/${event.reservation}`, event);
    else if (event.kind === "ReservationReopened") {
      this.#owners.set(`${partition}/${event.reservation}`, this.#owners.get(`${partition}/${event.ended}`)!);
    } else if (event.kind === "OutcomesTold") {
      for (const [index, { type, reservation, revision, lines, reason }] of event.outcomes.entries()) {
        const { dealerId, orderId } = this.#owners.get(`${partition}/${reservation}`)!;
        const told = this.#byDealer.get(dealerId) ?? [];
        this.#byDealer.set(dealerId, told);
        told.push({
          eventId: `o${epoch}.${partition}.${sequence}.${index}`,
          type,
          revision,
          dealerId,
          orderId,
          warehouseId: this.#warehouses.get(partition)!,
          lines: lines.map(({ quantity, remaining }) => ({ quantity, remaining })),
          reason,
          occurredAtMs: timeMs,
        });
      }
    }
  }
}
