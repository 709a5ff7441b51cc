/** Orders that are not covered by what is there: listed line by line for a person, who releases or keeps them (docs/api.md, Shortfall). */
import { warehouseNotFound } from "../actor/handlers/dealer-warehouse.js";
import { decodePageToken, encodePageToken, invalidPageToken } from "../actor/page-token.js";
import type { Turn } from "../actor/turn.js";
import { coveredByLines } from "../domain/coverage.js";
import { decideResolveRisk, noSuchReservation } from "../domain/decide/resolve-risk.js";
import type { AtRiskLine, ErpOperationAnswers, ListAtRisk, ResolveAtRisk } from "../domain/erp-operations.js";
import type { Refusal } from "../domain/refusal.js";
import type { Reservation } from "../domain/reservation.js";
import { parseReservationId } from "../domain/reservation-id.js";
import { LIMITS } from "../limits.js";
import type { PartitionStore } from "../snapshots/partition-store.js";
import { lowestNumbers } from "./lowest-numbers.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

const TOKEN = "at-risk";

/** A line of a reservation, by its index. */
interface Place {
  readonly partition: PartitionStore;
  readonly reservation: Reservation;
  readonly line: number;
}

/**
 * By warehouse, in the order in which the reservations were made. One call looks at a bounded number of reservations, so a page may
 * be short and still have a next one.
 */
export function listAtRisk(turn: Turn, command: ListAtRisk): Result<ErpOperationAnswers["ListAtRisk"]> {
  const start = command.pageToken === "" ? [0, 0, 0] : decodePageToken(TOKEN, command.pageToken, 3);
  if (start === undefined) return { refusal: invalidPageToken() };
  const only = command.warehouseId === "" ? undefined : turn.system.partition(command.warehouseId);
  if (command.warehouseId !== "" && only === undefined) return { refusal: warehouseNotFound(command.warehouseId) };
  const places: Place[] = [];
  const answer = (next: readonly number[]) => ({
    answer: { lines: linesOf(places), nextPageToken: next.length === 0 ? "" : encodePageToken(TOKEN, next) },
  });
  let looks = 0;
  for (let number = Math.max(1, start[0]!); number <= turn.system.tables.warehouses.count; number++) {
    const partition = only === undefined || only === number ? turn.store.partitions.get(number) : undefined;
    if (partition === undefined || partition.atRisk.size === 0) continue;
    const [, from = 0, fromLine = 0] = number === start[0] ? start : [];
    // One more than may be looked at, so that a full look has a place to go on from.
    for (const each of lowestNumbers(partition.atRisk, from, LIMITS.listScanMax - looks + 1)) {
      if (looks === LIMITS.listScanMax) return answer([number, each, 0]);
      looks += 1;
      const reservation = partition.reservations.peek(each)!;
      if (reservation.isKept && !command.includeKept) continue;
      for (let line = each === from ? fromLine : 0; line < reservation.lines.length; line++) {
        if (!reservation.lines[line]!.atRisk) continue;
        if (places.length === command.pageSize) return answer([number, each, line]);
        places.push({ partition, reservation, line });
      }
    }
  }
  return answer([]);
}

/** The lines with what of them is covered now: one walk for each stock, however many of its lines are shown. */
function linesOf(places: readonly Place[]): readonly AtRiskLine[] {
  const byStock = new Map<string, { readonly place: Place; readonly reservations: Set<number> }>();
  for (const place of places) {
    const known = byStock.get(stockKey(place));
    if (known !== undefined) known.reservations.add(place.reservation.number);
    else byStock.set(stockKey(place), { place, reservations: new Set([place.reservation.number]) });
  }
  const covered = new Map<string, ReadonlyMap<number, number>>();
  for (const [key, { place, reservations }] of byStock) {
    const stock = place.partition.stocks.get(place.reservation.lines[place.line]!.stock)!;
    covered.set(key, coveredByLines(place.partition, stock, reservations));
  }
  return places.map((place) => {
    const { reservation, line } = place;
    const { sku, open } = reservation.lines[line]!;
    return { reservation, sku, quantity: open, shortBy: open - covered.get(stockKey(place))!.get(reservation.number)! };
  });
}

function stockKey({ partition, reservation, line }: Place): string {
  return `${partition.partition}.${reservation.lines[line]!.stock}`;
}

export function resolveAtRisk(turn: Turn, command: ResolveAtRisk): Result<Reservation> {
  const parts = parseReservationId(command.reservationId, (epoch) => turn.system.nonce(epoch));
  const partition = parts === undefined ? undefined : turn.store.partitions.get(parts.partition);
  if (parts === undefined || partition === undefined) return { refusal: noSuchReservation(command.reservationId) };
  const decided = decideResolveRisk(partition, parts.number, command);
  if ("reason" in decided) return { refusal: decided };
  if (decided.length > 0) turn.record(partition, decided);
  return { answer: partition.reservations.get(parts.number)! };
}
