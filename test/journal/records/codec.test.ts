/** The hand-made record codec against protobuf-es, which knows nothing of it but the .proto files. */
import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { JournalRecord } from "../../../src/domain/event.js";
import { BlockBodySchema } from "../../../src/gen/holdfast/journal/v1/record_pb.js";
import { readRecords } from "../../../src/journal/records/record-reader.js";
import { writeRecord } from "../../../src/journal/records/record-writer.js";
import { WireError, WireWriter } from "../../../src/journal/records/wire.js";
import { chosenSeed } from "../seeded-random.js";
import { anyEvent, EVENTS, recordOf } from "./record-arbitraries.js";
import { recordJson } from "./record-json.js";

const seed = chosenSeed() | 0;
const kinds = Object.keys(EVENTS) as (keyof typeof EVENTS)[];

/** From a small buffer, so that it has to grow. */
function encode(records: readonly JournalRecord[]): Uint8Array {
  const writer = new WireWriter(16);
  for (const record of records) writeRecord(writer, record);
  return writer.bytes();
}

function decode(bytes: Uint8Array): readonly JournalRecord[] {
  return [...readRecords(bytes)];
}

function message(records: readonly JournalRecord[]) {
  return fromJson(BlockBodySchema, { records: records.map(recordJson) });
}

describe.each(kinds)("a record of %s", (kind) => {
  const record = recordOf(EVENTS[kind]);

  test("as written here is what protobuf-es reads, and what is read here again", () => {
    fc.assert(
      fc.property(record, (written) => {
        const bytes = encode([written]);
        expect(toJson(BlockBodySchema, fromBinary(BlockBodySchema, bytes))).toEqual(
          toJson(BlockBodySchema, message([written])),
        );
        expect(decode(bytes)).toEqual([written]);
      }),
      { seed, numRuns: 150 },
    );
  });

  test("as protobuf-es writes it is what is read here", () => {
    fc.assert(
      fc.property(record, (written) => {
        expect(decode(toBinary(BlockBodySchema, message([written])))).toEqual([written]);
      }),
      { seed, numRuns: 150 },
    );
  });
});

describe("a block's body", () => {
  it("holds its records in their order, whatever their number and size", () => {
    fc.assert(
      fc.property(fc.array(recordOf(anyEvent), { maxLength: 12 }), (records) => {
        const bytes = encode(records);
        expect(decode(bytes)).toEqual(records);
        expect(toBinary(BlockBodySchema, fromBinary(BlockBodySchema, bytes))).toHaveLength(bytes.length);
      }),
      { seed, numRuns: 100 },
    );
  });

  it("of more than 16 KiB and more than 2 MiB needs longer lengths, which are moved into place", () => {
    for (const lines of [1_000, 200_000]) {
      const records: JournalRecord[] = [
        {
          partition: 1,
          epoch: 1,
          sequence: 1,
          timeMs: 1,
          events: [
            {
              kind: "ReservationCommitted",
              reservation: 1,
              quantities: Array.from({ length: lines }, (_, index) => 2 ** 40 + index * lines),
              provisional: false,
            },
          ],
        },
      ];
      const bytes = encode(records);
      expect(bytes.length).toBeGreaterThan(lines * 6);
      expect(decode(bytes)).toEqual(records);
      expect(toBinary(BlockBodySchema, message(records))).toEqual(new Uint8Array(bytes));
    }
  });

  it("says no SKU where the stock is known", () => {
    const line = { stock: 3, sku: "A", requested: 2, granted: 1 };
    const event = { kind: "ReservationMade", reservation: 1, epoch: 1, dealerId: "D", orderId: "O" } as const;
    const made = { ...event, lines: [line], expiresAtMs: 5, provisional: false };
    const bytes = encode([{ partition: 1, epoch: 1, sequence: 1, timeMs: 1, events: [made] }]);
    expect(decode(bytes)[0]!.events).toEqual([{ ...made, lines: [{ ...line, sku: "" }] }]);
  });
});

/** Decodes bytes that are no body; only the two errors that callers know of may come out. */
function decodeHostile(bytes: Uint8Array): "read" | "refused" {
  try {
    decode(bytes);
    return "read";
  } catch (cause) {
    if (cause instanceof WireError || cause instanceof RangeError) return "refused";
    throw cause;
  }
}

describe("bytes that nobody wrote", () => {
  test("a record cut anywhere inside is refused", () => {
    fc.assert(
      fc.property(recordOf(anyEvent), (record) => {
        const bytes = Uint8Array.from(encode([record]));
        const step = Math.max(1, Math.floor(bytes.length / 60));
        for (let length = 1; length < bytes.length; length += step) {
          expect(decodeHostile(bytes.subarray(0, length)), `cut at ${length}`).toBe("refused");
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test("random bytes, and records with a byte changed, end in a value or a named error", () => {
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        recordOf(anyEvent),
        fc.nat(),
        fc.nat(255),
        (noise, record, at, byte) => {
          seen[decodeHostile(noise)] += 1;
          const bytes = Uint8Array.from(encode([record]));
          bytes[at % bytes.length] = byte;
          seen[decodeHostile(bytes)] += 1;
        },
      ),
      { seed, numRuns: 2_000 },
    );
    expect(seen.refused).toBeGreaterThan(100);
    expect(seen.read).toBeGreaterThan(100);
  });

  const record = (...event: number[]) => Uint8Array.from([0x0a, event.length + 2, 0x2a, event.length, ...event]);

  test.each([
    ["a number without an end", Uint8Array.from([0x0a, 0x80])],
    ["a number of more than ten bytes", Uint8Array.from([0x08, ...new Array(11).fill(0xff), 0x01])],
    ["a field that is longer than its message", Uint8Array.from([0x0a, 0x05, 0x08, 0x01])],
    ["a fixed field that runs over the end", Uint8Array.from([0x11, 0x01, 0x02])],
    ["a group", Uint8Array.from([0x13, 0x14])],
    ["field number 0", Uint8Array.from([0x00, 0x00])],
    ["an event without content", record()],
    ["an event of a newer version", record(0x9a, 0x06, 0x00)],
    ["packed quantities whose last number runs into the next field", record(0x3a, 0x05, 0x08, 0x01, 0x12, 0x01, 0x80)],
    [
      "packed quantities that end in the middle of a number",
      record(0x3a, 0x08, 0x08, 0x01, 0x12, 0x01, 0x80, 0x18, 0x18, 0x01),
    ],
    ["a number where a text belongs", record(0x0a, 0x02, 0x10, 0x01)],
    ["a release for a reason that is unknown", record(0x42, 0x04, 0x08, 0x01, 0x18, 0x63)],
  ])("%s is refused", (_, bytes) => {
    expect(decodeHostile(bytes)).toBe("refused");
  });
});
