/** Orders that are not covered by what is there, for a person to decide about (docs/api.md, At risk). */
import type { ListAtRisk, ResolveAtRisk } from "../../../src/domain/erp-operations.js";
import { countFailed } from "./accuracy-rules.js";
import { changed } from "./ending-rules.js";
import { isOpen, type ModelReservation, type ModelState, picture, stockKey } from "./model-state.js";
import { refused } from "./refused.js";
import type { AtRiskPicture, Expected } from "./request.js";
import { covered } from "./stock-rules.js";

/** By warehouse, in the order in which the reservations were made. */
export function listAtRisk(state: ModelState, { warehouseId, includeKept }: ListAtRisk): Expected {
  if (warehouseId !== "" && !state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const lines: AtRiskPicture[] = [];
  for (const each of state.warehouses) {
    if (warehouseId !== "" && each !== warehouseId) continue;
    for (const reservation of state.reservations.values()) {
      if (reservation.warehouseId !== each || !reservation.atRisk || (reservation.kept && !includeKept)) continue;
      lines.push(...linesOf(state, reservation));
    }
  }
  return { kind: "answered", answer: { kind: "atRisk", lines } };
}

function linesOf(state: ModelState, reservation: ModelReservation): AtRiskPicture[] {
  const shown = picture(reservation);
  return reservation.lines
    .filter((line) => line.atRisk)
    .map(({ sku, open }) => {
      const stock = state.stocks.get(stockKey(reservation.warehouseId, sku))!;
      return {
        reservation: shown,
        sku,
        quantity: open,
        shortBy: open - covered(state, stock).get(reservation.number)!,
      };
    });
}

export function resolveAtRisk(
  state: ModelState,
  at: { readonly nowMs: number; readonly number: number | undefined },
  { resolution }: ResolveAtRisk,
): Expected {
  const reservation = at.number === undefined ? undefined : state.reservations.get(at.number);
  if (reservation === undefined) return refused("RESERVATION_NOT_FOUND");
  const wasReleased =
    !isOpen(reservation) && reservation.state !== "EXPIRED" && reservation.lines.some(({ released }) => released > 0);
  const isRepeat = resolution === "RELEASE" ? wasReleased : reservation.kept;
  if (!isRepeat) {
    if (!reservation.atRisk) return refused("NOT_AT_RISK");
    state.effects += 1;
    if (resolution === "KEEP") reservation.kept = true;
    else release(state, reservation, at.nowMs);
  }
  return { kind: "answered", answer: { kind: "resolved", reservation: picture(reservation) } };
}

function release(state: ModelState, reservation: ModelReservation, nowMs: number): void {
  for (const line of reservation.lines) {
    countFailed(state, reservation, line, { units: line.open, reason: "DISPATCH_FAILED", nowMs });
    line.released += line.open;
    line.open = 0;
  }
  changed(state, [reservation], { nowMs, exact: true }, "RELEASED");
}
