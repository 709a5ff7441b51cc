/** Reserve, as docs/api.md words it: where, whether at all, and how much of each line. */
import type { Reserve, Shortage } from "../../../src/domain/command.js";
import type { EffectivePolicy } from "../../../src/domain/policy.js";
import { isProvisional } from "./degraded-rules.js";
import { holdUntil } from "./ending-rules.js";
import { freshness } from "./freshness-rules.js";
import { isFull, recall, remember, retentionMs } from "./memory-rules.js";
import { isOpen, type ModelReservation, type ModelState, picture, stockKey } from "./model-state.js";
import { effectivePolicy } from "./policy-rules.js";
import { refused } from "./refused.js";
import type { Expected } from "./request.js";
import { figures, isSeen } from "./stock-rules.js";

export function reserve(state: ModelState, nowMs: number, command: Reserve): Expected {
  const quantities = summed(command);
  if ([...quantities.values()].some((quantity) => quantity > Number.MAX_SAFE_INTEGER)) return refused("INVALID_FIELD");
  for (const warehouseId of warehousesToRecallFrom(state, nowMs, command)) {
    const first = recall(state, nowMs, warehouseId, command);
    if (first !== undefined) return first;
  }
  const warehouseId = warehouseOf(state, command);
  if (typeof warehouseId !== "string") {
    // docs/api.md does not say whether a full memory of requests is told before what else is wrong.
    return isFull(state) && warehouseId.kind === "refused" ? refused("OVERLOADED", warehouseId.reasons) : warehouseId;
  }
  if (isFull(state)) return refused("OVERLOADED");

  const policy = effectivePolicy(state, { warehouseId, sku: "", dealerId: command.dealerId });
  const holdMs = command.holdMs === 0 ? policy.holdDefaultMs : command.holdMs;
  if (!command.commit && holdMs > policy.holdMaxMs) return refused("LIMIT_EXCEEDED");
  const unknown = [...quantities.keys()].filter((sku) => !isSeen(state, warehouseId, sku));
  if (!command.partial && unknown.length > 0) return { kind: "refused", reasons: ["SKU_NOT_FOUND"], names: unknown };

  const at = { nowMs, warehouseId };
  const shortages = shortagesOf(state, warehouseId, quantities);
  const granted = grantedOf(command, quantities, shortages);
  const fresh = freshness(state, warehouseId, nowMs);
  if ([...granted.values()].every((units) => units === 0)) {
    const answer = {
      kind: "reserve",
      outcome: "REJECTED",
      reservation: undefined,
      shortages: shortages.map((shortage) => ({ ...shortage, available: toldOf(shortage, policy) })),
      freshness: fresh,
    } as const;
    return remember(state, at, command, answer);
  }
  // Only what would be made counts: an order that is rejected anyway is told so.
  if (openOf(state, command.dealerId, warehouseId) >= (policy.openReservationsMax ?? Number.POSITIVE_INFINITY)) {
    return refused("QUOTA_EXCEEDED");
  }
  const made = make(state, at, command, { quantities, granted, holdMs });
  const outcome = shortages.length > 0 ? "PARTIALLY_RESERVED" : "RESERVED";
  return remember(state, at, command, {
    kind: "reserve",
    outcome,
    reservation: picture(made),
    shortages,
    freshness: fresh,
  });
}

/** The same SKU twice is one line, where it stood first. */
function summed(command: Reserve): Map<string, number> {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of command.lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return quantities;
}

/** A request that names no warehouse may be a retry of one from before the dealer was moved. */
function warehousesToRecallFrom(state: ModelState, nowMs: number, command: Reserve): string[] {
  if (command.warehouseId !== "") return [command.warehouseId];
  const known = state.dealers.get(command.dealerId);
  if (known === undefined) return [];
  const oldestMs = nowMs - retentionMs(state);
  const former = known.former.filter(({ untilMs }) => untilMs >= oldestMs).map(({ warehouseId }) => warehouseId);
  return [known.dealer.warehouseId, ...former];
}

function warehouseOf(state: ModelState, command: Reserve): string | Expected {
  const registered = state.dealers.get(command.dealerId)?.dealer;
  if (registered !== undefined) {
    const isHis = command.warehouseId === "" || command.warehouseId === registered.warehouseId;
    if (isHis) return registered.warehouseId;
    return refused(state.warehouses.has(command.warehouseId) ? "WAREHOUSE_NOT_ASSIGNED" : "WAREHOUSE_NOT_FOUND", [
      "WAREHOUSE_NOT_ASSIGNED",
    ]);
  }
  if (command.warehouseId === "" || state.settings.requireKnown) return refused("DEALER_NOT_FOUND");
  return state.warehouses.has(command.warehouseId) ? command.warehouseId : refused("WAREHOUSE_NOT_FOUND");
}

function openOf(state: ModelState, dealerId: string, warehouseId: string): number {
  let count = 0;
  for (const reservation of state.reservations.values()) {
    if (reservation.dealerId !== dealerId || reservation.warehouseId !== warehouseId) continue;
    if (isOpen(reservation)) count += 1;
  }
  return count;
}

function shortagesOf(state: ModelState, warehouseId: string, quantities: ReadonlyMap<string, number>): Shortage[] {
  const shortages: Shortage[] = [];
  for (const [sku, requested] of quantities) {
    const { seen, shortfall, availableToPromise: available } = figures(state, warehouseId, sku);
    if (!seen) shortages.push({ sku, requested, available: 0, reason: "UNKNOWN_SKU" });
    else if (shortfall > 0) shortages.push({ sku, requested, available: 0, reason: "SHORTFALL" });
    else if (available < requested) shortages.push({ sku, requested, available, reason: "INSUFFICIENT" });
  }
  return shortages;
}

/** Whoever is granted nothing hears no more of a stock than he would by asking what is available. */
function toldOf({ available }: Shortage, { availabilityPrecision, availabilityCap }: EffectivePolicy): number {
  if (availabilityPrecision === "LEVEL") return 0;
  return availabilityPrecision === "CAPPED" ? Math.min(available, availabilityCap) : available;
}

function grantedOf(
  command: Reserve,
  quantities: ReadonlyMap<string, number>,
  shortages: readonly Shortage[],
): Map<string, number> {
  const granted = new Map(quantities);
  for (const { sku, available } of shortages) granted.set(sku, available);
  if (!command.partial && shortages.length > 0) for (const sku of granted.keys()) granted.set(sku, 0);
  return granted;
}

function make(
  state: ModelState,
  at: { readonly nowMs: number; readonly warehouseId: string },
  command: Reserve,
  what: {
    readonly quantities: ReadonlyMap<string, number>;
    readonly granted: ReadonlyMap<string, number>;
    readonly holdMs: number;
  },
): ModelReservation {
  state.lastReservation += 1;
  const made: ModelReservation = {
    number: state.lastReservation,
    dealerId: command.dealerId,
    orderId: command.orderId,
    warehouseId: at.warehouseId,
    lines: [...what.quantities].map(([sku, requested]) => {
      return { sku, requested, open: what.granted.get(sku)!, dispatched: 0, released: 0, atRisk: false };
    }),
    createdAtMs: at.nowMs,
    updatedAtMs: at.nowMs,
    updatedExactly: true,
    state: command.commit ? "COMMITTED" : "PENDING",
    expiresAtMs: 0,
    atRisk: false,
    revision: 1,
    toldByExpiry: false,
    commitOrder: 0,
    committedAtMs: 0,
    provisional: command.commit && isProvisional(state, at.warehouseId),
    reopenedFrom: 0,
    atRiskSinceMs: 0,
    kept: false,
  };
  state.reservations.set(made.number, made);
  for (const line of made.lines) {
    if (line.open > 0) state.stocks.get(stockKey(at.warehouseId, line.sku))!.open.add(made.number);
  }
  if (command.commit) {
    state.lastCommit += 1;
    made.commitOrder = state.lastCommit;
    made.committedAtMs = at.nowMs;
  } else holdUntil(state, made, at.nowMs + what.holdMs);
  return made;
}
