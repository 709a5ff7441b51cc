/** The closing table of the bad morning, in plain words, and whether it ended clean. */
import Table from "cli-table3";
import type { Reckoning } from "./reckoning.js";

/** The figures in plain words, each with what it counts, in the order in which they are shown. */
const MEANINGS = {
  outage_seconds: ["the ERP was unplugged for", "seconds"],
  orders: ["orders that dealers placed", "orders"],
  rejected: ["  rejected at once, not enough in stock", "orders"],
  fulfilled: ["  fulfilled, everything dispatched", "orders"],
  released: ["  given back by the dealer", "orders"],
  expired: ["  expired, never confirmed by the dealer", "orders"],
  open_and_covered: ["  still open, and covered by stock", "orders"],
  at_risk: ["  at risk, listed for a person", "orders"],
  unaccounted: ["  unaccounted for (must be 0)", "orders"],
  provisional: ["confirmed provisionally, without the ERP", "orders"],
  provisional_confirmed: ["  of these confirmed for good once it was back", "orders"],
  events_lost: ["events that the ERP lost", "events"],
  drift_injected: ["wrong figures caused: lost events, silent changes", "changes"],
  drift_found: ["  found by comparing positions", "stocks"],
  oversold_units: ["sold beyond the stock, not listed (must be 0)", "units"],
  unexplained_units: ["differences to the ERP's books (must be 0)", "units"],
} as const satisfies Partial<Record<keyof Reckoning, readonly [meaning: string, unit: string]>>;

/** The account for a newcomer, with the verdict under it. */
export function closingTable(reckoning: Reckoning): string {
  const table = new Table({
    head: ["the bad morning", "", "unit"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "left"],
  });
  for (const [name, [meaning, unit]] of Object.entries(MEANINGS)) {
    table.push([meaning, reckoning[name as keyof typeof MEANINGS].toLocaleString("en"), unit]);
  }
  const verdict = isClean(reckoning)
    ? "Nothing was sold twice, every order is accounted for, and both sides have the same figures."
    : "NOT CLEAN: see oversold units, unexplained units and unaccounted.";
  return `${table.toString()}\n${verdict}`;
}

/** Nothing was sold twice, nothing is unexplained, and nobody was forgotten. */
export function isClean(reckoning: Reckoning): boolean {
  return reckoning.oversold_units === 0 && reckoning.unexplained_units === 0 && reckoning.unaccounted === 0;
}
