import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "../../../scripts/bench/load/frame-reader.js";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../../scripts/bench/load/http2-frames.js";
import { MessageReader } from "../../../scripts/bench/load/message-reader.js";

/** Cuts bytes at arbitrary places, and reuses one buffer for all chunks, as a socket does. */
function inChunks(bytes: Buffer, cuts: readonly number[], read: (chunk: Buffer) => void): void {
  const reused = Buffer.alloc(bytes.length);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    bytes.copy(reused, 0, from, to);
    read(reused.subarray(0, to - from));
    reused.fill(0xee);
    from = to;
  }
}

const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
const cuts = fc.array(fc.nat(), { maxLength: 12 });

test("frames come out whole and in order, however the bytes are cut", () => {
  fc.assert(
    fc.property(payloads, cuts, (contents, places) => {
      const frames = contents.map((payload, index) => {
        const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
        writeFrameHeader(frame, 0, { payloadBytes: payload.length, type: 1, flags: 4, streamId: index * 2 + 1 });
        frame.set(payload, FRAME_HEADER_BYTES);
        return frame;
      });
      const read: unknown[] = [];
      const reader = new FrameReader((type, flags, streamId, bytes, { start, end }) => {
        read.push({ type, flags, streamId, payload: [...bytes.subarray(start, end)] });
      });
      inChunks(Buffer.concat(frames), places, (chunk) => reader.read(chunk));
      const expected = contents.map((payload, index) => ({
        type: 1,
        flags: 4,
        streamId: index * 2 + 1,
        payload: [...payload],
      }));
      expect(read).toEqual(expected);
    }),
  );
});

test("a frame of the largest size keeps its length", () => {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + 16_384);
  writeFrameHeader(frame, 0, { payloadBytes: 16_384, type: 0, flags: 0, streamId: 2 ** 31 - 1 });
  const lengths: number[] = [];
  new FrameReader((_type, _flags, streamId, _bytes, { start, end }) => lengths.push(end - start, streamId)).read(frame);
  expect(lengths).toEqual([16_384, 2 ** 31 - 1]);
});

test("messages come out whole and in order, however the data is cut", () => {
  fc.assert(
    fc.property(payloads, cuts, (contents, places) => {
      const data = contents.map((payload) => {
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(payload.length, 1);
        return Buffer.concat([prefix, payload]);
      });
      const read: number[][] = [];
      const reader = new MessageReader((bytes, start, end) => read.push([...bytes.subarray(start, end)]));
      inChunks(Buffer.concat(data), places, (chunk) => reader.read(chunk, 0, chunk.length));
      expect(read).toEqual(contents.map((payload) => [...payload]));
      expect(reader.isBetweenMessages).toBe(true);
    }),
  );
});

test("a message that is not complete yet is told from one that is", () => {
  const reader = new MessageReader(() => {});
  reader.read(Buffer.from([0, 0, 0, 0, 2, 1]), 0, 6);
  expect(reader.isBetweenMessages).toBe(false);
});

test("a compressed message is refused", () => {
  const reader = new MessageReader(() => {});
  expect(() => reader.read(Buffer.from([1, 0, 0, 0, 0]), 0, 5)).toThrow("compressed");
});
