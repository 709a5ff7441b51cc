import type { OrderEvent } from "../actor/service.js";
import type { OrderOutcome } from "../domain/outcome.js";
import type { Reservation } from "../domain/reservation.js";
import type { BlockStart } from "../journal/journal.js";
import type { ToldRecord } from "../journal/records/told-reader.js";
import type { Place } from "./order-cursor.js";

/** Finds what of a reservation never changes: its id, dealer, order and SKUs. */
export type FindReservation = (partition: number, reservation: number) => Reservation;

/** One outcome in its block. What it says of its order is looked up when it is first asked for, and once for all who are told. */
export class ToldOutcome {
  readonly partition: number;
  /** The place of a consumer that has dealt with this one. */
  readonly place: Place;
  readonly #record: Omit<ToldRecord, "outcomes">;
  readonly #outcome: OrderOutcome;
  readonly #index: number;
  readonly #find: FindReservation;
  #event: OrderEvent | undefined;

  constructor(parts: {
    readonly block: BlockStart;
    /** Among all outcomes of the block. */
    readonly indexInBlock: number;
    readonly record: Omit<ToldRecord, "outcomes">;
    /** Among the outcomes of the record. */
    readonly index: number;
    readonly outcome: OrderOutcome;
    readonly find: FindReservation;
  }) {
    const { block, segment, offset } = parts.block;
    this.partition = parts.record.partition;
    this.place = { block, segment, offset, taken: parts.indexInBlock + 1 };
    this.#record = parts.record;
    this.#outcome = parts.outcome;
    this.#index = parts.index;
    this.#find = parts.find;
  }

  /** How much it holds in memory, in lines. */
  get cost(): number {
    return 1 + this.#outcome.lines.length;
  }

  /** The number of its order's dealer in the partition; 0 where the journal does not say. */
  get dealer(): number {
    return this.#outcome.dealer;
  }

  /** Looked up where the event has not been. */
  get dealerId(): string {
    return this.#event?.dealerId ?? this.#find(this.partition, this.#outcome.reservation).dealerId;
  }

  get event(): OrderEvent {
    this.#event ??= this.#resolve();
    return this.#event;
  }

  #resolve(): OrderEvent {
    const { partition, epoch, sequence, timeMs } = this.#record;
    const { type, reservation: number, revision, lines, reason } = this.#outcome;
    const reservation = this.#find(partition, number);
    return {
      // The same however often and from wherever it is told; a restored backup counts on under another epoch.
      eventId: `o${epoch}.${partition}.${sequence}.${this.#index}`,
      type,
      reservationId: reservation.id,
      revision,
      dealerId: reservation.dealerId,
      orderId: reservation.orderId,
      warehouseId: reservation.warehouseId,
      lines: lines.map(({ line, quantity, remaining }) => ({ sku: reservation.lines[line]!.sku, quantity, remaining })),
      reason,
      occurredAtMs: timeMs,
    };
  }
}

/** The outcomes of one record, one by one; `before` is how many of the block came before them. */
export function outcomesOf(
  { outcomes, ...record }: ToldRecord,
  block: BlockStart,
  before: number,
  find: FindReservation,
): readonly ToldOutcome[] {
  return outcomes.map(
    (outcome, index) => new ToldOutcome({ block, indexInBlock: before + index, record, index, outcome, find }),
  );
}
