import {
  FreshnessState,
  type Reservation,
  ReservationState,
  ReserveOutcome,
  type ReserveResponse,
  type Shortage,
  ShortageReason,
} from "../../client/index.js";
import { describeFreshness } from "./availability-view.js";
import { formatTime } from "./format.js";
import { renderPairs, renderTable } from "./table.js";

/** A reservation with its lines. */
export function describeReservation(reservation: Reservation | undefined): string {
  if (reservation === undefined) return "";
  const { dealerId, orderId, warehouseId, lines, createTime, updateTime, expireTime } = reservation;
  const pairs: [string, string][] = [
    ["reservation", reservation.reservationId],
    ["state", describeState(reservation)],
    ["dealer", dealerId],
    ["order", orderId],
    ["warehouse", warehouseId],
    ["created", formatTime(createTime)],
    ["changed", `${formatTime(updateTime)} (revision ${reservation.revision})`],
  ];
  if (expireTime !== undefined) pairs.push(["held until", formatTime(expireTime)]);
  if (reservation.reopenedFrom !== "") pairs.push(["continues", reservation.reopenedFrom]);
  const table = renderTable(
    [{ title: "SKU" }, ...figures("REQUESTED", "RESERVED", "COMMITTED", "DISPATCHED", "RELEASED")],
    lines.map((line) => [line.sku, line.requested, line.reserved, line.committed, line.dispatched, line.released]),
  );
  return `${renderPairs(pairs)}\n\n${table}`;
}

/** Many reservations, one a line. */
export function describeReservations(reservations: readonly Reservation[]): string {
  if (reservations.length === 0) return "No reservations.";
  return renderTable(
    [
      { title: "RESERVATION" },
      { title: "STATE" },
      { title: "ORDER" },
      { title: "WAREHOUSE" },
      ...figures("LINES", "OPEN UNITS"),
      { title: "HELD UNTIL" },
    ],
    reservations.map((reservation) => [
      reservation.reservationId,
      describeState(reservation),
      reservation.orderId,
      reservation.warehouseId,
      reservation.lines.length,
      reservation.lines.reduce((sum, { reserved, committed }) => sum + reserved + committed, 0n),
      formatTime(reservation.expireTime),
    ]),
  );
}

/** The answer to a Reserve: what was granted, and what was not. */
export function describeReserveResponse(response: ReserveResponse): string {
  const parts = [ReserveOutcome[response.outcome] ?? "?"];
  if (response.reservation !== undefined) parts.push(describeReservation(response.reservation));
  if (response.shortages.length > 0) parts.push(describeShortages(response.shortages));
  const { freshness } = response;
  if (freshness !== undefined && freshness.state !== FreshnessState.LIVE) parts.push(describeFreshness(freshness));
  return parts.join("\n\n");
}

function describeShortages(shortages: readonly Shortage[]): string {
  return renderTable(
    [{ title: "SHORT OF" }, ...figures("REQUESTED", "AVAILABLE"), { title: "WHY" }],
    shortages.map(({ sku, requested, available, reason }) => [
      sku,
      requested,
      available,
      ShortageReason[reason]?.toLowerCase().replace("_", " ") ?? "?",
    ]),
  );
}

/** The state, with what is doubtful about it. */
export function describeState({ state, provisional, atRisk }: Reservation): string {
  const marks = [...(provisional ? ["provisional"] : []), ...(atRisk ? ["at risk"] : [])];
  const name = ReservationState[state] ?? "?";
  return marks.length === 0 ? name : `${name} (${marks.join(", ")})`;
}

function figures(...titles: string[]): { title: string; align: "right" }[] {
  return titles.map((title) => ({ title, align: "right" }));
}
