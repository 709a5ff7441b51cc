/**
 * Bounds on repeated fields before a message is decoded: an empty element takes two bytes on the wire and a hundred in memory,
 * so a message within the receive limit could otherwise take half a second and a quarter of a gigabyte.
 */
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { EDGE_LIMITS } from "../limits.js";

/** Numbers of the fields whose every element has a tag of its own. */
const REPEATED = new WeakMap<DescMessage, ReadonlySet<number>>();

/**
 * The same bytes, less what is beyond the bound: of each repeated field one element more than is ever allowed is left, so that
 * the check of the fields refuses the message by the field's name. What is no message at all is left to the decoder.
 */
export function withinElementBounds(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  // Every element takes two bytes at least: the messages of every day are not looked at.
  if (bytes.byteLength <= 2 * EDGE_LIMITS.elementsMax) return bytes;
  const repeated = repeatedFields(schema);
  if (repeated.size === 0) return bytes;
  const reader = new BinaryReader(bytes);
  const counts = new Map<number, number>();
  const kept: Uint8Array[] = [];
  let keptTo = 0;
  try {
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [number, wireType] = reader.tag();
      if (wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number);
        continue;
      }
      // What skip would do, without a view of each element.
      const length = reader.uint32();
      reader.pos += length;
      if (!repeated.has(number)) continue;
      const count = (counts.get(number) ?? 0) + 1;
      counts.set(number, count);
      if (count <= EDGE_LIMITS.elementsMax + 1) continue;
      if (keptTo < start) kept.push(bytes.subarray(keptTo, start));
      keptTo = reader.pos;
    }
  } catch {
    return bytes;
  }
  return kept.length === 0 || reader.pos > reader.len ? bytes : Buffer.concat([...kept, bytes.subarray(keptTo)]);
}

function repeatedFields(schema: DescMessage): ReadonlySet<number> {
  let numbers = REPEATED.get(schema);
  if (numbers === undefined) {
    const lists = schema.fields.filter((field) => field.fieldKind === "list" && field.listKind !== "enum");
    numbers = new Set(lists.map((field) => field.number));
    REPEATED.set(schema, numbers);
  }
  return numbers;
}
