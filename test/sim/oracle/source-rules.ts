/** Sources as operations people put and see them (docs/api.md, Sources). */
import type { GetSource, MoveStockSource, PutSource, SkipGap } from "../../../src/domain/erp-operations.js";
import type { ErpContext } from "./erp-rules.js";
import { freshnessOfSource } from "./freshness-rules.js";
import { gapSinceMs, gaps, show, thresholdsOf } from "./link-rules.js";
import { type ModelSource, type ModelState, stockKey } from "./model-state.js";
import { refused } from "./refused.js";
import type { Expected, SourcePicture } from "./request.js";
import { known, passOver, sourceNamed } from "./sequence-rules.js";

export function putSource(state: ModelState, nowMs: number, command: PutSource): Expected {
  const source = sourceNamed(state, command.source);
  state.effects += 1;
  known(state, source);
  for (const warehouseId of command.warehouseIds) state.warehouses.add(warehouseId);
  source.warehouseIds = command.warehouseIds;
  source.thresholds = command.thresholds;
  show(state, source);
  return { kind: "answered", answer: { kind: "source", source: pictureOf(state, source, nowMs) } };
}

/** It is known once it was put, or has spoken. */
function find(state: ModelState, name: string): ModelSource | undefined {
  const source = state.sources.get(name);
  return source !== undefined && (source.place > 0 || source.saidAtMs > 0) ? source : undefined;
}

export function getSource(state: ModelState, nowMs: number, { source: name }: GetSource): Expected {
  const source = find(state, name);
  if (source === undefined) return refused("SOURCE_NOT_FOUND");
  return { kind: "answered", answer: { kind: "source", source: pictureOf(state, source, nowMs) } };
}

/** Those that were put or sent an event, in the order in which they first did. */
export function listSources(state: ModelState, nowMs: number): Expected {
  const sources = [...state.sources.values()].filter(({ place }) => place > 0);
  sources.sort((one, other) => one.place - other.place);
  const pictures = sources.map((source) => pictureOf(state, source, nowMs));
  return { kind: "answered", answer: { kind: "sources", sources: pictures } };
}

export function pictureOf(state: ModelState, source: ModelSource, nowMs: number): SourcePicture {
  return {
    source: source.name,
    warehouseIds: source.warehouseIds,
    thresholds: source.thresholds,
    effectiveThresholds: thresholdsOf(state, source),
    said: freshnessOfSource(source, nowMs),
    appliedSequence: source.applied,
    gaps: gaps(source),
    gapSinceMs: gapSinceMs(source),
    lastHeardMs: source.saidAtMs,
    staleSinceMs: source.lostAtMs,
  };
}

export function skipGap(state: ModelState, { source: name, last }: SkipGap, at: ErpContext): Expected {
  const source = find(state, name);
  if (source === undefined) return refused("SOURCE_NOT_FOUND");
  const [gap] = gaps(source);
  let skipped: { readonly first: number; readonly last: number } | undefined;
  if (last > source.applied) {
    if (gap === undefined || last > gap.last) {
      const names = gap === undefined ? [] : [String(gap.first), String(gap.last)];
      return { kind: "refused", reasons: ["NO_GAP"], names };
    }
    skipped = { first: gap.first, last };
    passOver(state, source, skipped, at);
    for (const each of state.sources.values()) show(state, each);
  }
  return { kind: "answered", answer: { kind: "skipped", appliedSequence: source.applied, skipped } };
}

export function moveStockSource(state: ModelState, command: MoveStockSource): Expected {
  const { warehouseId, sku, source: name, fromSequence } = command;
  if (!state.warehouses.has(warehouseId)) return refused("WAREHOUSE_NOT_FOUND");
  const stock = state.stocks.get(stockKey(warehouseId, sku));
  if (stock === undefined) return refused("SKU_NOT_FOUND");
  const source = find(state, name);
  if (source === undefined) return refused("SOURCE_NOT_FOUND");
  const previousSource = stock.source;
  state.effects += 1;
  stock.source = name;
  stock.sourceFrom = fromSequence;
  known(state, source);
  for (const each of state.sources.values()) show(state, each);
  return { kind: "answered", answer: { kind: "moved", source: name, previousSource } };
}
