import {
  type AccuracyMeasure,
  type CountMeasure,
  type DurationMeasure,
  type GetSyncHealthResponse,
  HealthLevel,
  type LatencyMeasure,
  type Source,
  SourceState,
} from "../../client/index.js";
import { formatDuration, formatTime } from "./format.js";
import { renderTable } from "./table.js";

/** Sources, then every measure with its level and where that would change. */
export function describeHealth(health: GetSyncHealthResponse): string {
  const parts = [renderTable(MEASURES, measureRows(health))];
  if (health.sources.length > 0) parts.unshift(describeSources(health.sources));
  return parts.join("\n\n");
}

const MEASURES = [
  { title: "MEASURE" },
  { title: "NOW", align: "right" as const },
  { title: "LEVEL" },
  { title: "AMBER", align: "right" as const },
  { title: "RED", align: "right" as const },
];

type Row = readonly [name: string, now: string, level: string, amber: string, red: string];

function measureRows(health: GetSyncHealthResponse): readonly Row[] {
  const level = (value: HealthLevel) => (value === HealthLevel.UNSPECIFIED ? "-" : HealthLevel[value].toLowerCase());
  const latency = (name: string, measure: LatencyMeasure | undefined): Row[] =>
    measure === undefined
      ? []
      : [
          [
            name,
            latencyText(measure),
            level(measure.level),
            formatDuration(measure.amber),
            formatDuration(measure.red),
          ],
        ];
  const count = (name: string, measure: CountMeasure | undefined): Row[] =>
    measure === undefined
      ? []
      : [[name, String(measure.value), level(measure.level), String(measure.amber), String(measure.red)]];
  const age = (name: string, measure: DurationMeasure | undefined): Row[] =>
    measure === undefined
      ? []
      : [
          [
            name,
            formatDuration(measure.value),
            level(measure.level),
            formatDuration(measure.amber),
            formatDuration(measure.red),
          ],
        ];
  return [
    ...latency("happened to applied, p99", health.occurredToApplied),
    ...latency("received to applied, p99", health.receivedToApplied),
    ...latency("ERP's answers, p99", health.erpResponse),
    ...health.accuracy.map((measure): Row => {
      const name = `accuracy over ${formatDuration(measure.window)}`;
      return [name, accuracyText(measure), level(measure.level), percent(measure.amber), percent(measure.red)];
    }),
    ...health.drift.map((measure): Row => {
      const now = measure.perThousand === undefined ? "-" : `${measure.perThousand.toFixed(1)} of 1,000`;
      const name = `drift over ${formatDuration(measure.window)}`;
      return [name, now, level(measure.level), String(measure.amber), String(measure.red)];
    }),
    ...count("gaps", health.gaps),
    ...age("oldest gap", health.oldestGapAge),
    ...count("provisional orders", health.provisionalOrders),
    ...age("oldest provisional order", health.oldestProvisionalAge),
    ...count("units at risk", health.atRiskUnits),
    ...count("dead letters", health.deadLetters),
    ...count("dispatches that matched nothing", health.dispatchExceptions),
    ...count("committed units overdue", health.overdueCommittedUnits),
    ...count("holds past their deadline", health.holdsPastDeadline),
    ...count("stocks in quarantine", health.quarantinedStocks),
  ];
}

function describeSources(sources: readonly Source[]): string {
  return renderTable(
    [{ title: "SOURCE" }, { title: "STATE" }, { title: "LAST HEARD" }, { title: "APPLIED", align: "right" }],
    sources.map(({ source, state, lastEventTime, appliedSequence }) => [
      source,
      SourceState[state],
      lastEventTime === undefined ? "never" : formatTime(lastEventTime),
      appliedSequence,
    ]),
  );
}

function latencyText({ p99, samples }: LatencyMeasure): string {
  return samples === 0n ? "-" : formatDuration(p99);
}

function accuracyText({ ratio, fulfilledUnits, failedUnits }: AccuracyMeasure): string {
  return ratio === undefined ? "-" : `${percent(ratio)} of ${fulfilledUnits + failedUnits}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
