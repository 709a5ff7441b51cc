/** The measures of a healthy sync that come from the journal (P15): accuracy, and what waits for a person. Latencies are of a process. */
import type { GetSyncHealth } from "../../../src/domain/sync-health.js";
import { endedWithin } from "./accuracy-rules.js";
import { exceptionsOf } from "./exception-rules.js";
import { feeds, gapSinceMs } from "./link-rules.js";
import { isOpen, type ModelReservation, type ModelState } from "./model-state.js";
import { effectivePolicy } from "./policy-rules.js";
import { refused } from "./refused.js";
import type { Expected, HealthPicture } from "./request.js";
import { pictureOf } from "./source-rules.js";
import { excess, openAt } from "./stock-rules.js";

export function getSyncHealth(state: ModelState, nowMs: number, { warehouseId, sku }: GetSyncHealth): Expected {
  if (warehouseId !== "" && !state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const warehouses = warehouseId === "" ? [...state.warehouses] : [warehouseId];
  const isMeant = (one: { readonly warehouseId: string }) => warehouses.includes(one.warehouseId);
  const committed = [...state.reservations.values()].filter((one) => isMeant(one) && one.state === "COMMITTED");
  const provisional = committed.filter((one) => one.provisional);
  const sources = [...state.sources.values()]
    .filter((source) => source.place > 0 && (warehouseId === "" || feeds(state, source).has(warehouseId)))
    .sort((one, other) => one.place - other.place);
  const gapAges = sources.map(gapSinceMs).flatMap((sinceMs) => (sinceMs === 0 ? [] : [nowMs - sinceMs]));
  const ofSku = committed.filter((one) => openOf(one, sku) > 0);
  const oldestMs = Math.min(nowMs, ...ofSku.map((one) => one.committedAtMs));
  const health: HealthPicture = {
    accuracy: endedWithin(state, { warehouseId, sku, nowMs }),
    openUnits: ofSku.reduce((sum, one) => sum + openOf(one, sku), 0),
    oldestOpenMs: nowMs - oldestMs,
    sources: sources.map((source) => pictureOf(state, source, nowMs)),
    gaps: gapAges.length,
    oldestGapMs: Math.max(0, ...gapAges),
    provisionalOrders: provisional.length,
    oldestProvisionalMs: nowMs - Math.min(nowMs, ...provisional.map((one) => one.committedAtMs)),
    atRiskUnits: warehouses.reduce((sum, each) => sum + uncovered(state, each), 0),
    deadLetters: [...state.deadLetters.values()].filter((letter) => letter.state === "OPEN").length,
    dispatchExceptions: warehouses
      .flatMap((each) => exceptionsOf(state, each, ""))
      .filter(({ attached, quantity }) => attached < quantity).length,
    overdueCommittedUnits: committed.reduce((sum, one) => sum + overdueUnits(state, one, nowMs), 0),
    holdsPastDeadline: 0,
    quarantinedStocks: 0,
  };
  return { kind: "answered", answer: { kind: "health", health } };
}

function openOf(reservation: ModelReservation, sku: string): number {
  if (sku !== "") return openAt(reservation, sku);
  return reservation.lines.reduce((sum, line) => sum + line.open, 0);
}

function overdueUnits(state: ModelState, reservation: ModelReservation, nowMs: number): number {
  const { warehouseId, committedAtMs } = reservation;
  const { commitOverdueAfterMs } = effectivePolicy(state, { warehouseId, sku: "", dealerId: "" });
  return committedAtMs < nowMs - commitOverdueAfterMs ? openOf(reservation, "") : 0;
}

/** Promised units of dealers that what is there does not cover. */
function uncovered(state: ModelState, warehouseId: string): number {
  let units = 0;
  for (const stock of state.stocks.values()) {
    if (stock.warehouseId !== warehouseId) continue;
    const owners = [...stock.open].map((number) => state.reservations.get(number)!).filter(isOpen);
    const promised = owners.reduce((sum, one) => sum + openAt(one, stock.sku), 0);
    // What is allocated elsewhere is served first, but is nobody's here.
    units += Math.max(0, Math.min(promised, excess(state, stock)));
  }
  return units;
}
