/** Commit, release and extend, as docs/api.md words them: fields, then repeats, then ownership, then state, then quantities. */
import type { Commit, Extend, LineRequest, Release } from "../../../src/domain/command.js";
import type { RefusalReason } from "../../../src/domain/refusal.js";
import { countFailed } from "./accuracy-rules.js";
import { isProvisional } from "./degraded-rules.js";
import { changed, holdUntil } from "./ending-rules.js";
import { freshness } from "./freshness-rules.js";
import { isFull, type Mutation, recall, remember } from "./memory-rules.js";
import { type ModelReservation, type ModelState, picture, stockKey } from "./model-state.js";
import { effectivePolicy } from "./policy-rules.js";
import { refused } from "./refused.js";
import type { Expected } from "./request.js";
import { covered } from "./stock-rules.js";

/** `number` is the model's number of the reservation that the command names; undefined if it names none. */
type Change<C extends Mutation> = { readonly nowMs: number; readonly number: number | undefined; readonly command: C };

export function commit(state: ModelState, change: Change<Commit>): Expected {
  return onOwn(state, change, ["COMMITTED"], (reservation) => {
    const wanted = wantedOf(reservation, change.command.lines);
    if (wanted === undefined) return refused("QUANTITY_EXCEEDED");
    for (const line of reservation.lines) {
      const units = wanted.get(line.sku)!;
      if (units === 0) continue;
      const stock = state.stocks.get(stockKey(reservation.warehouseId, line.sku))!;
      if (units > covered(state, stock).get(reservation.number)!) return refused("STOCK_SHORTFALL");
    }
    for (const line of reservation.lines) {
      const units = wanted.get(line.sku)!;
      line.released += line.open - units;
      line.open = units;
    }
    reservation.state = "COMMITTED";
    state.lastCommit += 1;
    reservation.commitOrder = state.lastCommit;
    reservation.committedAtMs = change.nowMs;
    reservation.provisional = isProvisional(state, reservation.warehouseId);
    changed(state, [reservation], { nowMs: change.nowMs, exact: true }, "RELEASED");
    return undefined;
  });
}

export function release(state: ModelState, change: Change<Release>): Expected {
  return onOwn(state, change, [], (reservation) => {
    const wanted = wantedOf(reservation, change.command.lines);
    if (wanted === undefined) return refused("QUANTITY_EXCEEDED");
    for (const line of reservation.lines) {
      const units = wanted.get(line.sku)!;
      countFailed(state, reservation, line, { units, reason: change.command.reason, nowMs: change.nowMs });
      line.released += units;
      line.open -= units;
    }
    changed(state, [reservation], { nowMs: change.nowMs, exact: true }, "RELEASED");
    return undefined;
  });
}

export function extend(state: ModelState, change: Change<Extend>): Expected {
  return onOwn(state, change, ["COMMITTED"], (reservation) => {
    const { warehouseId, dealerId } = reservation;
    const policy = effectivePolicy(state, { warehouseId, sku: "", dealerId });
    const holdMs = change.command.holdMs === 0 ? policy.holdDefaultMs : change.command.holdMs;
    const deadlineMs = change.nowMs + holdMs;
    if (deadlineMs > reservation.createdAtMs + policy.holdMaxMs) return refused("LIMIT_EXCEEDED");
    changed(state, [reservation], { nowMs: change.nowMs, exact: true }, "RELEASED");
    holdUntil(state, reservation, deadlineMs);
    return undefined;
  });
}

/** What all three have in common: the repeat, the owner, the state; and the answer when `apply` found nothing to refuse. */
function onOwn<C extends Mutation>(
  state: ModelState,
  change: Change<C>,
  wrongStates: readonly string[],
  apply: (reservation: ModelReservation) => Expected | undefined,
): Expected {
  const reservation = change.number === undefined ? undefined : state.reservations.get(change.number);
  // docs/api.md does not say whether a full memory of requests is told before what else is wrong.
  const orElse: readonly RefusalReason[] = isFull(state) ? ["OVERLOADED"] : [];
  if (reservation === undefined) return refused("RESERVATION_NOT_FOUND", orElse);
  const { warehouseId } = reservation;
  const first = recall(state, change.nowMs, warehouseId, change.command);
  if (first !== undefined) return first;
  if (reservation.dealerId !== change.command.dealerId) return refused("RESERVATION_NOT_FOUND", orElse);
  const ended = ["EXPIRED", "RELEASED", "FULFILLED", ...wrongStates].includes(reservation.state);
  if (ended) return refused(`RESERVATION_${reservation.state}` as RefusalReason, orElse);
  if (isFull(state)) return refused("OVERLOADED");
  const refusal = apply(reservation);
  if (refusal !== undefined) return refusal;
  const fresh = freshness(state, warehouseId, change.nowMs);
  const answer = { kind: "reservation", reservation: picture(reservation), freshness: fresh } as const;
  return remember(state, { nowMs: change.nowMs, warehouseId }, change.command, answer);
}

/** Units by SKU, 0 for lines not named; undefined when a line names more than is open, or a SKU that is not in it. */
function wantedOf(reservation: ModelReservation, lines: readonly LineRequest[]): Map<string, number> | undefined {
  if (lines.length === 0) return new Map(reservation.lines.map((line) => [line.sku, line.open]));
  const wanted = new Map(reservation.lines.map((line) => [line.sku, 0]));
  for (const { sku, quantity } of lines) {
    const before = wanted.get(sku);
    if (before === undefined) return undefined;
    wanted.set(sku, before + quantity);
  }
  return reservation.lines.every((line) => wanted.get(line.sku)! <= line.open) ? wanted : undefined;
}
