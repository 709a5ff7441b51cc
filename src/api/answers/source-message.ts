import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { SourceThresholds } from "../../domain/source.js";
import type { SourceView } from "../../domain/source-view.js";
import { SourceState } from "../../gen/holdfast/v1/erp_service_pb.js";
import { GapPolicy, type Source, SourceSchema, type SourceThresholdsSchema } from "../../gen/holdfast/v1/source_pb.js";
import { timestamp } from "./messages.js";

/** A source as it was put and as it stands. */
export function sourceMessage(view: SourceView): Source {
  const time = (ms: number) => (ms === 0 ? undefined : timestamp(ms));
  return create(SourceSchema, {
    source: view.source,
    warehouseIds: [...view.warehouseIds],
    thresholds: thresholdsMessage(view.thresholds),
    effectiveThresholds: thresholdsMessage(view.effectiveThresholds),
    state: SourceState[view.state],
    appliedSequence: BigInt(view.appliedSequence),
    gaps: view.gaps.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })),
    gapSince: time(view.gapSinceMs),
    lastEventTime: time(view.lastHeardMs),
    staleSince: time(view.staleSinceMs),
  });
}

function thresholdsMessage(thresholds: SourceThresholds): MessageInitShape<typeof SourceThresholdsSchema> {
  const span = (ms: number | undefined) => (ms === undefined ? undefined : durationFromMs(ms));
  return {
    laggingAfter: span(thresholds.laggingAfterMs),
    staleAfter: span(thresholds.staleAfterMs),
    gapWait: span(thresholds.gapWaitMs),
    gapPolicy: thresholds.gapPolicy === undefined ? GapPolicy.UNSPECIFIED : GapPolicy[thresholds.gapPolicy],
  };
}
