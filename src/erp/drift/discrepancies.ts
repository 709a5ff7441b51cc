/** Discrepancies and runs, for a person to look at and to decide about. */
import { warehouseNotFound } from "../../actor/handlers/dealer-warehouse.js";
import { newestFirst } from "../../actor/newest-first.js";
import { decodePageToken, encodePageToken, invalidPageToken } from "../../actor/page-token.js";
import type { Turn } from "../../actor/turn.js";
import { heal } from "../../domain/decide/drift.js";
import { type Discrepancy, type DriftRun, isWaiting } from "../../domain/drift.js";
import type {
  ErpOperationAnswers,
  ListDiscrepancies,
  ListDriftRuns,
  ResolveDrift,
} from "../../domain/erp-operations.js";
import type { PartitionEvent } from "../../domain/event.js";
import { type FiguresAt, figuresAt } from "../../domain/movement.js";
import { type Refusal, refusal } from "../../domain/refusal.js";
import type { Stock } from "../../domain/stock.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

export function listDriftRuns(turn: Turn, command: ListDriftRuns): Result<ErpOperationAnswers["ListDriftRuns"]> {
  const { driftRuns } = turn.system.tables;
  const paged = pageOf<DriftRun>(
    driftRuns,
    "drift-runs",
    command,
    ({ source }) => command.source === "" || source === command.source,
  );
  if ("refusal" in paged) return paged;
  return { answer: { runs: paged.page.items, nextPageToken: paged.page.nextPageToken } };
}

export function listDiscrepancies(
  turn: Turn,
  command: ListDiscrepancies,
): Result<ErpOperationAnswers["ListDiscrepancies"]> {
  const number = turn.system.partition(command.warehouseId);
  if (number === undefined) return { refusal: warehouseNotFound(command.warehouseId) };
  const { discrepancies } = turn.store.partition(number);
  const wants = ({ runId, state }: Discrepancy) =>
    (command.runId === "" || runId === command.runId) && (command.includeResolved || isWaiting(state));
  const paged = pageOf<Discrepancy>(discrepancies, "discrepancies", command, wants);
  if ("refusal" in paged) return paged;
  const { items, nextPageToken } = paged.page;
  return { answer: { warehouseId: command.warehouseId, discrepancies: items, nextPageToken } };
}

function pageOf<Item extends { readonly number: number }>(
  table: { readonly count: number; get(number: number): Item | undefined },
  kind: string,
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string },
  wants: (item: Item) => boolean,
):
  | { readonly page: { readonly items: readonly Item[]; readonly nextPageToken: string } }
  | { readonly refusal: Refusal } {
  const start = pageToken === "" ? [table.count] : decodePageToken(kind, pageToken, 1);
  if (start === undefined || start[0]! > table.count) return { refusal: invalidPageToken() };
  const { items, next } = newestFirst<Item>({
    from: start[0]!,
    pageSize,
    read: (number) => table.get(number),
    next: ({ number }) => number - 1,
    wants,
    bytesOf: () => ITEM_BYTES,
  });
  return { page: { items, nextPageToken: next === 0 ? "" : encodePageToken(kind, [next]) } };
}

/** About what an item is in a page, with the longest names. */
const ITEM_BYTES = 1_024;

/** What a person decides. The same again is answered and changes nothing; what is settled cannot be decided otherwise. */
export function resolveDrift(turn: Turn, command: ResolveDrift): Result<ErpOperationAnswers["ResolveDrift"]> {
  const { warehouseId, attribution } = command;
  const number = turn.system.partition(warehouseId);
  if (number === undefined) return { refusal: warehouseNotFound(warehouseId) };
  const partition = turn.store.partition(number);
  const found = partition.discrepancies.get(command.number);
  if (found === undefined) return { refusal: notFound(command) };
  const answer = () => ({ answer: { warehouseId, discrepancy: partition.discrepancies.get(command.number)! } });
  if (found.state === command.resolution) return answer();
  const stock = partition.stocks.find(found.sku);
  if (!isWaiting(found.state)) return { refusal: isSettled(found, stock) };
  const events: PartitionEvent[] = [];
  if (command.resolution === "HEALED") {
    const healing = healingOf(partition, stock, found, command);
    if ("reason" in healing) return { refusal: healing };
    events.push(...healing.events);
  }
  const isOn = command.resolution === "QUARANTINED";
  if (stock !== undefined && stock.isQuarantined !== isOn) {
    events.push({ kind: "QuarantineSet", stock: stock.number, isOn, attribution });
  }
  events.push({ kind: "DriftResolved", number: command.number, state: command.resolution, attribution });
  turn.record(partition, events);
  return answer();
}

/** The correction of what was found, refused where the stock was counted, healed or handed to another source since. */
function healingOf(
  partition: PartitionStore,
  stock: Stock | undefined,
  found: Discrepancy,
  { attribution }: ResolveDrift,
): { readonly events: readonly PartitionEvent[] } | Refusal {
  const then = figuresThen(partition, stock, found);
  const isOutdated =
    then === undefined ||
    then.isSuperseded ||
    then.onHand !== found.ourOnHand ||
    then.unavailable !== found.ourUnavailable;
  const events = isOutdated ? undefined : heal(partition, stock, { ...found, attribution });
  return events === undefined ? outdated(found) : { events };
}

/** What our figures at the position's sequence are by now: a late event, a count or a healing may have changed them. */
function figuresThen(partition: PartitionStore, stock: Stock | undefined, found: Discrepancy): FiguresAt | undefined {
  if (stock === undefined || !stock.opened) return { onHand: 0, unavailable: 0, isSuperseded: false, isHealed: false };
  if (stock.source !== found.source || found.asOfSequence < stock.sourceFrom) return undefined;
  return figuresAt(partition, stock, found.source, found.asOfSequence);
}

function outdated({ sku, runId }: Discrepancy): Refusal {
  return refusal("DRIFT_OUTDATED", `${sku} was counted or corrected since; the difference that was found is no more.`, {
    metadata: { sku, run_id: runId },
  });
}

function notFound({ warehouseId, number }: ResolveDrift): Refusal {
  return refusal("DISCREPANCY_NOT_FOUND", `There is no discrepancy ${number} in warehouse ${warehouseId}.`, {
    metadata: { warehouse_id: warehouseId, number: String(number) },
  });
}

function isSettled({ number, state }: Discrepancy, stock: Stock | undefined): Refusal {
  const metadata = { number: String(number), state };
  const newer = stock?.waitingDiscrepancy ?? 0;
  if (state !== "SUPERSEDED" || newer === 0) {
    return refusal("DRIFT_RESOLVED", `Discrepancy ${number} is ${state} already.`, { metadata });
  }
  return refusal("DRIFT_RESOLVED", `Discrepancy ${number} was found anew: ${newer} is what waits for a decision.`, {
    metadata: { ...metadata, newer: String(newer) },
  });
}
