/** What runs are to have met: every kind of fault, and the rare events that bugs hide behind. A counter each; none may stay at zero. */

const FAULTS = [
  "disk: a write was torn by a crash",
  "disk: unsynced writes were lost in a crash",
  "disk: a write or sync failed, and reading back lied",
  "disk: a write or sync failed, and was done all the same",
  "disk: an operation failed with EIO",
  "disk: no space, once",
  "disk: no space, for long",
  "disk: a short read",
  "disk: a short write",
  "disk: a bit flipped at rest",
  "snapshots: acknowledged batches were lost",
  "snapshots: a page went missing",
  "snapshots: a page was stale",
  "snapshots: a page was wrong",
  "snapshots: CHECKPOINT was damaged or gone",
  "snapshots: a read failed",
  "snapshots: a write failed",
  "process: the machine crashed",
  "process: killed",
  "process: stopped cleanly",
  "process: a slow start",
  "process: a long stall",
  "clock: a timer was late",
  "clock: a timer was early",
  "clock: a timer was doubled",
  "clock: a timer was lost",
  "clock: the wall clock jumped forward",
  "clock: the wall clock jumped back",
  "callers: a retry with the same id",
  "callers: an id with other content",
  "callers: a duplicate in flight",
  "callers: orders crossed on the same SKUs",
  "callers: a hoarder took what there was",
  "callers: a hold was abandoned",
  "callers: a caller went away",
  "callers: a stranger asked",
  "ERP: an event was duplicated",
  "ERP: events were reordered",
  "ERP: an event was lost, and sent again later",
  "ERP: an event was late",
  "ERP: a count contradicted",
  "ERP: a dispatch for a reservation that had ended",
  "ERP: a sequence was used again for another event",
  "ERP: an event that cannot be taken",
  "ERP: an event was lost for ever",
  "ERP: an event came after it was passed over",
  "ERP: an event was undone",
  "ERP: an event was undone twice",
  "ERP: it was away for a while",
  "ERP: a position was wrong",
] as const;

const RARE_EVENTS = [
  "a commit arrived in the same turn as the expiry",
  "a commit was decided in the very millisecond of the deadline",
  "a crash fell before an append was written",
  "a crash fell between append and sync",
  "a crash fell between sync and answer",
  "a crash fell while the log was being opened",
  "a crash fell while a checkpoint was being written",
  "a block of unknown outcome survived",
  "a block of unknown outcome was lost",
  "a decision was lost that no caller had heard of",
  "a retry was answered from memory",
  "a retry was answered after a restart",
  "a retry was answered from the snapshot",
  "a retry resolved an unknown outcome",
  "several decisions shared a block",
  "a decision was made while an append was in flight",
  "the log went on in a new segment",
  "a start replayed the journal's tail after a checkpoint",
  "a start was held to every invariant",
  "the snapshot was made anew from the journal",
  "the snapshot was made anew from an image",
  "an image was made",
  "segments were removed behind images",
  "a backup was made",
  "a backup was made while the service went on",
  "a backup was broken off",
  "a backup failed of a fault",
  "a backup was restored",
  "a restore gave up what came after its backup",
  "a request from before a backup was answered again after the restore",
  "a damaged backup was refused",
  "a failed write was overcome without a crash",
  "recovery failed, and a later start succeeded",
  "the inbox was full",
  "a partial reservation was made",
  "a quota refused an order",
  "a shortfall put a reservation at risk",
  "an event waited ahead of a gap",
  "a source was lost",
  "a source was back",
  "a source was lost and came back across a crash",
  "the buffer took its sixth step",
  "a gap was skipped by policy",
  "a late event was superseded",
  "a dispatch was undone after its reservation had ended",
  "a provisional order that was at risk was confirmed",
  "a provisional order was confirmed",
  "a provisional order was listed at risk",
  "positions were compared while later events had been applied",
  "positions drifted",
  "a stock was healed",
  "a gap was skipped by an operator",
  "a dead letter was replayed",
  "a dispatch was attached by an operator",
  "a dealer was told of his order",
  "a dealer was told to send his order again",
  "a dealer went on from an older cursor",
  "a dealer's cursor was older than what is kept",
  "a dealer's cursor was from before a restore",
  "an order at risk was kept",
  "an order at risk was released by an operator",
  "a flipped bit was refused",
  "a flipped bit of an image did no harm",
  "a flipped bit fell into the last moments, and was cut as torn",
] as const;

export const COUNTERS = [...FAULTS, ...RARE_EVENTS] as const;
export type Counter = (typeof COUNTERS)[number];

export class Coverage {
  readonly #counts = new Map<Counter, number>(COUNTERS.map((counter) => [counter, 0]));

  count(counter: Counter, times = 1): void {
    this.#counts.set(counter, this.of(counter) + times);
  }

  of(counter: Counter): number {
    return this.#counts.get(counter)!;
  }

  add(other: Coverage): void {
    for (const [counter, times] of other.#counts) this.count(counter, times);
  }

  get missing(): readonly Counter[] {
    return COUNTERS.filter((counter) => this.of(counter) === 0);
  }

  /** Faults over all kinds. */
  get faults(): number {
    return FAULTS.reduce((sum, counter) => sum + this.of(counter), 0);
  }

  /** One line for each counter, the number first. */
  table(): string {
    return COUNTERS.map((counter) => `${String(this.of(counter)).padStart(9)}  ${counter}`).join("\n");
  }

  /** To hand the counts from one process to another. */
  toJson(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  static fromJson(counts: Record<string, number>): Coverage {
    const coverage = new Coverage();
    for (const counter of COUNTERS) coverage.count(counter, counts[counter] ?? 0);
    return coverage;
  }
}
