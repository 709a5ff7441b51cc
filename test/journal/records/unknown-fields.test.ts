/** A record of a newer version that only says more than we know: what we know of it is read as ever, wherever the rest stands. */
import { type DescMessage, fromJson, type Message, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventSchema } from "../../../src/gen/holdfast/journal/v1/event_pb.js";
import { BlockBodySchema } from "../../../src/gen/holdfast/journal/v1/record_pb.js";
import { readRecords } from "../../../src/journal/records/record-reader.js";
import { chosenSeed } from "../seeded-random.js";
import { EVENTS, recordOf } from "./record-arbitraries.js";
import { recordJson } from "./record-json.js";

const UNKNOWN_FIELD = 1_900;
const unknown = [
  { no: UNKNOWN_FIELD, wireType: WireType.Varint, data: Uint8Array.of(0x96, 0x01) },
  { no: UNKNOWN_FIELD + 1, wireType: WireType.Bit64, data: new Uint8Array(8).fill(0xff) },
  { no: UNKNOWN_FIELD + 2, wireType: WireType.LengthDelimited, data: Uint8Array.of(3, 0x08, 0x80, 0x00) },
  { no: UNKNOWN_FIELD + 3, wireType: WireType.Bit32, data: new Uint8Array(4) },
];

/** Adds the unknown fields to a message and to all within it; answers with how many messages that were. */
function sayMore(schema: DescMessage, message: Message): number {
  let told = 0;
  // An event whose kind is unknown is another matter: it is refused, as nothing may be left out.
  if (schema.typeName !== EventSchema.typeName) {
    message.$unknown = unknown;
    told += 1;
  }
  const reflected = reflect(schema, message);
  for (const field of reflected.fields) {
    if (!reflected.isSet(field)) continue;
    if (field.fieldKind === "message") told += sayMore(field.message, reflected.get(field).message);
    if (field.fieldKind === "list" && field.listKind === "message") {
      for (const item of reflected.get(field)) told += sayMore(field.message, (item as { message: Message }).message);
    }
  }
  return told;
}

describe.each(Object.keys(EVENTS) as (keyof typeof EVENTS)[])("a record of %s", (kind) => {
  test("is read the same with fields of every wire type that nobody knows in each of its messages", () => {
    const seed = chosenSeed() | 0;
    fc.assert(
      fc.property(recordOf(EVENTS[kind]), (record) => {
        const body = fromJson(BlockBodySchema, { records: [recordJson(record)] });
        expect(sayMore(BlockBodySchema, body)).toBeGreaterThan(2);
        expect([...readRecords(toBinary(BlockBodySchema, body))]).toEqual([record]);
      }),
      { seed, numRuns: 60 },
    );
  });
});
