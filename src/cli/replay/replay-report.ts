/** What a replay came to, as a table for people and as one JSON object for scripts. */
import { renderPairs, renderTable } from "../views/table.js";
import type { Difference } from "./recount.js";
import type { ReplayResult } from "./replay.js";

/** Of many differences, as many as help to find the cause. */
const DIFFERENCES_SHOWN = 20;

const COUNTING =
  "An order that was fulfilled was committed before; one that is none of committed, released and expired is held still.\n" +
  "Lines are those of orders; rows of the file that cancel are not among them.";

/** Whether the promise held: nothing oversold, nothing unexplained. */
export function isClean(result: ReplayResult): boolean {
  return result.oversoldUnits === 0 && result.unexplained.length === 0;
}

/** For a person. */
export function describeResult(result: ReplayResult): string {
  const { tally } = result;
  const pairs: [string, string | number][] = [
    ["orders", tally.orders],
    ["lines", tally.lines],
    ["reserved", tally.reserved],
    ["partly", tally.partly],
    ["rejected", tally.rejected],
    ...Array.from(tally.refused, ([reason, count]): [string, number] => [`refused ${reason}`, count]),
    ["committed", tally.committed],
    ["released", tally.released],
    ["expired", result.expired],
    ["fulfilled", result.fulfilled],
    ["p50", `${tally.percentileMs(50).toFixed(2)} ms`],
    ["p99", `${tally.percentileMs(99).toFixed(2)} ms`],
    ["lines a second", linesPerSecond(result)],
  ];
  const parts = [renderPairs(pairs), COUNTING];
  if (result.skipped.size > 0) {
    const rows = [...result.skipped].sort(([, a], [, b]) => b - a);
    parts.push(renderTable([{ title: "SKIPPED BECAUSE" }, { title: "ROWS", align: "right" }], rows));
  }
  parts.push(describeRecount(result));
  return parts.join("\n\n");
}

/** For a script: one object on one line. */
export function resultAsJson(result: ReplayResult): string {
  const { tally } = result;
  return JSON.stringify({
    orders: tally.orders,
    lines: tally.lines,
    reserved: tally.reserved,
    partly: tally.partly,
    rejected: tally.rejected,
    refused: Object.fromEntries(tally.refused),
    committed: tally.committed,
    released: tally.released,
    expired: result.expired,
    fulfilled: result.fulfilled,
    p50_ms: tally.percentileMs(50),
    p99_ms: tally.percentileMs(99),
    lines_per_s: linesPerSecond(result),
    skipped: Object.fromEntries(result.skipped),
    stocks_compared: result.stocksCompared,
    reservations_compared: result.reservationsCompared,
    oversold_units: result.oversoldUnits,
    unexplained_differences: result.unexplained.length,
    differences: result.unexplained.slice(0, DIFFERENCES_SHOWN),
  });
}

function describeRecount(result: ReplayResult): string {
  const { oversoldUnits, unexplained, stocksCompared, reservationsCompared } = result;
  const verdict = [
    `Recount of ${stocksCompared} stocks and ${reservationsCompared} reservations from the answers alone:`,
    `${oversoldUnits} units oversold, ${unexplained.length} unexplained differences.`,
  ].join(" ");
  if (unexplained.length === 0) return verdict;
  return `${verdict}\n\n${describeDifferences(unexplained)}`;
}

function describeDifferences(differences: readonly Difference[]): string {
  const table = renderTable(
    [{ title: "DIFFERS" }, { title: "IN" }, { title: "BY THE ANSWERS" }, { title: "BY THE SERVER" }],
    differences.slice(0, DIFFERENCES_SHOWN).map((each) => [each.subject, each.field, each.expected, each.found]),
  );
  const more = differences.length - DIFFERENCES_SHOWN;
  return more > 0 ? `${table}\n... and ${more} more` : table;
}

function linesPerSecond({ tally }: ReplayResult): number {
  return tally.playedMs === 0 ? 0 : Math.round((tally.lines / tally.playedMs) * 1_000);
}
