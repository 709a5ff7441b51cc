/** An ERP source with events applied and buffered, and its JSON form in state.proto. */
import type { JsonObject } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Source } from "../../src/domain/source.js";
import type { SourceItem } from "../../src/domain/system-state.js";
import {
  bool,
  count,
  count32,
  erpEvent,
  sourceThresholds,
  text,
  warehouseIds,
} from "../journal/records/record-arbitraries.js";
import { erpEventJson, json, sourcePutJson } from "../journal/records/record-json.js";

export function drawnSource(number: number): fc.Arbitrary<SourceItem> {
  return fc
    .record({
      name: text,
      lastEventAtMs: count,
      partitions: fc.uniqueArray(fc.tuple(count32, count), { selector: ([partition]) => partition, maxLength: 10 }),
      buffered: fc.uniqueArray(fc.tuple(erpEvent, count), { selector: ([event]) => event.sequence, maxLength: 3 }),
      // So many events further on that what was remembered of old ones has gone again.
      steps: fc.array(fc.record({ ids: fc.array(text, { maxLength: 3 }), far: bool, skipped: fc.nat(3) }), {
        maxLength: 6,
      }),
      warehouseIds,
      thresholds: sourceThresholds,
      staleSinceMs: count,
    })
    .map(({ name, lastEventAtMs, partitions, buffered, steps, ...said }) => {
      const source = new Source(number, name);
      source.lastEventAtMs = lastEventAtMs;
      for (const [partition, stocks] of partitions) source.loadStocks(partition, stocks);
      for (const { ids, far, skipped } of steps) {
        if (far) source.applied += 50_000;
        for (const id of ids) source.advance(source.applied + 1, id);
        if (skipped > 0) source.skip({ first: source.applied + 1, last: source.applied + skipped });
      }
      for (const [event, atMs] of buffered) source.buffer(event, atMs);
      return { number, source: Object.assign(source, said) };
    });
}

export function sourceJson(source: Source): JsonObject {
  const isPut = source.warehouseIds.length > 0 || Object.keys(source.thresholds).length > 0;
  return json({
    name: source.name,
    applied: source.applied,
    lastEventAtMs: source.lastEventAtMs,
    partitions: [...source.stocks.keys()],
    stocks: [...source.stocks.values()],
    buffered: [...source.buffered.values()].map(erpEventJson),
    remembered: [...source.rememberedChunks()].map(({ chunk, hashes }) => {
      const littleEndian = Buffer.alloc(hashes.length * 4);
      for (const [index, hash] of hashes.entries()) littleEndian.writeUInt32LE(hash, index * 4);
      return { chunk, hashes: littleEndian.toString("base64") };
    }),
    put: isPut ? sourcePutJson(source) : undefined,
    staleSinceMs: source.staleSinceMs,
    bufferedAtMs: [...source.buffered.keys()].map((sequence) => source.bufferedAtMs(sequence)),
    skipped: source.skipped.runs.flatMap(({ first, last }) => [first, last]),
  });
}
