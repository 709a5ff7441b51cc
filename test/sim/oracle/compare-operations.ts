/** Compares what operations people are shown of the ERP side with what the model expects. */
import type { AtRiskLine, ErpOperationAnswers } from "../../../src/domain/erp-operations.js";
import type { StoredException } from "../../../src/domain/partition-state.js";
import type { SourceView } from "../../../src/domain/source-view.js";
import type { SyncHealth } from "../../../src/domain/sync-health.js";
import type { DeadLetter } from "../../../src/domain/system-state.js";
import { same } from "./compare-parts.js";
import type { AtRiskPicture, Decision, HealthPicture, SourcePicture, StoredPicture } from "./request.js";

/**
 * A page must be a run of what there is now, from the beginning where it is the first, of as many as were asked for where there are as
 * many; one without a next page ends where the whole ends. `of` names an item, alike on both sides.
 */
export function comparePage<A, E>(
  decision: Decision,
  page: { readonly actual: readonly A[]; readonly expected: readonly E[]; readonly nextPageToken: string },
  of: { readonly actual: (item: A) => string; readonly expected: (item: E) => string },
): { readonly differences: string[]; readonly pairs: readonly (readonly [A, E])[] } {
  const { pageSize, pageToken } = askedFor(decision);
  const { actual, expected, nextPageToken } = page;
  const names = expected.map(of.expected);
  const found = actual.map(of.actual);
  const isFirst = pageToken === "";
  const from = isFirst || found.length === 0 ? 0 : names.indexOf(found[0]!);
  const wanted = names.slice(from, from + found.length);
  const isLast = nextPageToken === "";
  const pairs = actual.map((item, index) => [item, expected[from + index]!] as const);
  const differences = [
    ...same("items of the page", found, from === -1 ? ["a run of what there is"] : wanted),
    ...(isFirst ? same("length of the page", found.length, Math.min(pageSize, names.length)) : []),
    ...(isLast && found.length > 0 ? same("the last page's end", found.at(-1), names.at(-1)) : []),
    ...(found.length > pageSize ? [`a page of ${found.length} where ${pageSize} were asked for`] : []),
  ];
  return { differences, pairs: differences.length > 0 ? [] : pairs };
}

function askedFor({ request }: Decision): { readonly pageSize: number; readonly pageToken: string } {
  if (request.kind !== "command" || !("pageToken" in request.command)) throw new Error("no list was asked for");
  return request.command;
}

export function compareLetters(
  decision: Decision,
  { letters, nextPageToken }: ErpOperationAnswers["ListDeadLetters"],
  expected: readonly DeadLetter[],
): string[] {
  const name = ({ number, state }: DeadLetter) => `${number} ${state}`;
  const page = comparePage(decision, { actual: letters, expected, nextPageToken }, { actual: name, expected: name });
  return [...page.differences, ...page.pairs.flatMap(([one, other]) => compareLetter(one, other))];
}

export function compareLetter(actual: DeadLetter, expected: DeadLetter): string[] {
  return same(`dead letter ${expected.number}`, plain(actual), plain(expected));
}

/** The message as it came is bytes on one side and a copy of them on the other. */
function plain({ number, event, reason, createdAtMs, state }: DeadLetter): unknown {
  const what = "fault" in event ? { ...event, raw: [...event.raw] } : event;
  return { number, reason, createdAtMs, state, event: what };
}

export function compareExceptions(
  decision: Decision,
  { exceptions, nextPageToken }: ErpOperationAnswers["ListDispatchExceptions"],
  expected: readonly StoredPicture[],
): string[] {
  const name = ({ number }: { readonly number: number }) => String(number);
  const page = comparePage(decision, { actual: exceptions, expected, nextPageToken }, { actual: name, expected: name });
  return [...page.differences, ...page.pairs.flatMap(([one, other]) => compareException(one, other))];
}

export function compareException(actual: StoredException, expected: StoredPicture): string[] {
  const shown = ({ number, event, quantity, reason, createdAtMs, attached }: StoredPicture) => {
    return { number, event, quantity, reason, createdAtMs, attached };
  };
  return same(`dispatch exception ${expected.number}`, shown(actual), shown(expected));
}

/** Reservations are compared by the caller, who knows their ids. */
export function compareAtRisk(
  decision: Decision,
  { lines, nextPageToken }: ErpOperationAnswers["ListAtRisk"],
  expected: readonly AtRiskPicture[],
) {
  const name = (line: AtRiskLine | AtRiskPicture) => {
    const { dealerId, orderId, warehouseId, createdAtMs } = line.reservation;
    return [warehouseId, dealerId, orderId, createdAtMs, line.sku, line.quantity].join(" ");
  };
  const page = comparePage(decision, { actual: lines, expected, nextPageToken }, { actual: name, expected: name });
  const differences = page.pairs.flatMap(([one, other]) => [
    ...same(`short_by of ${name(one)}`, one.shortBy, other.shortBy),
    ...same(`since when ${name(one)} is at risk`, one.reservation.atRiskSinceMs, other.reservation.atRiskSinceMs),
    ...same(`whether ${name(one)} is kept`, one.reservation.isKept, other.reservation.kept),
  ]);
  return { differences: [...page.differences, ...differences], pairs: page.pairs };
}

export function compareSources(
  decision: Decision,
  { sources, nextPageToken }: ErpOperationAnswers["ListSources"],
  expected: readonly SourcePicture[],
): string[] {
  const name = ({ source }: { readonly source: string }) => source;
  const page = comparePage(decision, { actual: sources, expected, nextPageToken }, { actual: name, expected: name });
  return [...page.differences, ...page.pairs.flatMap(([one, other]) => compareSource(one, other))];
}

export function compareSource({ state, ...actual }: SourceView, { said, ...expected }: SourcePicture): string[] {
  const reads = state === "CATCHING_UP" || state === "RECONCILING" ? "LAGGING" : state;
  return [
    ...same(`source ${expected.source}`, actual, expected),
    ...(said.states.includes(reads) ? [] : [`source state is ${state}, expected ${said.states.join(" or ")}`]),
  ];
}

export function compareHealth(actual: SyncHealth, expected: HealthPicture): string[] {
  const { accuracy, openUnits, oldestOpenMs, sources, ...amounts } = expected;
  const ended = actual.accuracy.map(({ windowMs, fulfilled, failed }) => ({ windowMs, fulfilled, failed }));
  const ratios = accuracy.map(({ fulfilled, failed }) =>
    fulfilled + failed > 0 ? fulfilled / (fulfilled + failed) : undefined,
  );
  const found = Object.fromEntries(
    Object.keys(amounts).map((name) => [name, (actual[name as keyof SyncHealth] as { value: number }).value]),
  );
  return [
    ...same("accuracy", ended, accuracy),
    ...same(
      "ratios of accuracy",
      actual.accuracy.map(({ ratio }) => ratio),
      ratios,
    ),
    ...actual.accuracy.flatMap((one) => same("open units", one.openUnits, openUnits)),
    ...actual.accuracy.flatMap((one) => same("age of the oldest open unit", one.oldestOpenMs, oldestOpenMs)),
    ...same("measures", found, amounts),
    ...same(
      "sources",
      actual.sources.map(({ source }) => source),
      sources.map(({ source }) => source),
    ),
    ...actual.sources.flatMap((source, index) =>
      sources[index] === undefined ? [] : compareSource(source, sources[index]),
    ),
  ];
}
