import type { DispatchException } from "../../client/index.js";
import { describeEventBody, describeEventStock, nameEvent } from "./event-view.js";
import { formatTime } from "./format.js";
import { renderTable } from "./table.js";

/** Dispatches that matched nothing, one a line. */
export function describeDispatchExceptions(exceptions: readonly DispatchException[]): string {
  if (exceptions.length === 0) return "No dispatch exceptions.";
  return renderTable(
    [
      { title: "NUMBER", align: "right" },
      { title: "SINCE" },
      { title: "EVENT" },
      { title: "STOCK" },
      { title: "WHAT" },
      { title: "UNMATCHED", align: "right" },
      { title: "ATTACHED", align: "right" },
      { title: "WHY" },
    ],
    exceptions.map(({ number, createTime, event, quantity, attached, reason }) => [
      number,
      formatTime(createTime),
      nameEvent(event),
      event === undefined ? "-" : describeEventStock(event),
      event === undefined ? "-" : describeEventBody(event),
      quantity,
      attached,
      reason,
    ]),
  );
}
