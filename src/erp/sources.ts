/** ERP feeds as operations people see them: put with warehouses and thresholds, read, and a gap passed over that will not be filled. */
import { decodePageToken, encodePageToken, invalidPageToken } from "../actor/page-token.js";
import { overloaded } from "../actor/refusals.js";
import type { Turn } from "../actor/turn.js";
import type { ErpOperationAnswers, GetSource, ListSources, PutSource, SkipGap } from "../domain/erp-operations.js";
import { type Refusal, refusal } from "../domain/refusal.js";
import type { Source, SourceThresholds } from "../domain/source.js";
import type { SourceView } from "../domain/source-view.js";
import { LIMITS } from "../limits.js";
import type { SourceLinks } from "./source-links.js";
import type { SourceUpkeep } from "./source-upkeep.js";
import { viewSource } from "./view-source.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

/** What the handlers need beside the turn. */
export interface SourceTools {
  readonly links: SourceLinks;
  readonly upkeep: SourceUpkeep;
}

const TOKEN = "sources";

/** Registers a source or changes it; the same again changes nothing. Its warehouses come into being when they are named first. */
export function putSource(turn: Turn, command: PutSource, { links }: SourceTools): Result<SourceView> {
  const { source: name, warehouseIds, thresholds, attribution } = command;
  const { sources, warehouses } = turn.system.tables;
  const known = turn.system.source(name);
  if (known === undefined && sources.count >= LIMITS.sourcesMax) return { refusal: overloaded("table of sources") };
  const unseen = warehouseIds.filter((warehouseId) => turn.system.partition(warehouseId) === undefined);
  if (warehouses.count + unseen.length > LIMITS.warehousesMax) return { refusal: overloaded("table of warehouses") };
  for (const warehouseId of unseen) turn.openWarehouse(warehouseId);
  if (known === undefined || !isPut(known, command)) {
    turn.recordSystem([{ kind: "SourcePut", source: name, warehouseIds, thresholds, attribution }]);
  }
  return { answer: viewSource(turn.system, links, name, turn.nowMs) };
}

function isPut(source: Source, { warehouseIds, thresholds }: PutSource): boolean {
  const sameWarehouses =
    source.warehouseIds.length === warehouseIds.length &&
    warehouseIds.every((warehouseId, index) => source.warehouseIds[index] === warehouseId);
  return sameWarehouses && sameThresholds(source.thresholds, thresholds);
}

function sameThresholds(a: SourceThresholds, b: SourceThresholds): boolean {
  return (
    a.laggingAfterMs === b.laggingAfterMs &&
    a.staleAfterMs === b.staleAfterMs &&
    a.gapWaitMs === b.gapWaitMs &&
    a.gapPolicy === b.gapPolicy
  );
}

/** A source is known once it was put, or has spoken. */
export function getSource(turn: Turn, { source: name }: GetSource, { links }: SourceTools): Result<SourceView> {
  if (turn.system.source(name) === undefined && links.lastHeardMs(name) === 0) {
    return { refusal: sourceNotFound(name) };
  }
  return { answer: viewSource(turn.system, links, name, turn.nowMs) };
}

/** The sources that were put or sent an event, in the order in which they first did. */
export function listSources(
  turn: Turn,
  command: ListSources,
  { links }: SourceTools,
): Result<ErpOperationAnswers["ListSources"]> {
  const start = command.pageToken === "" ? [1] : decodePageToken(TOKEN, command.pageToken, 1);
  if (start === undefined || start[0]! < 1) return { refusal: invalidPageToken() };
  const { sources } = turn.system.tables;
  const views: SourceView[] = [];
  let bytes = 0;
  let number = start[0]!;
  for (; number <= sources.count; number++) {
    if (views.length === command.pageSize || bytes >= LIMITS.pageBytesMax) break;
    const { source } = sources.get(number)!;
    views.push(viewSource(turn.system, links, source.name, turn.nowMs));
    bytes += viewBytes(source);
  }
  const nextPageToken = number > sources.count ? "" : encodePageToken(TOKEN, [number]);
  return { answer: { sources: views, nextPageToken } };
}

/** All gaps, times and thresholds. */
const VIEW_BYTES = LIMITS.missingRangesMax * 24 + 200;

/** The most bytes that a source takes in an answer: a UTF-16 unit is at most three bytes of UTF-8. */
function viewBytes({ name, warehouseIds }: Source): number {
  return VIEW_BYTES + [name, ...warehouseIds].reduce((sum, { length }) => sum + length * 3 + 3, 0);
}

/** Passes over what a source did not send, up to a sequence; what was passed over before is answered and changes nothing. */
export function skipGap(
  turn: Turn,
  { source: name, last, attribution }: SkipGap,
  { links, upkeep }: SourceTools,
): Result<ErpOperationAnswers["SkipGap"]> {
  const known = turn.system.source(name);
  if (known === undefined && links.lastHeardMs(name) === 0) return { refusal: sourceNotFound(name) };
  const { appliedSequence, gaps } = viewSource(turn.system, links, name, turn.nowMs);
  if (last <= appliedSequence) return { answer: { appliedSequence, skipped: undefined } };
  const [gap] = gaps;
  if (gap === undefined || last > gap.last) return { refusal: noGap(name, last, { appliedSequence, gap }) };
  if (known === undefined && turn.system.tables.sources.count >= LIMITS.sourcesMax) {
    return { refusal: overloaded("table of sources") };
  }
  const skipped = { first: gap.first, last };
  upkeep.passOver(turn, name, skipped, attribution);
  return { answer: { appliedSequence: turn.system.source(name)!.applied, skipped } };
}

export function sourceNotFound(name: string): Refusal {
  return refusal("SOURCE_NOT_FOUND", `There is no source ${name}.`, { metadata: { source: name } });
}

function noGap(
  name: string,
  last: number,
  { appliedSequence, gap }: { readonly appliedSequence: number; readonly gap: SourceView["gaps"][number] | undefined },
): Refusal {
  const missing = gap === undefined ? "nothing is known to be missing" : `what is missing ends at ${gap.last}`;
  return refusal("NO_GAP", `Source ${name} cannot be skipped to ${last}: ${missing}.`, {
    metadata: {
      source: name,
      last: String(last),
      applied_sequence: String(appliedSequence),
      ...(gap === undefined ? {} : { gap_first: String(gap.first), gap_last: String(gap.last) }),
    },
  });
}
