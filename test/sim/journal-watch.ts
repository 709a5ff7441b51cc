/** Reads every record as it becomes durable: holds the records to the invariants, and sees rare meetings of decisions. */
import type { JournalRecord } from "../../src/domain/event.js";
import { JournalLedger } from "../domain/journal-ledger.js";
import type { Coverage } from "./coverage.js";
import { Finding } from "./simulation-context.js";

export class JournalWatch {
  readonly #coverage: Coverage;
  readonly #ledgers = new Map<number, JournalLedger>();
  /** Commits as `partition/number@time of decision`. */
  readonly #commits = new Set<string>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  /** A commit was decided. Ids carry partition and number in base 36. */
  commitDecided(reservationId: string, nowMs: number): void {
    const parts = /^r(\w+)\.\w+\.(\w+)\./.exec(reservationId);
    if (parts === null) return;
    this.#commits.add(`${Number.parseInt(parts[1]!, 36)}/${Number.parseInt(parts[2]!, 36)}@${nowMs}`);
  }

  durable(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (record.partition === 0) continue;
      this.#seeExpiries(record);
      this.#seeRareEvents(record);
      let ledger = this.#ledgers.get(record.partition);
      if (ledger === undefined) {
        ledger = new JournalLedger();
        this.#ledgers.set(record.partition, ledger);
      }
      try {
        ledger.take(record);
      } catch (cause) {
        const { message } = cause as Error;
        throw new Finding(`record ${record.sequence} of partition ${record.partition}: ${message}`, { cause });
      }
    }
  }

  #seeRareEvents({ events }: JournalRecord): void {
    for (const event of events) {
      if (event.kind === "ReservationReopened") {
        this.#coverage.count("a dispatch was undone after its reservation had ended");
      }
      if (event.kind !== "ProvisionalConfirmed") continue;
      const isCoveredAgain = events.some((one) => one.kind === "RiskChanged" && one.reservation === event.reservation);
      if (isCoveredAgain) this.#coverage.count("a provisional order that was at risk was confirmed");
    }
  }

  #seeExpiries({ partition, timeMs, events }: JournalRecord): void {
    for (const event of events) {
      if (event.kind !== "HoldExpired") continue;
      if (!this.#commits.has(`${partition}/${event.reservation}@${timeMs}`)) continue;
      this.#coverage.count("a commit arrived in the same turn as the expiry");
    }
  }
}
