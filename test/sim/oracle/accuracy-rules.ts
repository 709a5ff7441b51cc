/** Reservation accuracy (P15): which committed units ended when and how. What a dealer cancels is neither kept nor failed. */
import type { ReleaseReason } from "../../../src/domain/reservation.js";
import type { ModelLine, ModelReservation, ModelState } from "./model-state.js";

const WINDOWS = [
  { windowMs: 3_600_000, spanMs: 60_000 },
  { windowMs: 86_400_000, spanMs: 900_000 },
  { windowMs: 604_800_000, spanMs: 3_600_000 },
] as const;

type At = { readonly nowMs: number };

/** Committed units of a line left, or came back where `units` is negative. */
export function countFulfilled(
  state: ModelState,
  { warehouseId }: ModelReservation,
  { sku }: ModelLine,
  { units, nowMs }: At & { readonly units: number },
): void {
  count(state, { atMs: nowMs, warehouseId, sku, fulfilled: units, failed: 0 });
}

/** Units of a line are about to be released: they failed if the warehouse could not send them. */
export function countFailed(
  state: ModelState,
  reservation: ModelReservation,
  line: ModelLine,
  { units, reason, nowMs }: At & { readonly units: number; readonly reason: ReleaseReason },
): void {
  if (reservation.state !== "COMMITTED" || (reason !== "DISPATCH_FAILED" && !line.atRisk)) return;
  const { warehouseId } = reservation;
  count(state, { atMs: nowMs, warehouseId, sku: line.sku, fulfilled: 0, failed: units });
}

function count(state: ModelState, ended: ModelState["ended"][number]): void {
  if (ended.fulfilled === 0 && ended.failed === 0) return;
  (state as { ended: ModelState["ended"] }).ended = [...state.ended, ended];
}

/** Sums over the last hour, day and week, to the minute, the quarter and the hour. */
export function endedWithin(state: ModelState, at: { readonly warehouseId: string; readonly sku: string } & At) {
  const meant = state.ended.filter(
    ({ warehouseId, sku }) =>
      (at.warehouseId === "" || warehouseId === at.warehouseId) && (at.sku === "" || sku === at.sku),
  );
  return WINDOWS.map(({ windowMs, spanMs }) => {
    const spanOf = (ms: number) => Math.floor(ms / spanMs);
    const within = meant.filter(({ atMs }) => spanOf(atMs) > spanOf(at.nowMs) - windowMs / spanMs);
    const sum = (figure: "fulfilled" | "failed") => within.reduce((total, ended) => total + ended[figure], 0);
    return { windowMs, fulfilled: sum("fulfilled"), failed: sum("failed") };
  });
}
