/** An ERP source with events applied and buffered, and its JSON form in state.proto. */
import type { JsonObject } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Source } from "../../src/domain/source.js";
import type { SourceItem } from "../../src/domain/system-state.js";
import { bool, count, count32, erpEvent, text } from "../journal/records/record-arbitraries.js";
import { erpEventJson, json } from "../journal/records/record-json.js";

export function drawnSource(number: number): fc.Arbitrary<SourceItem> {
  return fc
    .record({
      name: text,
      lastEventAtMs: count,
      partitions: fc.uniqueArray(count32, { maxLength: 10 }),
      buffered: fc.uniqueArray(erpEvent, { selector: (event) => event.sequence, maxLength: 3 }),
      // So many events further on that what was remembered of old ones has gone again.
      steps: fc.array(fc.record({ ids: fc.array(text, { maxLength: 3 }), far: bool }), { maxLength: 6 }),
    })
    .map(({ name, lastEventAtMs, partitions, buffered, steps }) => {
      const source = new Source(number, name);
      source.lastEventAtMs = lastEventAtMs;
      for (const partition of partitions) source.partitions.add(partition);
      for (const { ids, far } of steps) {
        if (far) source.applied += 50_000;
        for (const id of ids) source.advance(source.applied + 1, id);
      }
      for (const event of buffered) source.buffer(event);
      return { number, source };
    });
}

export function sourceJson(source: Source): JsonObject {
  return json({
    name: source.name,
    applied: source.applied,
    lastEventAtMs: source.lastEventAtMs,
    partitions: [...source.partitions],
    buffered: [...source.buffered.values()].map(erpEventJson),
    remembered: [...source.rememberedChunks()].map(({ chunk, hashes }) => {
      const littleEndian = Buffer.alloc(hashes.length * 4);
      for (const [index, hash] of hashes.entries()) littleEndian.writeUInt32LE(hash, index * 4);
      return { chunk, hashes: littleEndian.toString("base64") };
    }),
  });
}
