/** What a record has to tell of orders, from the ledger before and after it alone. It shares no code with the telling. */
import type { JournalLedger } from "./journal-ledger.js";

/** What of a reservation an outcome is seen by. */
interface Seen {
  readonly isCommitted: boolean;
  readonly end: string;
  readonly isAtRisk: boolean;
  readonly dispatched: number;
  readonly released: number;
  readonly confirmations: number;
}

export type LedgerPicture = ReadonlyMap<number, Seen>;

export function pictureOf(ledger: JournalLedger): LedgerPicture {
  const picture = new Map<number, Seen>();
  for (const { number, lines, committedAt, end, confirmations } of ledger.reservations.values()) {
    picture.set(number, {
      isCommitted: committedAt > 0,
      end,
      isAtRisk: lines.some(({ atRisk }) => atRisk),
      dispatched: lines.reduce((sum, line) => sum + line.dispatched, 0),
      released: lines.reduce((sum, line) => sum + line.released, 0),
      confirmations,
    });
  }
  return picture;
}

const NOTHING: Seen = { isCommitted: false, end: "", isAtRisk: false, dispatched: 0, released: 0, confirmations: 0 };

/** `number TYPE`, sorted. */
export function expectedOutcomes(before: LedgerPicture, after: LedgerPicture): readonly string[] {
  const outcomes: string[] = [];
  for (const [number, now] of after) {
    const then = before.get(number) ?? NOTHING;
    const isOver = now.end !== "" && then.end === "";
    const types = [
      (now.isCommitted && !then.isCommitted) || now.dispatched < then.dispatched ? ["COMMITTED"] : [],
      isOver && now.end === "EXPIRED" ? ["EXPIRED", "RESUBMISSION_NEEDED"] : [],
      now.released > then.released && now.end !== "EXPIRED" ? ["RELEASED"] : [],
      now.dispatched > then.dispatched ? ["DISPATCHED"] : [],
      isOver && now.end === "FULFILLED" ? ["FULFILLED"] : [],
      now.isAtRisk && !then.isAtRisk ? ["AT_RISK"] : [],
      then.isAtRisk && !now.isAtRisk && now.end === "" ? ["COVERED_AGAIN"] : [],
      now.confirmations > then.confirmations ? ["PROVISIONAL_CONFIRMED"] : [],
    ];
    outcomes.push(...types.flat().map((type) => `${number} ${type}`));
  }
  return outcomes.sort();
}
