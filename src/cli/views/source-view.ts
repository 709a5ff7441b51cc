import { GapPolicy, type SequenceRange, type Source, SourceState, type SourceThresholds } from "../../client/index.js";
import { formatDuration, formatTime } from "./format.js";
import { renderPairs, renderTable } from "./table.js";

/** One source: how it stands, what it feeds, and when it counts as late. */
export function describeSource(source: Source | undefined): string {
  if (source === undefined) return "";
  const pairs: [string, string][] = [
    ["source", source.source],
    ["state", SourceState[source.state] ?? "?"],
    ["applied", `#${source.appliedSequence}`],
    ["missing", describeGaps(source.gaps)],
    ["missing since", formatTime(source.gapSince)],
    ["last heard", formatTime(source.lastEventTime)],
    ["away since", formatTime(source.staleSince)],
    ["warehouses", source.warehouseIds.join(", ") || "as its events name them"],
  ];
  return `${renderPairs(pairs)}\n\n${describeThresholds(source)}`;
}

/** Sources, one a line. */
export function describeSources(sources: readonly Source[]): string {
  if (sources.length === 0) return "No sources.";
  return renderTable(
    [
      { title: "SOURCE" },
      { title: "STATE" },
      { title: "APPLIED", align: "right" },
      { title: "MISSING" },
      { title: "LAST HEARD" },
      { title: "WAREHOUSES" },
    ],
    sources.map(({ source, state, appliedSequence, gaps, lastEventTime, warehouseIds }) => [
      source,
      SourceState[state] ?? "?",
      appliedSequence,
      describeGaps(gaps),
      formatTime(lastEventTime),
      warehouseIds.join(", ") || "-",
    ]),
  );
}

/** Sequences as people write them: 3 to 4, 7. */
export function describeGaps(gaps: readonly SequenceRange[]): string {
  return gaps.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`)).join(", ") || "-";
}

function describeThresholds({ thresholds, effectiveThresholds }: Source): string {
  const row = (title: string, show: (from: SourceThresholds | undefined) => string) => [
    title,
    show(thresholds),
    show(effectiveThresholds),
  ];
  return renderTable(
    [{ title: "THRESHOLD" }, { title: "PUT" }, { title: "IN EFFECT" }],
    [
      row("lagging after", (from) => formatDuration(from?.laggingAfter)),
      row("stale after", (from) => formatDuration(from?.staleAfter)),
      row("gap wait", (from) => formatDuration(from?.gapWait)),
      row("gap policy", (from) => describeGapPolicy(from?.gapPolicy)),
    ],
  );
}

function describeGapPolicy(policy: GapPolicy | undefined): string {
  return policy === undefined || policy === GapPolicy.UNSPECIFIED ? "-" : (GapPolicy[policy]?.toLowerCase() ?? "?");
}
