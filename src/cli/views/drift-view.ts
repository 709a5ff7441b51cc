import {
  type Discrepancy,
  DriftCause,
  type DriftRun,
  DriftState,
  type RequestPositionsResponse,
} from "../../client/index.js";
import { formatTime } from "./format.js";
import { renderTable } from "./table.js";

/** What comparisons came to, one a line. */
export function describeDriftRuns(runs: readonly DriftRun[]): string {
  if (runs.length === 0) return "No runs.";
  return renderTable(
    [
      { title: "ENDED" },
      { title: "SOURCE" },
      { title: "RUN" },
      { title: "KIND" },
      { title: "COMPARED", align: "right" },
      { title: "DRIFTED", align: "right" },
      { title: "HEALED", align: "right" },
      { title: "QUARANTINED", align: "right" },
      { title: "DEFERRED", align: "right" },
      { title: "INCOMPARABLE", align: "right" },
      { title: "MISSING", align: "right" },
      { title: "CAUSES" },
    ],
    runs.map((run) => [
      formatTime(run.endTime),
      run.source,
      run.runId,
      run.full ? "full" : "movers",
      run.compared,
      run.drifted,
      run.healed,
      run.quarantined,
      run.deferred,
      run.incomparable,
      `${run.missingHere} here, ${run.missingThere} there`,
      run.causes.map(({ cause, count }) => `${count} ${describeCause(cause, "")}`).join(", ") || "-",
    ]),
  );
}

/** Stocks whose figures differ, one a line. */
export function describeDiscrepancies(discrepancies: readonly Discrepancy[]): string {
  if (discrepancies.length === 0) return "No discrepancies.";
  return renderTable(
    [
      { title: "NUMBER", align: "right" },
      { title: "STATE" },
      { title: "SINCE" },
      { title: "STOCK" },
      { title: "AT", align: "right" },
      { title: "OURS", align: "right" },
      { title: "THEIRS", align: "right" },
      { title: "LIKELY CAUSE" },
      { title: "DECIDED BY" },
    ],
    discrepancies.map((found) => [
      found.number,
      DriftState[found.state] ?? "?",
      formatTime(found.createTime),
      `${found.warehouseId} ${found.sku}`,
      `#${found.asOfSequence}`,
      figures(found.ourOnHand, found.ourUnavailable),
      found.missingThere ? "not told" : figures(found.theirOnHand, found.theirUnavailable),
      describeCause(found.cause, found.causeDetail),
      found.resolveTime === undefined ? "-" : describeDecision(found),
    ]),
  );
}

export function describePositionsRequest({ runId }: RequestPositionsResponse): string {
  return `Asked for as run ${runId}. "holdfast drift runs" shows what it comes to, once the source has reported.`;
}

function figures(onHand: bigint, unavailable: bigint): string {
  return unavailable === 0n ? String(onHand) : `${onHand} (${unavailable} unavailable)`;
}

function describeCause(cause: DriftCause, detail: string): string {
  const name = (DriftCause[cause] ?? "?").toLowerCase().replaceAll("_", " ");
  return detail === "" ? name : `${name}: ${detail}`;
}

function describeDecision({ resolveActor, resolveReason, resolveTime }: Discrepancy): string {
  const by = resolveActor === "" ? formatTime(resolveTime) : resolveActor;
  return resolveReason === "" ? by : `${by}: ${resolveReason}`;
}
