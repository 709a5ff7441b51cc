import { type AtRiskLine, ReservationState } from "../../client/index.js";
import { formatTime } from "./format.js";
import { renderTable } from "./table.js";

/** Order lines that are not covered, one a line. */
export function describeAtRisk(lines: readonly AtRiskLine[]): string {
  if (lines.length === 0) return "Nothing is at risk.";
  return renderTable(
    [
      { title: "WAREHOUSE" },
      { title: "SKU" },
      { title: "RESERVATION" },
      { title: "STATE" },
      { title: "DEALER" },
      { title: "ORDER" },
      { title: "UNITS", align: "right" },
      { title: "SHORT BY", align: "right" },
      { title: "SINCE" },
    ],
    lines.map((line) => [
      line.warehouseId,
      line.sku,
      line.reservationId,
      describeLineState(line),
      line.dealerId,
      line.orderId,
      line.quantity,
      line.shortBy,
      formatTime(line.since),
    ]),
  );
}

function describeLineState({ state, provisional, kept }: AtRiskLine): string {
  const marks = [...(provisional ? ["provisional"] : []), ...(kept ? ["kept"] : [])];
  const name = ReservationState[state] ?? "?";
  return marks.length === 0 ? name : `${name} (${marks.join(", ")})`;
}
