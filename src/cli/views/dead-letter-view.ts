import { type DeadLetter, DeadLetterState } from "../../client/index.js";
import { describeEventBody, describeEventStock, nameEvent } from "./event-view.js";
import { formatTime } from "./format.js";
import { renderTable } from "./table.js";

/** Events that could not be taken, one a line. */
export function describeDeadLetters(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return "No dead letters.";
  return renderTable(
    [
      { title: "NUMBER", align: "right" },
      { title: "STATE" },
      { title: "SINCE" },
      { title: "EVENT" },
      { title: "STOCK" },
      { title: "WHAT" },
      { title: "WHY NOT" },
    ],
    letters.map(({ number, state, createTime, event, reason }) => [
      number,
      DeadLetterState[state] ?? "?",
      formatTime(createTime),
      nameEvent(event),
      event === undefined ? "-" : describeEventStock(event),
      event === undefined ? "-" : describeEventBody(event),
      reason,
    ]),
  );
}
